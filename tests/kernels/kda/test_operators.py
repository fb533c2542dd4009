"""The CPU kernel as a torch operator: opcheck, torch.compile, torch.func, autocast-free mixtures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tamsa.kernels.kda import kda, kda_decode, operators
from tests.kernels.kda.oracle import make_inputs, make_state, named, relative

CU = torch.tensor([0, 30, 70])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_opcheck_forward(dtype: torch.dtype, packed: bool, with_state: bool) -> None:
    inputs = named(make_inputs(1, 70, 2, 8, 8, dtype=dtype))
    state = make_state(2 if packed else 1, 2, 8, 8).requires_grad_() if with_state else None
    torch.library.opcheck(operators.kda_cpu, (*inputs.values(), state, CU if packed else None, 0.5, True))


def test_opcheck_backward_and_decode() -> None:
    x = make_inputs(2, 70, 2, 8, 8)
    state = make_state(2, 2, 8, 8)
    o, final, residual, saved = operators.kda_cpu(*x.values(), state, None, 0.5, True)
    rest = (state, None, residual, saved, torch.ones_like(o), torch.ones_like(final), 0.5)
    torch.library.opcheck(operators.kda_cpu_backward, (x["q"], x["k"], x["g"], x["beta"], *rest))
    torch.library.opcheck(operators.kda_cpu_, (*x.values(), state.clone(), None, 0.5))


@pytest.mark.parametrize("dynamic", [False, True])
def test_compile_gives_the_same_outputs_and_gradients(dynamic: bool) -> None:
    def loss(x: dict[str, Tensor], state: Tensor) -> Tensor:
        o, final = kda(**x, initial_state=state, output_final_state=True)
        assert final is not None
        return (2 * o).square().sum() + final.sum()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True, dynamic=dynamic)
    for T in (70, 71):
        inputs = make_inputs(1, T, 2, 8, 8)
        eager, traced = named(inputs), named(inputs)
        state = make_state(1, 2, 8, 8)
        a, b = loss(eager, state), compiled(traced, state)
        assert torch.equal(a, b)
        a.backward()
        b.backward()
        assert all(torch.equal(eager[n].grad, traced[n].grad) for n in inputs)  # type: ignore[arg-type]


def test_compiled_decoding_updates_the_state() -> None:
    inputs = make_inputs(1, 1, 2, 8, 8)
    state = make_state(1, 2, 8, 8)
    eager, traced = state.clone(), state.clone()
    step = torch.compile(kda_decode, backend="aot_eager", fullgraph=True)
    assert torch.equal(kda_decode(**inputs, state=eager), step(**inputs, state=traced))
    assert torch.equal(eager, traced) and not torch.equal(eager, state)


def test_func_grad_equals_autograd() -> None:
    inputs = make_inputs(1, 70, 2, 8, 8)
    leaves = named(inputs)
    kda(**leaves)[0].square().sum().backward()
    slopes = torch.func.grad(lambda x: kda(**x)[0].square().sum())(inputs)
    assert all(torch.equal(slopes[n], leaves[n].grad) for n in inputs)  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["cpu", "chunk", "reference"])
def test_vmap_equals_a_loop(backend: str) -> None:
    parts = [make_inputs(1, 20, 2, 8, 8, seed=i) for i in range(3)]
    stacked = {name: torch.stack([p[name] for p in parts]) for name in parts[0]}
    state = make_state(1, 2, 8, 8)

    def call(x: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        o, final = kda(**x, initial_state=state, output_final_state=True, backend=backend)
        assert final is not None
        return o, final

    o, final = torch.func.vmap(call)(stacked)
    for i, part in enumerate(parts):
        expected, expected_final = call(part)
        assert relative(o[i], expected) < 1e-6 and relative(final[i], expected_final) < 1e-6


def test_per_sample_gradients_equal_a_loop() -> None:
    parts = [make_inputs(1, 70, 2, 8, 8, seed=i) for i in range(3)]
    stacked = {name: torch.stack([p[name] for p in parts]) for name in parts[0]}

    def loss(x: dict[str, Tensor]) -> Tensor:
        return kda(**x, backend="cpu")[0].square().sum()

    slopes = torch.func.vmap(torch.func.grad(loss))(stacked)
    for i, part in enumerate(parts):
        for name, x in torch.func.grad(loss)(part).items():
            assert torch.equal(slopes[name][i], x), name


def test_packed_vmap_equals_a_loop() -> None:
    parts = [make_inputs(1, 70, 2, 8, 8, seed=i) for i in range(3)]
    stacked = {name: torch.stack([p[name] for p in parts]) for name in parts[0]}
    o = torch.func.vmap(lambda x: kda(**x, cu_seqlens=CU, backend="cpu")[0])(stacked)
    for i, part in enumerate(parts):
        assert torch.equal(o[i], kda(**part, cu_seqlens=CU, backend="cpu")[0])


def test_a_final_state_alone_can_be_differentiated() -> None:
    leaves = named(make_inputs(1, 70, 2, 8, 8, dtype=torch.float64))
    wanted = named(make_inputs(1, 70, 2, 8, 8, dtype=torch.float64))
    for x, backend in ((leaves, "cpu"), (wanted, "reference")):
        final = kda(**x, output_final_state=True, backend=backend)[1]
        assert final is not None
        final.square().sum().backward()
    for name, x in leaves.items():
        if name == "q":
            assert not x.grad.any()  # type: ignore[union-attr]
        else:
            assert relative(x.grad, wanted[name].grad) < 1e-12  # type: ignore[arg-type]


def test_expanded_gradients_are_read_rightly() -> None:
    leaves, again = named(make_inputs(1, 70, 2, 8, 8)), named(make_inputs(1, 70, 2, 8, 8))
    kda(**leaves)[0].sum().backward()  # the gradient that comes in has strides of 0
    o = kda(**again)[0]
    o.backward(torch.ones_like(o))
    assert all(torch.equal(leaves[n].grad, again[n].grad) for n in leaves)  # type: ignore[arg-type]


def test_no_gradient_is_kept_without_need() -> None:
    inputs = named(make_inputs(1, 70, 2, 8, 8))
    with torch.no_grad():
        o, state = kda(**inputs, output_final_state=True)
    assert not o.requires_grad and state is not None and not state.requires_grad
    with torch.inference_mode():
        kda(**inputs)
