"""The curve of a whole making: loss against all tokens read so far, stage after stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tamsa.store import read_jsonl

_OWN = "/generated"
"""End of the name of a loss on what the model writes itself."""


def plot_curve(
    stages: Sequence[tuple[str, Path]], path: Path, rounds: Mapping[str, Mapping[str, Any]] | None = None
) -> None:
    """Draw training loss and the held-out loss of the model's own turns against tokens; the time runs on over stages.

    Args:
        stages: name and run folder of each stage of packed training, in order.
        path: of the PNG.
        rounds: records of the stages that are rounds; their probe is drawn too, where the round begins and ends.
    """
    figure = Figure(figsize=(9.5, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    probe = axes.twinx() if rounds else None
    start = 0
    for number, (name, folder) in enumerate(stages):
        records = list(read_jsonl(folder / "metrics.jsonl"))
        colour = f"C{number}"
        losses = [((start + r["tokens"]) / 1e6, r["loss"]) for r in records if "loss" in r]
        own: dict[str, list[tuple[float, float]]] = {}
        for r in records:
            for source, loss in r.get("held_out", {}).items():
                if source.endswith(_OWN):
                    own.setdefault(source.removesuffix(_OWN), []).append(((start + r["tokens"]) / 1e6, loss))
        if losses:
            axes.plot(*zip(*losses, strict=True), lw=0.9, alpha=0.6, color=colour, label=f"{name}: training, weighted")
        for mark, (source, points) in zip("os^v*", sorted(own.items()), strict=False):
            axes.plot(*zip(*points, strict=True), f"{mark}-", ms=4, color=colour, label=f"own turns, {source}")
        end = start + max((r["tokens"] for r in records), default=0)
        if probe is not None and rounds and name in rounds:
            good = rounds[name]["change"]["good"]
            probe.errorbar(
                (start / 1e6, end / 1e6),
                (100 * good["before"], 100 * good["after"]),
                (0, 100 * good["difference_se"]),
                fmt="D--",
                ms=4,
                color=colour,
            )
            probe.set(ylabel="probe of the rounds: good readings, %", ylim=(0, 100))
        start = end
    axes.set(xlabel="million tokens", ylabel="nats per token", yscale="log", title="nano, stage after stage")
    axes.grid(alpha=0.3, which="both")
    figure.legend(fontsize=6.5, loc="outside lower center", ncols=4)
    temporary = path.with_name(f".{path.name}.tmp.png")
    figure.savefig(temporary, dpi=110)
    temporary.replace(path)
