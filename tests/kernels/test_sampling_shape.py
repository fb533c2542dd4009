"""Logits written divided and cut, in one pass: against the reference to the bit, and what softmax and argmax give."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.errors import InputError
from tamsa.kernels import sampling
from tests.kernels.test_sampling import INF, KINDS, heads, rows


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    N=st.integers(1, 4),
    V=st.one_of(st.integers(1, 70), st.integers(1000, 5000)),
    kind=st.sampled_from(KINDS),
    temperature=st.sampled_from([0.0, 1e-6, 0.05, 0.5, 1.0, 1.7, 2.0, 50.0]),
    top_p=st.sampled_from([0.0, 1e-9, 0.05, 0.5, 0.9, 0.999, 1 - 1e-7, 1.0]),
    shift=st.sampled_from([100.0, 1000.0, INF]),
)
def test_written_logits_equal_the_reference_to_the_bit(seed, N, V, kind, temperature, top_p, shift):
    logits = rows(seed, N, V, kind)
    T, P = torch.full((N,), temperature), torch.full((N,), top_p)
    T[0], P[-1] = 0.9, 0.6  # rows differ
    ours, theirs = (sampling.shape(logits, T, P, cut_shift=shift, backend=b) for b in ("cpu", "reference"))
    assert torch.equal(ours.view(torch.int32), theirs.view(torch.int32))
    kept = sampling.kept(logits, sampling.nucleus(logits, T, P, backend="reference"))
    divided = logits / torch.where(T == 0, 1.0, T)[:, None]
    assert torch.equal(ours[kept], divided[kept])
    assert torch.equal(ours[~kept], divided[~kept] - shift)
    best = torch.sort(logits, dim=-1, descending=True, stable=True).indices[:, :1]
    assert bool((ours.gather(1, best) == ours.amax(-1, keepdim=True)).all())


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_vocabulary_equals_the_reference(kind):
    logits = rows(3, 3, 151_936, kind)
    T, P = torch.tensor([0.4, 1.0, 1.9]), torch.tensor([0.8, 1.0, 0.5])
    assert torch.equal(sampling.shape(logits, T, P, backend="cpu"), sampling.shape(logits, T, P, backend="reference"))


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.7, 1.3), (0.0, 1.0), (1.5, 0.0), (1e-30, 1.0)])
@pytest.mark.parametrize("shift", [1000.0, INF])
def test_heads_and_writing_in_one_equal_their_parts(statistics, scales, shift):
    logits = rows(12, 7, 2500, "masked")
    hidden = torch.randn(7, 48, generator=torch.Generator().manual_seed(1))
    parameters = heads(48, 32, statistics)
    ours, theirs = (
        sampling.apply(
            hidden, logits, parameters, temperature_scale=scales[0], top_p_scale=scales[1], cut_shift=shift, backend=b
        )
        for b in ("cpu", "reference")
    )
    torch.testing.assert_close(ours.temperature, theirs.temperature, rtol=1e-6, atol=0)
    torch.testing.assert_close(ours.top_p, theirs.top_p, rtol=1e-5, atol=1e-6)
    assert torch.equal(ours.logits, sampling.shape(logits, ours.temperature, ours.top_p, cut_shift=shift))
    assert not torch.isnan(torch.softmax(ours.logits, -1)).any()
    drawn = sampling.decode(hidden, logits, parameters, temperature_scale=scales[0], top_p_scale=scales[1])
    assert torch.equal(drawn.temperature, ours.temperature) and torch.equal(drawn.top_p, ours.top_p)
    assert bool((ours.logits.gather(1, drawn.tokens[:, None]) > -100).all())


def test_the_softmax_of_what_is_written_is_the_distribution_of_the_draw():
    from scipy.stats import chisquare

    logits = rows(11, 1, 40, "coarse")
    p = torch.softmax(sampling.shape(logits, 0.8, 0.93).double(), -1)[0]
    n = 60_000
    tokens = sampling.sample(logits.expand(n, -1), 0.8, 0.93, generator=torch.Generator().manual_seed(1))
    counts = torch.bincount(tokens, minlength=40)
    assert counts[p == 0].sum() == 0
    assert chisquare(counts[p > 0].numpy(), (p[p > 0] * n).numpy()).pvalue > 0.01


def test_writing_does_not_depend_on_threads_and_leaves_its_inputs_alone():
    logits, hidden = rows(7, 9, 3000, "plain"), torch.randn(9, 48, generator=torch.Generator().manual_seed(5))
    copies = [logits.clone(), hidden.clone()]
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(sampling.shape(logits, 1.1, 0.97))
            sampling.apply(hidden, logits, heads(48, 32, True))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(found[0], other) for other in found[1:])
    assert torch.equal(copies[0], logits) and torch.equal(copies[1], hidden)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_bad_rows_states_and_shifts_are_named(backend):
    logits, hidden, parameters = rows(1, 3, 60, "plain"), torch.zeros(3, 8), heads(8, 4, True)
    for value, words in ((float("nan"), "row 1 holds NaN"), (INF, r"row 1 holds \+inf")):
        bad = logits.clone()
        bad[1, 7] = value
        with pytest.raises(InputError, match=words):
            sampling.shape(bad, 1.0, 0.5, backend=backend)
        with pytest.raises(InputError, match=words):
            sampling.apply(hidden, bad, parameters, backend=backend)
    with pytest.raises(InputError, match="cut_shift: 3"):
        sampling.shape(logits, 1.0, 0.5, cut_shift=3.0, backend=backend)
    with pytest.raises(InputError, match="top_p_scale: -1"):
        sampling.apply(hidden, logits, parameters, top_p_scale=-1.0, backend=backend)
    for value in (float("nan"), INF):
        astray = hidden.clone()
        astray[2, 3] = value
        for call in (sampling.apply, sampling.decode):
            with pytest.raises(InputError, match="hidden: row 2 holds NaN or infinity"):
                call(astray, logits, parameters, backend=backend)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_a_prepared_step_gives_what_the_functions_give_call_after_call(backend):
    parameters = heads(48, 32, True)
    step = sampling.Step(parameters, 3, temperature_scale=0.8, top_p_scale=1.1, backend=backend)
    factors = {"temperature_scale": 0.8, "top_p_scale": 1.1, "backend": backend}
    for seed, V in ((1, 900), (2, 900), (3, 1700)):  # nothing of one call is left for the next
        logits, hidden = rows(seed, 3, V, "masked"), torch.randn(3, 48, generator=torch.Generator().manual_seed(seed))
        u = torch.rand(3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        for ours, theirs in (
            (
                step.decode(hidden, logits, uniforms=u),
                sampling.decode(hidden, logits, parameters, uniforms=u, **factors),
            ),
            (step.apply(hidden, logits), sampling.apply(hidden, logits, parameters, **factors)),
            (
                step.decode(hidden, logits.double(), generator=torch.Generator().manual_seed(seed)),
                sampling.decode(hidden, logits, parameters, uniforms=u, **factors),
            ),
        ):
            assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    with pytest.raises(InputError, match="logits: 2 rows, the step was prepared for 3"):
        step.apply(torch.zeros(2, 48), torch.zeros(2, 900))
    with pytest.raises(InputError, match="width 47, the heads were made for 48"):
        step.decode(torch.zeros(3, 47), torch.zeros(3, 900))
    with pytest.raises(InputError, match="empty vocabulary"):
        step.decode(torch.zeros(3, 48), torch.zeros(3, 0))
    bad = rows(1, 3, 900, "plain")
    bad[1, 5] = float("nan")
    with pytest.raises(InputError, match="row 1 holds NaN"):
        step.decode(torch.zeros(3, 48), bad)
    assert torch.isfinite(step.apply(torch.zeros(3, 48), rows(1, 3, 900, "plain")).logits).all()


@pytest.mark.parametrize("backend", ["cpu", "reference"])
@pytest.mark.parametrize("temperature", [1e-45, 1e-38, 1e-10])
def test_a_temperature_near_zero_is_greedy_without_overflow(temperature, backend):
    logits = rows(3, 2, 50, KINDS[0])
    shaped = sampling.shape(logits, torch.tensor([temperature, 0.7]), 0.9, backend=backend)
    assert torch.equal(shaped[:1], sampling.shape(logits[:1], 0.0, backend=backend))
    assert torch.equal(shaped[1:], sampling.shape(logits[1:], 0.7, 0.9, backend=backend))
