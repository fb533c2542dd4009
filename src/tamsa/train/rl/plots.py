"""The curve of a run: reward of the rollouts, and of held-out prompts, against steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

WINDOW = 10
"""Steps over which the mean is drawn."""


def plot_rewards(records: Sequence[Mapping[str, Any]], path: Path, title: str) -> None:
    """Draw the rewards of a run.

    Args:
        records: of `metrics.jsonl`.
        path: of the PNG.
        title: above the plot.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = [(r["step"], r["reward"]) for r in records if "reward" in r]
    if steps:
        axes.plot(*zip(*steps, strict=True), lw=0.6, alpha=0.4, label="rollouts")
        values = [value for _, value in steps]
        means = [sum(values[max(0, i - WINDOW + 1) : i + 1]) / min(i + 1, WINDOW) for i in range(len(values))]
        axes.plot([step for step, _ in steps], means, label=f"rollouts, mean of {WINDOW} steps")
    held = [(r["step"], r["held_out"]["reward"]) for r in records if "held_out" in r]
    if held:
        axes.plot(*zip(*held, strict=True), "o-", ms=4, label="held out, greedy")
    axes.set(xlabel="step", ylabel="reward", title=title, ylim=(0, 1))
    if steps or held:
        axes.legend()
    aside = path.with_name(f".{path.name}.tmp.png")
    figure.savefig(aside, dpi=120)
    aside.replace(path)
