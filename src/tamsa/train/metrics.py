"""What a run writes about itself: `metrics.jsonl`, `loss.png`, `samples.jsonl`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tamsa.errors import ConfigError
from tamsa.store import Journal


def open_record(path: Path, step: int) -> Journal:
    """Open a record of a run for this process alone, without what came after the step of its checkpoint.

    Raises:
        InputError: another process is working on the run.
    """
    journal = Journal(path)
    journal.cut(sum(1 for _ in takewhile(lambda record: record["step"] <= step, journal.records)))
    return journal


class Metrics:
    """An append-only record of a run; a resumed run drops what came after its checkpoint.

    Args:
        folder: of the run.
        step: step of the checkpoint that the run goes on from; 0 for a new run.
        project: of trackio; empty for none.
        about: configuration shown in trackio.

    Raises:
        ConfigError: trackio is wanted and not installed.
        InputError: another process is working on the run.
    """

    def __init__(self, folder: Path, step: int, project: str, about: Mapping[str, Any]) -> None:
        self._journal = open_record(folder / "metrics.jsonl", step)
        self.records: list[dict[str, Any]] = list(self._journal.records)
        self._log: Callable[[Mapping[str, Any]], None] | None = None
        self._finish: Callable[[], None] | None = None
        if project:
            self._open_trackio(project, folder.name, about)

    def _open_trackio(self, project: str, name: str, about: Mapping[str, Any]) -> None:
        try:
            import trackio
        except ImportError as error:
            raise ConfigError(
                f'track.trackio = {project!r}: install it (pip install "tamsa[track]"), or leave it empty'
            ) from error
        trackio.init(
            project=project, name=name, config=dict(about), resume="allow", auto_log_gpu=False, auto_log_cpu=False
        )
        self._log = lambda record: trackio.log(dict(_flat(record)), step=int(record["step"]))
        self._finish = trackio.finish

    def add(self, record: Mapping[str, Any]) -> None:
        """Append one record with `step`."""
        self._journal.append(record)
        self.records.append(dict(record))
        if self._log is not None:
            self._log(record)

    def plot(self, path: Path, title: str) -> None:
        """Draw training and held-out losses against tokens."""
        figure = Figure(figsize=(7, 4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        points = [(r["tokens"], r["loss"]) for r in self.records if "loss" in r]
        if points:
            axes.plot(*zip(*points, strict=True), lw=0.8, alpha=0.7, label="training")
        held: dict[str, list[tuple[int, float]]] = {}
        for record in self.records:
            for name, loss in record.get("held_out", {}).items():
                held.setdefault(name, []).append((record["tokens"], loss))
        for name, values in held.items():
            axes.plot(*zip(*values, strict=True), "o-", ms=3, label=f"held out: {name}")
        axes.set(xlabel="tokens", ylabel="nats per token", title=title)
        if points or held:
            axes.legend()
        temporary = path.with_name(f".{path.name}.tmp.png")
        figure.savefig(temporary, dpi=120)
        temporary.replace(path)

    def close(self) -> None:
        """Release the file."""
        self._journal.close()
        if self._finish is not None:
            with contextlib.suppress(Exception):  # a tracker that fails must not lose a finished run
                self._finish()


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the numbers of a record under names with slashes, without its step, which a tracker counts itself."""
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}/")
        elif key != "step" and isinstance(value, int | float):
            yield f"{prefix}{key}", value
