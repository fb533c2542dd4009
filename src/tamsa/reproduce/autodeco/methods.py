"""The strategies that the study compares, and how those with settings are tuned: on validation, or on the test itself.

Legend of shapes: Q problems, n samples of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from tamsa.decoding.baselines import EDT, GREEDY, Chain, Learned, MinP, Permuted, Static, Step, TopNSigma, mean_shift
from tamsa.decoding.rollout import Rollouts, sample_rollouts
from tamsa.reproduce.autodeco.base import encode
from tamsa.reproduce.autodeco.tasks import VOCABULARY, Problem, verify
from tamsa.scoring.passes import pass_at_k

MAX_NEW_TOKENS = 28
_TEMPERATURES = (0.5, 0.75, 1.0, 1.5, 2.0)
_TOP_PS = (0.5, 0.7, 0.85, 1.0)


def static_grid() -> dict[str, Step]:
    """Return greedy and every pair of T and P."""
    grid: dict[str, Step] = {"greedy": GREEDY}
    return grid | {f"T={T} P={P}": Static(T, P) for T in _TEMPERATURES for P in _TOP_PS}


def edt_grid() -> dict[str, Step]:
    """Return EDT over its T0 and theta."""
    return {f"T0={T} theta={theta}": EDT(T, theta) for T in (0.75, 1.0, 1.5, 2.0) for theta in (0.25, 1.0)}


def min_p_grid() -> dict[str, Step]:
    """Return min-p with a temperature behind it."""
    return {f"min_p={p} T={T}": Chain(MinP(p), Static(T)) for p in (0.05, 0.1, 0.2, 0.3) for T in (1.0, 2.0)}


def top_n_sigma_grid() -> dict[str, Step]:
    """Return top-n-sigma with a temperature behind it."""
    return {f"n={n} T={T}": Chain(TopNSigma(n), Static(T)) for n in (0.5, 1.0, 1.5, 2.0) for T in (1.0, 2.0)}


@dataclass(frozen=True, slots=True)
class Sampled:
    """What one strategy did on some problems."""

    num_right: list[int]
    """Of each problem, of n samples."""
    rollouts: Rollouts

    def score(self, k: int, num_samples: int) -> float:
        """Return mean pass@k."""
        return float(pass_at_k(self.num_right, num_samples, k).mean())


def run_method(base: Any, problems: Sequence[Problem], step: Step, num_samples: int, seed: int) -> Sampled:
    """Sample every problem and count right answers."""
    rollouts = sample_rollouts(
        base,
        [encode(problem.prompt.split()) for problem in problems],
        step,
        num_samples=num_samples,
        max_new_tokens=MAX_NEW_TOKENS,
        eos_token_id=base.config.eos_token_id,
        generator=torch.Generator().manual_seed(seed),
    )
    completions = rollouts.completions()
    right = [0] * len(problems)
    for row, (ids, ended) in enumerate(zip(completions, rollouts.ended.tolist(), strict=True)):
        if ended:
            index = row // num_samples
            right[index] += int(verify(" ".join(VOCABULARY[i] for i in ids), problems[index].record))
    return Sampled(right, rollouts)


def tune(
    base: Any, problems: Sequence[Problem], grid: Mapping[str, Step], num_samples: int, ks: Sequence[int], seed: int
) -> dict[int, str]:
    """Return the name of the best setting for each k of pass@k."""
    scores: dict[str, list[float]] = {}
    for name, step in grid.items():
        sampled = run_method(base, problems, step, num_samples, seed)
        scores[name] = [sampled.score(k, num_samples) for k in ks]
    found = {}
    for i, k in enumerate(ks):
        values = {name: scores[name][i] for name in grid}
        found[k] = max(values, key=values.__getitem__)
    return found


def controls_of(heads: Any, base: Any, problems: Sequence[Problem], num_samples: int, seed: int) -> dict[str, Step]:
    """Return MeanShift and permuted (T, P) of some heads, from what they predict on validation problems."""
    rollouts = run_method(base, problems, Learned(heads), num_samples, seed).rollouts
    mask = rollouts.mask
    T, P = rollouts.temperature[mask], rollouts.top_p[mask]
    return {
        "MeanShift": mean_shift(T, P),
        "permuted": Permuted(T, P, torch.Generator().manual_seed(seed)),
    }
