"""The dispatch to flash-linear-attention."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
import torch

from tamsa.errors import ConfigError
from tamsa.kernels.kda import gpu, kda
from tests.kernels.kda.oracle import REGIMES, make_inputs, make_state, named, relative


@pytest.fixture(autouse=True)
def fresh() -> Any:
    gpu._kernels.cache_clear()
    yield
    gpu._kernels.cache_clear()


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fla.ops.kda", None)
    inputs = make_inputs(1, 4, 1, 4, 4)
    with pytest.raises(ConfigError, match=r"cannot import fla\.ops\.kda .*; install tamsa\[gpu\]"):
        gpu.forward(*inputs.values(), 0.5, None, None)


def test_arguments_as_fla_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    def record(name: str) -> Any:
        def run(**arguments: Any) -> Any:
            calls.append((name, arguments))
            return arguments["v"], None

        return run

    module = ModuleType("fla.ops.kda")
    module.chunk_kda, module.fused_recurrent_kda = record("chunk"), record("recurrent")  # type: ignore[attr-defined]
    for name in ("fla", "fla.ops"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "fla.ops.kda", module)
    short, long = make_inputs(1, 4, 1, 4, 4), make_inputs(1, 100, 1, 4, 4)
    gpu.forward(*short.values(), 0.5, None, None)
    gpu.forward(*long.values(), 0.5, None, torch.tensor([0, 50, 100], dtype=torch.int32))
    gpu.forward(*named(short).values(), 0.5, None, None)
    assert [name for name, _ in calls] == ["recurrent", "chunk", "chunk"]
    for _, arguments in calls:
        assert arguments["scale"] == 0.5 and arguments["output_final_state"]
        assert not arguments["use_qk_l2norm_in_kernel"] and "safe_gate" not in arguments
    assert calls[1][1]["cu_seqlens"].dtype == torch.int64


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("regime", REGIMES[:3])
@pytest.mark.parametrize("T", [1, 63, 64, 65, 1000])
def test_gpu_matches_the_fp64_reference(T: int, regime: str) -> None:
    pytest.importorskip("fla", reason="flash-linear-attention is not installed")
    inputs = make_inputs(1, T, 2, 64, 64, regime)
    state = make_state(1, 2, 64, 64)
    expected = named({name: x.double() for name, x in inputs.items()})
    o, final = kda(**expected, initial_state=state.double(), output_final_state=True, backend="chunk")
    ours = named({name: (x.bfloat16() if name in "qkv" else x).cuda() for name, x in inputs.items()})
    p, last = kda(**ours, initial_state=state.cuda(), output_final_state=True, backend="gpu")
    # fla's own tolerances (RMS ratio)
    assert final is not None and last is not None
    assert relative(p.cpu(), o) < 5e-3 and relative(last.cpu(), final) < 5e-3
    o.sum().backward()
    p.sum().backward()
    for name in inputs:
        bound = 2e-2 if name in ("g", "beta") else 8e-3
        assert relative(ours[name].grad.cpu(), expected[name].grad) < bound, name  # type: ignore[union-attr, arg-type]
