"""The CPU kernel against the sorting reference, to the bit; edges; bad input."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation.logits_process import TopPLogitsWarper

from tamsa.errors import ConfigError, InputError
from tamsa.kernels import sampling

INF = float("inf")
ONE = 1 - 2.0**-53
"""The largest uniform number."""


def rows(seed: int, N: int, V: int, kind: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(N, V, generator=generator) * float(torch.rand(1, generator=generator) * 9)
    if kind == "bf16":
        return logits.bfloat16().float()  # ties everywhere
    if kind == "coarse":
        return (logits * 2).round() / 2
    if kind == "equal":
        return torch.full((N, V), 1.5)
    if kind == "masked":
        logits[torch.rand(N, V, generator=generator) < 0.4] = -INF
        logits[:, V // 2] = 0.25
    if kind == "far":
        logits[:, 0] = 1e4
    return logits


KINDS = ("plain", "bf16", "coarse", "equal", "masked", "far")


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    N=st.integers(1, 4),
    V=st.one_of(st.integers(1, 70), st.integers(1000, 5000)),
    kind=st.sampled_from(KINDS),
    temperature=st.sampled_from([0.0, 1e-6, 0.05, 0.5, 1.0, 1.7, 2.0, 50.0]),
    top_p=st.sampled_from([0.0, 1e-9, 0.05, 0.5, 0.9, 0.999, 1 - 1e-7, 1.0]),
    u=st.sampled_from([0.0, 0.3, 0.5, 0.77, 0.9999999, ONE]),
)
def test_kept_set_and_draw_equal_the_reference_exactly(seed, N, V, kind, temperature, top_p, u):
    logits = rows(seed, N, V, kind)
    T = torch.full((N,), temperature)
    P = torch.full((N,), top_p)
    T[0], P[-1] = 0.9, 0.6  # rows differ
    uniforms = torch.full((N,), u, dtype=torch.float64)
    ours, theirs = (sampling.nucleus(logits, T, P, backend=b) for b in ("cpu", "reference"))
    assert torch.equal(ours.threshold, theirs.threshold)
    assert torch.equal(ours.last, theirs.last)
    drawn, expected = (sampling.sample(logits, T, P, uniforms=uniforms, backend=b) for b in ("cpu", "reference"))
    assert torch.equal(drawn, expected)
    assert sampling.kept(logits, ours).gather(1, drawn[:, None]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_vocabulary_equals_the_reference(kind):
    logits = rows(3, 3, 151_936, kind)
    T, P = torch.tensor([0.4, 1.0, 1.9]), torch.tensor([0.8, 0.95, 0.5])
    u = torch.tensor([0.1, 0.5, 0.99], dtype=torch.float64)
    ours, theirs = (sampling.nucleus(logits, T, P, backend=b) for b in ("cpu", "reference"))
    assert torch.equal(ours.threshold, theirs.threshold) and torch.equal(ours.last, theirs.last)
    assert torch.equal(
        sampling.sample(logits, T, P, uniforms=u, backend="cpu"),
        sampling.sample(logits, T, P, uniforms=u, backend="reference"),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), V=st.integers(2, 3000), top_p=st.floats(0.01, 0.99), temperature=st.floats(0.1, 2))
def test_kept_set_is_the_one_of_fp64_arithmetic(seed, V, top_p, temperature):
    """An oracle that shares nothing with the definition; tokens within rounding of the boundary may go either way."""
    logits = rows(seed, 2, V, "plain")
    p = torch.softmax(logits.double() / torch.tensor(temperature, dtype=torch.float32).double(), -1)
    ranked, ids = p.sort(descending=True, stable=True)
    before = torch.empty_like(p).scatter(1, ids, ranked.cumsum(-1) - ranked)
    kept = sampling.kept(logits, sampling.nucleus(logits, temperature, top_p))
    certain = (before - top_p).abs() > 1e-5
    expected = before < top_p
    expected.scatter_(1, ids[:, :1], True)
    assert torch.equal(kept[certain], expected[certain])


def test_kept_set_is_that_of_transformers():
    logits = rows(5, 8, 2000, "plain")
    for top_p in (0.1, 0.5, 0.9, 0.99):
        theirs = torch.isfinite(TopPLogitsWarper(top_p)(None, logits.clone()))
        assert torch.equal(sampling.kept(logits, sampling.nucleus(logits, 1.0, top_p)), theirs)


def test_equal_logits_are_ranked_by_id():
    logits = torch.tensor([[1.0, 2.0, 2.0, 2.0, 2.0, 0.0]])
    p = float(torch.softmax(logits, -1)[0, 1])
    for count in (1, 2, 3, 4):
        kept = sampling.kept(logits, sampling.nucleus(logits, 1.0, p * (count - 0.5)))
        assert kept[0].nonzero().flatten().tolist() == list(range(1, count + 1))


def test_limits_of_top_p_and_temperature():
    logits = rows(1, 5, 400, "masked")
    best = logits.argmax(-1)
    u = torch.linspace(0, 0.999, 5, dtype=torch.float64)
    assert torch.equal(sampling.sample(logits, 1.0, 0.0, uniforms=u), best)
    assert torch.equal(sampling.sample(logits, 0.0, 1.0, uniforms=u), best)
    assert torch.equal(sampling.kept(logits, sampling.nucleus(logits, 1.0, 1.0)), torch.isfinite(logits))
    assert sampling.kept(logits, sampling.nucleus(logits, 1.0, 0.0)).sum(-1).tolist() == [1] * 5


def test_kept_set_ignores_a_shift_and_follows_a_permutation():
    logits = rows(2, 3, 999, "plain")
    order = torch.randperm(999, generator=torch.Generator().manual_seed(0))
    kept = sampling.kept(logits, sampling.nucleus(logits, 0.8, 0.9))
    shifted = logits + 16.0
    exact = (shifted - 16.0 == logits).all(-1)  # fp32 rounds most shifts; compare the counts where it does
    again = sampling.kept(shifted, sampling.nucleus(shifted, 0.8, 0.9))
    assert (again != kept).sum() <= 2
    assert torch.equal(again[exact], kept[exact])
    permuted = logits[:, order]
    assert torch.equal(sampling.kept(permuted, sampling.nucleus(permuted, 0.8, 0.9)), kept[:, order])


@pytest.mark.parametrize("kind", ["plain", "masked", "coarse", "equal"])
def test_statistics_are_those_of_the_softmax(kind):
    logits = rows(4, 6, 3001, kind)
    T = torch.tensor([0.05, 0.3, 0.7, 1.0, 1.5, 2.0])
    ours, theirs = (sampling.statistics(logits, T, backend=b) for b in ("cpu", "reference"))
    torch.testing.assert_close(ours, theirs, rtol=2e-6, atol=2e-6)


def test_draws_follow_the_distribution():
    """Chi-square of 60,000 draws over a cut distribution, fixed seed."""
    from scipy.stats import chisquare

    logits = rows(11, 1, 40, "coarse")
    T, P = 0.8, 0.93
    mask = sampling.kept(logits, sampling.nucleus(logits, T, P))
    p = torch.softmax((logits / T).double().masked_fill(~mask, -INF), -1)[0]
    n = 60_000
    tokens = sampling.sample(logits.expand(n, -1), T, P, generator=torch.Generator().manual_seed(1))
    counts = torch.bincount(tokens, minlength=40)
    assert counts[~mask[0]].sum() == 0
    assert chisquare(counts[mask[0]].numpy(), (p[mask[0]] * n).numpy()).pvalue > 0.01


def test_draws_do_not_depend_on_threads_or_batch():
    logits = rows(7, 9, 6000, "plain")
    u = torch.rand(9, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            results.append(sampling.sample(logits, 1.1, 0.97, uniforms=u))
    finally:
        torch.set_num_threads(before)
    results.append(torch.cat([sampling.sample(logits[i : i + 1], 1.1, 0.97, uniforms=u[i : i + 1]) for i in range(9)]))
    assert all(torch.equal(results[0], other) for other in results[1:])


def test_a_seed_gives_the_same_tokens():
    logits = rows(8, 5, 500, "plain")
    draw = [sampling.sample(logits, 1.0, 0.9, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1])
    assert not torch.equal(draw[0], draw[2])


def test_concurrent_callers_get_their_own_results():
    inputs = [rows(s, 4, 4000, "plain") for s in range(6)]
    u = torch.tensor([0.2, 0.4, 0.6, 0.8], dtype=torch.float64)
    expected = [sampling.sample(x, 0.9, 0.95, uniforms=u) for x in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(25):
            if not torch.equal(sampling.sample(inputs[i], 0.9, 0.95, uniforms=u), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_inputs_are_not_written_to():
    logits, T, P = rows(9, 2, 300, "plain"), torch.tensor([0.5, 1.0]), torch.tensor([0.5, 0.9])
    copies = [x.clone() for x in (logits, T, P)]
    sampling.sample(logits, T, P)
    assert all(torch.equal(x, y) for x, y in zip((logits, T, P), copies, strict=True))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_read_as_fp32(dtype):
    logits = rows(10, 2, 300, "coarse").to(dtype)
    u = torch.tensor([0.3, 0.9], dtype=torch.float64)
    strided = torch.stack([logits, logits + 1], dim=1)[:, 0]
    assert torch.equal(
        sampling.sample(strided, 0.7, 0.9, uniforms=u), sampling.sample(logits.float(), 0.7, 0.9, uniforms=u)
    )


def heads(D: int, H: int, statistics: bool, seed: int = 0) -> sampling.HeadTensors:
    g = torch.Generator().manual_seed(seed)
    extra = torch.randn(H, 5, generator=g)
    if not statistics:
        extra[:, 1:] = 0
    return sampling.HeadTensors(
        weight=torch.randn(2 * H, D, generator=g) / D**0.5,
        bias=torch.randn(2 * H, generator=g) * 0.1,
        temperature_out=torch.randn(H, generator=g) * 0.2,
        temperature_bias=torch.zeros(1),
        top_p_extra=extra * 0.3,
        top_p_out=torch.randn(H, generator=g) * 0.2,
        top_p_bias=torch.ones(1),
        statistics=statistics,
    )


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.7, 1.3), (0.0, 1.0), (1.5, 0.0)])
def test_fused_step_equals_its_parts(statistics, scales):
    logits = rows(12, 7, 2500, "plain")
    hidden = torch.randn(7, 48, generator=torch.Generator().manual_seed(1))
    u = torch.rand(7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    parameters = heads(48, 32, statistics)
    ours, theirs = (
        sampling.decode(
            hidden, logits, parameters, temperature_scale=scales[0], top_p_scale=scales[1], uniforms=u, backend=b
        )
        for b in ("cpu", "reference")
    )
    torch.testing.assert_close(ours.temperature, theirs.temperature, rtol=1e-6, atol=0)
    torch.testing.assert_close(ours.top_p, theirs.top_p, rtol=1e-5, atol=1e-6)
    assert torch.equal(ours.tokens, sampling.sample(logits, ours.temperature, ours.top_p, uniforms=u))
    if 0.0 in scales:
        assert torch.equal(ours.tokens, logits.argmax(-1))


BAD_ROWS = [(float("nan"), "NaN"), (INF, r"\+inf")]


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_bad_rows_are_named(backend):
    for value, words in BAD_ROWS:
        logits = rows(1, 3, 2100, "plain")
        logits[1, 2050] = value
        for call in (sampling.sample, sampling.nucleus, sampling.statistics):
            with pytest.raises(InputError, match=f"row 1 .*{words}"):
                call(logits, 1.0, backend=backend)
    logits = rows(1, 3, 50, "plain")
    logits[2] = -INF
    with pytest.raises(InputError, match="row 2 has no finite entry"):
        sampling.sample(logits, backend=backend)
    negative_nan = torch.tensor([[0.0, float("nan")]])
    negative_nan.view(torch.int32)[0, 1] |= -(2**31)
    with pytest.raises(InputError, match="row 0 holds NaN"):
        sampling.sample(negative_nan, backend=backend)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((torch.zeros(0, 5),), "empty batch"),
        ((torch.zeros(2, 0),), "empty vocabulary"),
        ((torch.zeros(5),), r"two dimensions \[N, V\]"),
        ((torch.zeros(2, 5, dtype=torch.int64),), "floating-point"),
        ((torch.zeros(2, 5), -0.1), "temperature: -0.1"),
        ((torch.zeros(2, 5), torch.tensor([1.0, float("nan")])), "temperature: nan in row 1"),
        ((torch.zeros(2, 5), float("inf")), "temperature: inf"),
        ((torch.zeros(2, 5), torch.ones(3)), r"temperature: shape \[3\]"),
        ((torch.zeros(2, 5), 1.0, 1.01), "top_p: 1.01"),
        ((torch.zeros(2, 5), 1.0, torch.tensor([0.5, -1.0])), "top_p: -1.0 in row 1"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(InputError, match=words):
        sampling.sample(*arguments)


def test_bad_uniforms_heads_and_backends_are_named():
    logits = torch.zeros(2, 5)
    with pytest.raises(InputError, match=r"outside \[0, 1\)"):
        sampling.sample(logits, uniforms=torch.tensor([0.5, 1.0]))
    with pytest.raises(InputError, match="both given"):
        sampling.sample(logits, uniforms=torch.zeros(2), generator=torch.Generator())
    with pytest.raises(InputError, match="width 7, the heads were made for 8"):
        sampling.decode(torch.zeros(2, 7), logits, heads(8, 4, True))
    with pytest.raises(InputError, match="hidden: row 1 holds NaN"):
        sampling.decode(torch.tensor([[0.0] * 8, [float("nan")] * 8]), logits, heads(8, 4, True))
    with pytest.raises(ConfigError, match="banana"):
        sampling.sample(logits, backend="banana")
    with pytest.raises(ConfigError, match="gpu"):
        sampling.sample(logits, backend="gpu")
    with pytest.raises(InputError, match="temperature_scale: -1"):
        sampling.decode(torch.zeros(2, 8), logits, heads(8, 4, True), temperature_scale=-1)


def test_no_writable_cache_folder_is_no_error():
    code = """
import numba.core.caching as caching

def refuse(self, function):
    raise RuntimeError("cannot cache function: no locator available")

caching.CompileResultCacheImpl.__init__ = refuse
import tamsa.kernels.sampling
"""
    subprocess.run([sys.executable, "-c", code], check=True)
