"""The study's table and plot, from the scores of its seeds.

Legend of shapes: S seeds, Q problems of a seed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tamsa.errors import InputError
from tamsa.reproduce.autodeco.markup import Table
from tamsa.reproduce.autodeco.study import KS, LEARNED
from tamsa.scoring.passes import Array, Interval, pass_at_k, two_level_interval

REWARDED = ("reward heads, k=1", "reward heads, k=8")


@dataclass(frozen=True, slots=True)
class Line:
    """One method."""

    method: str
    scores: dict[int, Interval]
    """pass@k over all problems, by k."""
    kinds: dict[str, float]
    """pass@1 by kind of task."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A difference of two methods, problem by problem."""

    better: str
    worse: str
    k: int
    difference: Interval

    def record(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "clear_of_zero": self.difference.clear_of_zero}


def _values(scores: Sequence[Mapping[str, Any]], method: str, k: int) -> Array:
    """Return pass@k `[S, Q]` of every problem."""
    rows = [pass_at_k(s["counts"][method][str(k)], s["num_samples"], k) for s in scores]
    return np.stack(rows)


def methods_of(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the methods in the order of the table.

    Raises:
        InputError: there are no scores.
    """
    if not scores:
        raise InputError("scores: none, expected those of at least one seed")
    return list(scores[0]["counts"])


def make_lines(scores: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return one line a method."""
    kinds = np.array([s["kinds"] for s in scores])
    found = []
    for method in methods_of(scores):
        values = {k: _values(scores, method, k) for k in KS}
        by_kind = {str(kind): float(values[1][kinds == kind].mean()) for kind in dict.fromkeys(kinds.ravel().tolist())}
        found.append(Line(method, {k: two_level_interval(values[k]) for k in KS}, by_kind))
    return found


def make_claims(scores: Sequence[Mapping[str, Any]]) -> list[Claim]:
    """Return the comparisons that the study is about, at every k."""
    pairs: list[tuple[str, str]] = []
    for learned in LEARNED:
        pairs += [(learned, "T=1"), (learned, f"MeanShift of {learned}"), (learned, f"permuted of {learned}")]
    for rewarded in REWARDED:
        pairs += [
            (rewarded, other)
            for other in (
                "static, tuned",
                "static, oracle",
                "EDT, tuned",
                "min-p, tuned",
                "top-nσ, tuned",
                "AutoDeco, paper's objective",
                "AutoDeco, plain cross-entropy",
            )
        ]
    return [
        Claim(better, worse, k, two_level_interval(_values(scores, better, k) - _values(scores, worse, k)))
        for better, worse in pairs
        for k in KS
    ]


def _shown(interval: Interval, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{100 * interval.mean:{sign}.1f} [{100 * interval.low:{sign}.1f}, {100 * interval.high:{sign}.1f}]"


def methods_table(lines: Sequence[Line], conditions: str = "") -> Table:
    """Return the table of methods, in percent with 95% intervals."""
    kinds = list(lines[0].kinds)
    head = ["method", *(f"pass@{k}" for k in KS), *(f"pass@1, {kind}" for kind in kinds)]
    rows = []
    for line in lines:
        by_kind = (f"{100 * line.kinds[kind]:.1f}" for kind in kinds)
        rows.append([line.method, *(_shown(line.scores[k]) for k in KS), *by_kind])
    return Table(head, rows, conditions)


def claims_table(claims: Sequence[Claim]) -> Table:
    """Return the table of differences, in points with 95% intervals; ✓ and ✗ where 0 is excluded."""
    by_pair: dict[tuple[str, str], dict[int, Interval]] = {}
    for claim in claims:
        by_pair.setdefault((claim.better, claim.worse), {})[claim.k] = claim.difference
    head = ["method", "less", *(f"pass@{k}" for k in KS)]
    rows = []
    for (better, worse), differences in by_pair.items():
        shown = []
        for k in KS:
            interval = differences[k]
            mark = " ✓" if interval.low > 0 else " ✗" if interval.high < 0 else ""
            shown.append(_shown(interval, signed=True) + mark)
        rows.append([better, worse, *shown])
    return Table(head, rows)


def plot(lines: Sequence[Line]) -> bytes:
    """Draw pass@1 and pass@8 of every method with their intervals as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.3 * len(lines) + 1.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(KS), sharey=True)
    places = np.arange(len(lines))[::-1]
    for ax, k in zip(axes, KS, strict=True):
        for place, line in zip(places, lines, strict=True):
            interval = line.scores[k]
            colour = "#b5482a" if line.method in REWARDED else "#356a8a" if line.method in LEARNED else "#777777"
            ax.plot([interval.low, interval.high], [place, place], color=colour, linewidth=2)
            ax.plot(interval.mean, place, "o", color=colour, markersize=5)
        ax.set_xlabel(f"pass@{k}")
        ax.grid(axis="x", alpha=0.3)
        ax.set_yticks(places, [line.method for line in lines])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
