"""What the CPU kernel promises beyond being right: exact equalities, precision, precision of its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tamsa.kernels.kda import kda, kda_decode
from tests.kernels.kda.oracle import REGIMES, make_inputs, make_state, named, relative


def run(inputs: dict[str, Tensor], state: Tensor | None = None, **options: object) -> tuple[Tensor, Tensor]:
    o, final = kda(**inputs, initial_state=state, output_final_state=True, backend="cpu", **options)  # type: ignore[arg-type]
    assert final is not None
    return o, final


def gradients(
    inputs: dict[str, Tensor],
    state: Tensor,
    weight: Tensor,
    state_weight: Tensor,
    backend: str = "cpu",
    **options: object,
) -> dict[str, Tensor]:
    leaves = named({**inputs, "state": state})
    start = leaves.pop("state")
    o, final = kda(**leaves, initial_state=start, output_final_state=True, backend=backend, **options)  # type: ignore[arg-type]
    assert final is not None
    ((o.to(weight.dtype) * weight).sum() + (final * state_weight).sum()).backward()
    return {name: x.grad for name, x in {**leaves, "state": start}.items() if x.grad is not None}


def weights(inputs: dict[str, Tensor], N: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    B, T, H, V = inputs["v"].shape
    generator = torch.Generator().manual_seed(5)
    o = torch.randn(B, T, H, V, dtype=torch.float64, generator=generator)
    state = torch.randn(N, H, inputs["q"].shape[3], V, dtype=torch.float64, generator=generator)
    return o.to(dtype), state.to(dtype)


@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("shape", [(2, 1, 3, 8, 8), (1, 65, 2, 20, 45), (1, 150, 1, 64, 64), (1, 70, 1, 33, 136)])
def test_fp32_gradients_match_fp64_autograd(shape: tuple[int, int, int, int, int], regime: str) -> None:
    B, _, H, K, V = shape
    inputs = make_inputs(*shape, regime)
    state = make_state(B, H, K, V)
    weight, state_weight = weights(inputs, B, torch.float32)
    ours = gradients(inputs, state, weight, state_weight)
    double = {name: x.double() for name, x in inputs.items()}
    expected = gradients(double, state.double(), weight.double(), state_weight.double(), backend="chunk")
    assert ours.keys() == expected.keys()
    for name, x in ours.items():
        # relative to the size of the gradient; a gradient may vanish altogether (g under full resets)
        assert float((x.double() - expected[name]).norm()) <= 1e-6 * float(expected[name].norm()) + 1e-12, name


@pytest.mark.parametrize("regime", REGIMES)
def test_saturated_gates_give_finite_gradients(regime: str) -> None:
    inputs = make_inputs(1, 150, 2, 16, 16, regime)
    inputs["g"][:, ::7] = -1000.0
    inputs["g"][:, 3::11] = -torch.inf
    inputs["beta"][:, ::5] = 0.0
    inputs["beta"][:, 1::5] = 1.0
    weight, state_weight = weights(inputs, 1, torch.float32)
    for name, x in gradients(inputs, make_state(1, 2, 16, 16), weight, state_weight).items():
        assert torch.isfinite(x).all(), name


def test_beta_of_zero_still_has_a_gradient() -> None:
    inputs = make_inputs(1, 40, 1, 8, 8, dtype=torch.float64)
    inputs["beta"].zero_()
    state = make_state(1, 1, 8, 8, torch.float64)
    weight, state_weight = weights(inputs, 1, torch.float64)
    ours = gradients(inputs, state, weight, state_weight)["beta"]
    assert relative(ours, gradients(inputs, state, weight, state_weight, backend="reference")["beta"]) < 1e-12


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_computes_in_fp32(dtype: torch.dtype) -> None:
    inputs = make_inputs(2, 100, 2, 24, 20, dtype=dtype)
    wide = {name: x.float() for name, x in inputs.items()}
    state = make_state(2, 2, 24, 20)
    o, final = run(inputs, state)
    expected, expected_final = run(wide, state)
    assert o.dtype == dtype and final.dtype == torch.float32
    assert torch.equal(o, expected.to(dtype))
    assert torch.equal(final, expected_final)
    weight, state_weight = weights(inputs, 2, torch.float32)
    weight = weight.to(dtype).float()
    ours = gradients(inputs, state, weight, state_weight)
    theirs = gradients(wide, state, weight, state_weight)
    for name, x in ours.items():
        assert x.dtype == (inputs[name].dtype if name in inputs else torch.float32)
        assert torch.equal(x, theirs[name].to(x.dtype)), name


def test_fp32_gates_beside_bf16_values() -> None:
    inputs = make_inputs(1, 70, 2, 16, 16)
    mixed = {name: x.bfloat16() if name in "qkv" else x for name, x in inputs.items()}
    o, final = run(mixed)
    expected, expected_final = run({name: x.float() for name, x in mixed.items()})
    assert torch.equal(o, expected.bfloat16()) and torch.equal(final, expected_final)


def test_later_tokens_leave_earlier_outputs_alone() -> None:
    inputs = make_inputs(1, 150, 2, 16, 24)
    before, _ = run(inputs)
    for t in (1, 63, 64, 65, 149):
        changed = {name: x.clone() for name, x in inputs.items()}
        for name, x in changed.items():
            x[:, t:] = -999.0 if name == "g" else 0.5
        after, _ = run(changed)
        assert torch.equal(before[:, :t], after[:, :t]), t
        short, _ = run({name: x[:, :t] for name, x in inputs.items()})
        assert torch.equal(before[:, :t], short), t


@pytest.mark.parametrize("shape", [(1, 200, 3, 16, 24), (1, 200, 1, 20, 70)])
def test_any_split_of_a_sequence_is_bitwise_the_same(shape: tuple[int, int, int, int, int]) -> None:
    inputs = make_inputs(*shape)
    state = make_state(1, shape[2], shape[3], shape[4])
    whole, final = run(inputs, state)
    for cuts in ([64], [1, 2, 3], [63, 65, 130], [100, 199], list(range(1, 200))):
        outputs, current = [], state
        for start, end in zip([0, *cuts], [*cuts, 200], strict=True):
            o, current = run({name: x[:, start:end] for name, x in inputs.items()}, current)
            outputs.append(o)
        assert torch.equal(torch.cat(outputs, 1), whole), cuts
        assert torch.equal(current, final), cuts


def test_packed_equals_separate_bitwise() -> None:
    lengths = [1, 63, 64, 65, 7, 130]
    bounds = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()])
    inputs = make_inputs(1, int(bounds[-1]), 2, 16, 24)
    state = make_state(len(lengths), 2, 16, 24)
    weight, state_weight = weights(inputs, len(lengths), torch.float32)
    packed, finals = run(inputs, state, cu_seqlens=bounds)
    slopes = gradients(inputs, state, weight, state_weight, cu_seqlens=bounds.int())
    for i, (start, end) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        part = {name: x[:, start:end] for name, x in inputs.items()}
        o, final = run(part, state[i : i + 1])
        assert torch.equal(packed[:, start:end], o), i
        assert torch.equal(finals[i : i + 1], final), i
        alone = gradients(part, state[i : i + 1], weight[:, start:end], state_weight[i : i + 1])
        for name, x in alone.items():
            whole = slopes[name][i : i + 1] if name == "state" else slopes[name][:, start:end]
            assert torch.equal(whole, x), (i, name)


def test_batch_entries_are_independent() -> None:
    inputs = make_inputs(3, 70, 2, 16, 24)
    whole, final = run(inputs)
    for b in range(3):
        o, last = run({name: x[b : b + 1] for name, x in inputs.items()})
        assert torch.equal(o, whole[b : b + 1]) and torch.equal(last, final[b : b + 1])


@pytest.mark.parametrize("shape", [(1, 600, 1, 40, 100), (3, 300, 1, 64, 64), (1, 70, 6, 64, 64)])
def test_one_thread_equals_two_bitwise(shape: tuple[int, int, int, int, int], two_threads: None) -> None:
    B, _, H, K, V = shape
    inputs = make_inputs(*shape)
    state = make_state(B, H, K, V)
    weight, state_weight = weights(inputs, B, torch.float32)
    two = [*run(inputs, state), *gradients(inputs, state, weight, state_weight).values()]
    torch.set_num_threads(1)
    one = [*run(inputs, state), *gradients(inputs, state, weight, state_weight).values()]
    assert all(torch.equal(x, y) for x, y in zip(one, two, strict=True))


def test_strided_inputs_need_no_copy_and_change_nothing() -> None:
    inputs = make_inputs(2, 70, 2, 16, 16)
    state = make_state(2, 2, 16, 16)
    weight, state_weight = weights(inputs, 2, torch.float32)
    expected = [*run(inputs, state), *gradients(inputs, state, weight, state_weight).values()]
    wide = torch.cat([inputs[name] for name in "qkvg"], dim=-1)
    views = dict(zip("qkvg", wide.split(16, dim=-1), strict=True))
    views["beta"] = inputs["beta"].transpose(1, 2).contiguous().transpose(1, 2)
    flipped = state.transpose(2, 3).contiguous().transpose(2, 3)
    assert not any(x.is_contiguous() for x in (*views.values(), flipped))
    actual = [*run(views, flipped), *gradients(views, flipped, weight, state_weight).values()]
    assert all(torch.equal(x, y) for x, y in zip(actual, expected, strict=True))
    columns = {n: x.transpose(1, -1).contiguous().transpose(1, -1) if x.dim() == 4 else x for n, x in inputs.items()}
    assert torch.equal(run(columns, state)[0], expected[0])


def test_inputs_are_not_written_to() -> None:
    inputs = make_inputs(1, 70, 2, 16, 16)
    state = make_state(1, 2, 16, 16)
    copies = {name: x.clone() for name, x in inputs.items()}
    kept = state.clone()
    run(inputs, state)
    assert torch.equal(state, kept) and all(torch.equal(x, copies[name]) for name, x in inputs.items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("T", [1, 5])
def test_decoding_in_place_equals_the_functional_form(T: int, dtype: torch.dtype) -> None:
    inputs = make_inputs(3, T, 2, 16, 24, dtype=dtype)
    state = make_state(3, 2, 16, 24)
    expected, final = run(inputs, state)
    o = kda_decode(**inputs, state=state)
    assert torch.equal(o, expected) and torch.equal(state, final)


def test_a_loop_of_decoding_equals_one_call() -> None:
    inputs = make_inputs(2, 70, 2, 16, 24)
    state = make_state(2, 2, 16, 24)
    expected, final = run(inputs, state)
    steps = [kda_decode(**{name: x[:, t : t + 1] for name, x in inputs.items()}, state=state) for t in range(70)]
    assert torch.equal(torch.cat(steps, 1), expected) and torch.equal(state, final)
