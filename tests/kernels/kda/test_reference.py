"""The recurrence and the chunk form against the oracle, against each other and against other people's code."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from tamsa.kernels.kda import kda
from tests.kernels.kda.oracle import REGIMES, make_inputs, make_state, named, recurrence, relative

FORMS = ("reference", "chunk", "cpu")


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize("regime", REGIMES)
def test_fp64_equals_oracle(backend: str, regime: str) -> None:
    inputs = make_inputs(2, 70, 2, 12, 9, regime, torch.float64)
    state = make_state(2, 2, 12, 9, torch.float64)
    o, final = kda(**inputs, initial_state=state, output_final_state=True, backend=backend, scale=0.7)
    expected, expected_final = recurrence(**inputs, state=state, scale=0.7)
    assert relative(o, expected) < 1e-13
    assert final is not None and relative(final, expected_final) < 1e-13


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize("regime", REGIMES)
def test_fp32_error_is_at_rounding_level(backend: str, regime: str) -> None:
    inputs = make_inputs(1, 200, 1, 64, 64, regime)
    o, final = kda(**inputs, output_final_state=True, backend=backend)
    expected, expected_final = kda(
        **{name: x.double() for name, x in inputs.items()}, output_final_state=True, backend="reference"
    )
    assert relative(o, expected) < 4e-7
    assert final is not None and expected_final is not None and relative(final, expected_final) < 4e-7


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize("T", [1, 15, 16, 17, 63, 64, 65, 1000])
def test_lengths(backend: str, T: int) -> None:
    inputs = make_inputs(1, T, 1, 8, 8, dtype=torch.float64)
    o, final = kda(**inputs, output_final_state=True, backend=backend)
    expected, expected_final = recurrence(**inputs)
    assert relative(o, expected) < 1e-12
    assert final is not None and relative(final, expected_final) < 1e-12


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize("regime", REGIMES)
def test_gradients_pass_gradcheck(backend: str, regime: str) -> None:
    # 70 tokens cross a chunk of the kernel, 20 a block of the chunk form
    T = 70 if backend == "cpu" else 20
    inputs = named(make_inputs(1, T, 1, 3, 2, regime, torch.float64))
    state = make_state(1, 1, 3, 2, torch.float64).requires_grad_()

    def call(*x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        o, final = kda(*x[:5], initial_state=x[5], output_final_state=True, backend=backend)
        assert final is not None
        return o, final

    assert torch.autograd.gradcheck(call, (*inputs.values(), state), fast_mode=True)


def test_reference_differentiates_twice() -> None:
    inputs = named(make_inputs(1, 5, 1, 2, 2, dtype=torch.float64))
    for backend in ("reference", "chunk"):
        assert torch.autograd.gradgradcheck(
            lambda *x, b=backend: kda(*x, backend=b)[0], tuple(inputs.values()), fast_mode=True
        )


@pytest.mark.parametrize("backend", FORMS)
def test_minus_infinity_is_a_clean_reset(backend: str) -> None:
    inputs = make_inputs(1, 90, 1, 4, 4, dtype=torch.float64)
    inputs["g"][:, 40] = -torch.inf
    leaves = named(inputs)
    o, _ = kda(**leaves, backend=backend)
    o.square().sum().backward()
    alone, _ = kda(**{name: x[:, 40:] for name, x in inputs.items()}, backend=backend)
    assert torch.allclose(o[:, 40:], alone, rtol=0, atol=1e-14)
    for name, x in leaves.items():
        assert x.grad is not None and torch.isfinite(x.grad).all(), name


def _naive(folder: str) -> ModuleType:
    path = Path(folder) / "fla" / "ops" / "kda" / "naive.py"
    if not path.is_file():
        pytest.skip(f"fla's naive.py is not at {path}; set FLA_SOURCE to an unpacked fla-core wheel")
    spec = importlib.util.spec_from_file_location("fla_naive_kda", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("backend", FORMS)
def test_agrees_with_flas_naive_forms(backend: str) -> None:
    folder = os.environ.get("FLA_SOURCE")
    if folder is None:
        pytest.skip("FLA_SOURCE does not name an unpacked fla-core wheel")
    pytest.importorskip("einops", reason="fla's naive.py needs einops")
    naive = _naive(folder)
    inputs = make_inputs(2, 128, 2, 16, 12)
    state = make_state(2, 2, 16, 12)
    o, final = kda(**inputs, initial_state=state, output_final_state=True, backend=backend)
    for form in (naive.naive_recurrent_kda, naive.naive_chunk_kda):
        expected, expected_final = form(**inputs, initial_state=state, output_final_state=True)
        assert relative(o, expected) < 2e-6
        assert final is not None and relative(final, expected_final) < 2e-6


@pytest.mark.parametrize("backend", FORMS)
def test_agrees_with_transformers(backend: str) -> None:
    modeling = pytest.importorskip("transformers.models.kimi_linear.modeling_kimi_linear")
    inputs = make_inputs(2, 100, 2, 16, 12)
    state = make_state(2, 2, 16, 12)
    names = {"q": "query", "k": "key", "v": "value"}
    theirs = {names.get(name, name): x for name, x in inputs.items()}
    o, final = kda(**inputs, initial_state=state, output_final_state=True, backend=backend)
    for form in (modeling.recurrent_kimi_delta_attention, modeling.chunk_kimi_delta_attention):
        form = getattr(form, "__wrapped__", form)
        expected, expected_final = form(**theirs, initial_state=state, output_final_state=True)
        assert relative(o, expected) < 2e-6
        assert final is not None and relative(final, expected_final) < 2e-6
