"""Bad arguments: an error that names the argument, what it is and what it should be."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

from tamsa.errors import ConfigError, InputError
from tamsa.kernels.kda import backends, explain_backend, kda, kda_decode
from tests.kernels.kda.oracle import make_inputs, make_state

B, T, H, K, V = 2, 9, 3, 4, 5
FORMS = ("reference", "chunk", "cpu")


def refuse(
    message: str, *, backend: str = "auto", state: Tensor | None = None, cu: object = None, **changes: object
) -> None:
    inputs = {**make_inputs(B, T, H, K, V), **changes}
    with pytest.raises(InputError, match=re.escape(message)):
        kda(**inputs, initial_state=state, cu_seqlens=cu, backend=backend)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("q", (B, T, H), "q: shape [2, 9, 3], expected four dimensions [B, T, H, K]"),
        ("k", (B, T, H, K + 1), "k: shape [2, 9, 3, 5], expected [B, T, H, K] = [2, 9, 3, 4]"),
        ("k", (1, T, H, K), "k: shape [1, 9, 3, 4], expected [B, T, H, K] = [2, 9, 3, 4]"),
        ("g", (B, T, H, 1), "g: shape [2, 9, 3, 1], expected [B, T, H, K] = [2, 9, 3, 4]"),
        ("v", (B, T + 1, H, V), "v: shape [2, 10, 3, 5], expected [B, T, H, V] = [2, 9, 3, 5]"),
        ("v", (B, T, V), "v: shape [2, 9, 5], expected four dimensions [B, T, H, V]"),
        ("beta", (B, T, H, 1), "beta: shape [2, 9, 3, 1], expected [B, T, H] = [2, 9, 3]"),
        ("beta", (B, T, 1), "beta: shape [2, 9, 1], expected [B, T, H] = [2, 9, 3]"),
    ],
)
def test_shapes(name: str, shape: tuple[int, ...], message: str, backend: str) -> None:
    refuse(message, backend=backend, **{name: torch.zeros(shape)})


def test_sizes_of_zero() -> None:
    for letter, shape in (("B", (0, T, H, K)), ("T", (B, 0, H, K)), ("H", (B, T, 0, K)), ("K", (B, T, H, 0))):
        x = torch.zeros(shape)
        with pytest.raises(InputError, match=rf"q: {letter} = 0"):
            kda(x, x, torch.zeros(*shape[:3], V), x, torch.zeros(shape[:3]))
    refuse("v: V = 0", v=torch.zeros(B, T, H, 0))


def test_dtypes() -> None:
    refuse("q: torch.int64, expected one of", q=torch.zeros(B, T, H, K, dtype=torch.int64))
    refuse("k: torch.bfloat16, expected torch.float32 as q", k=torch.zeros(B, T, H, K, dtype=torch.bfloat16))
    refuse("v: torch.float64, expected torch.float32 as q", v=torch.zeros(B, T, H, V, dtype=torch.float64))
    refuse("g: torch.float16, expected torch.float32 for q", g=torch.zeros(B, T, H, K, dtype=torch.float16))
    half = {name: x.bfloat16() for name, x in make_inputs(B, T, H, K, V).items()}
    half["beta"] = half["beta"].double()
    refuse("beta: torch.float64, expected torch.bfloat16 or torch.float32", **half)
    refuse("q: list, expected a torch.Tensor", q=[1.0])


def test_devices() -> None:
    refuse("beta: on meta, expected cpu, where q is", beta=torch.zeros(B, T, H, device="meta"))


def test_states() -> None:
    refuse("initial_state: shape [1, 3, 4, 5], expected [N, H, K, V] = [2, 3, 4, 5]", state=make_state(1, H, K, V))
    refuse("initial_state: shape [2, 3, 5, 4], expected", state=make_state(B, H, V, K))
    refuse("initial_state: torch.bfloat16, expected torch.float32", state=make_state(B, H, K, V, torch.bfloat16))
    double = make_inputs(B, T, H, K, V, dtype=torch.float64)
    refuse("initial_state: torch.float32, expected torch.float64", state=make_state(B, H, K, V), **double)
    with pytest.raises(InputError, match="state: strides"):
        kda_decode(**make_inputs(B, T, H, K, V), state=make_state(B, H, V, K).transpose(2, 3))


@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize(
    ("cu", "message"),
    [
        ([0, 4, 9], "cu_seqlens: list, expected an int32 or int64 tensor"),
        (torch.tensor([0.0, 9.0]), "cu_seqlens: torch.float32, expected an int32 or int64 tensor"),
        (torch.tensor([[0, 9]]), "cu_seqlens: shape [1, 2], expected [N + 1]"),
        (torch.tensor([0]), "cu_seqlens: shape [1], expected [N + 1] with N at least 1"),
        (torch.tensor([1, 9]), "cu_seqlens: starts at 1, expected 0"),
        (torch.tensor([0, 8]), "cu_seqlens: ends at 8, expected T = 9"),
        (torch.tensor([0, 5, 4, 9]), "cu_seqlens: sequence 1 is [5, 4), expected at least one token in each"),
        (torch.tensor([0, 5, 5, 9]), "cu_seqlens: sequence 1 is [5, 5), expected at least one token in each"),
    ],
)
def test_boundaries(cu: object, message: str, backend: str) -> None:
    refuse(message, cu=cu, backend=backend, **make_inputs(1, T, H, K, V))


def test_packing_needs_one_row() -> None:
    refuse("q: B = 2, expected 1 with cu_seqlens", cu=torch.tensor([0, T]))
    one = make_inputs(1, T, H, K, V)
    refuse(
        "initial_state: shape [1, 3, 4, 5], expected [N, H, K, V] = [2, 3, 4, 5]",
        cu=torch.tensor([0, 4, T]),
        state=make_state(1, H, K, V),
        **one,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("backend", FORMS)
@pytest.mark.parametrize("name", ["q", "k", "v", "g", "beta", "state"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values(name: str, value: float, backend: str, dtype: torch.dtype) -> None:
    inputs = make_inputs(2, 70, 2, 20, 9, dtype=dtype)
    state = make_state(2, 2, 20, 9, torch.float64 if dtype == torch.float64 else torch.float32)
    # the last element of the last row lies behind the whole vectors
    {**inputs, "state": state}[name].view(-1)[-1] = value
    argument = "initial_state" if name == "state" else name
    expected = "expected log-decays <= 0" if name == "g" else "holds NaN or infinity"
    with pytest.raises(InputError, match=rf"^{argument}: .*{expected}"):
        kda(**inputs, initial_state=state, backend=backend)


@pytest.mark.parametrize("backend", FORMS)
def test_gates_above_zero(backend: str) -> None:
    inputs = make_inputs(B, T, H, K, V)
    inputs["g"][1, 8, 2, 3] = 1e-6
    with pytest.raises(InputError, match="g: holds NaN or a value > 0, expected log-decays <= 0"):
        kda(**inputs, backend=backend)
    inputs["g"][1, 8, 2, 3] = 0.0
    kda(**inputs, backend=backend)


def test_a_gradient_that_is_not_finite_is_named() -> None:
    inputs = {name: x.requires_grad_() for name, x in make_inputs(B, T, H, K, V).items()}
    o, _ = kda(**inputs, backend="cpu")
    with pytest.raises(InputError, match="grad_o: holds NaN or infinity"):
        (o * torch.inf).sum().backward()


def test_unknown_and_impossible_backends() -> None:
    inputs = make_inputs(B, T, H, K, V)
    with pytest.raises(ConfigError, match="backend: 'fast', expected one of auto, reference, chunk, cpu, gpu"):
        kda(**inputs, backend="fast")
    with pytest.raises(ConfigError, match="backend: 'gpu' with tensors on cpu"):
        kda(**inputs, backend="gpu")
    with pytest.raises(ConfigError, match="backend: 'cpu' with tensors on meta"):
        explain_backend(torch.zeros(1, 1, 1, 1, device="meta"), "cpu")


def test_the_choice_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    q = torch.zeros(1, 1, 1, 1)
    assert explain_backend(q).name == "cpu" and "numba is installed" in explain_backend(q).reason
    assert explain_backend(q, "chunk").reason == "asked for by backend='chunk'"
    assert explain_backend(q.to("meta")).name == "chunk"
    cuda = torch.device("cuda")
    monkeypatch.setattr(backends, "INSTALLED", {"numba": False, "fla": False})
    assert "numba is missing" in explain_backend(q).reason
    assert backends.choose_backend(cuda, torch.float32, "auto").name == "chunk"
    with pytest.raises(ConfigError, match=r"flash-linear-attention; install tamsa\[gpu\]"):
        backends.choose_backend(cuda, torch.float32, "gpu")
    with pytest.raises(ConfigError, match=r"needs numba; install tamsa\[models\]"):
        explain_backend(q, "cpu")
    monkeypatch.setattr(backends, "INSTALLED", {"numba": True, "fla": True})
    assert backends.choose_backend(cuda, torch.bfloat16, "auto").name == "gpu"
    assert backends.choose_backend(cuda, torch.float64, "auto").name == "chunk"
