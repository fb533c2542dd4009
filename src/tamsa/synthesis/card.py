"""The data card: what a synthesis has made, from what, what it left out and why: JSON, Markdown, an HTML page."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tamsa.store import write_atomic, write_json
from tamsa.types import SCHEMA_VERSION

NUM_SAMPLES = 3
MAX_SAMPLE_CHARS = 6_000
_LENGTHS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
LENGTH_BINS = (*(f"up to {bound:,}" for bound in _LENGTHS), f"over {_LENGTHS[-1]:,}")
RATE_BINS = ("never", *(f"{low}–{low + 25} %" for low in range(0, 100, 25)), "always")
_BAR = 26
"""Height of a bar of a plot with its gap, in pixels."""


@dataclass
class Distribution:
    """How often each value occurs, in a fixed order."""

    title: str
    counts: Counter[str] = field(default_factory=Counter)
    order: tuple[str, ...] = ()

    def add(self, value: object, by: int = 1) -> None:
        """Count a value."""
        self.counts[str(value)] += by

    def items(self) -> list[tuple[str, int]]:
        """Return values and counts: in the given order, else the most frequent first."""
        rest = sorted((v for v in self.counts if v not in self.order), key=lambda v: (-self.counts[v], v))
        if not self.order and all(value.isdigit() for value in rest):
            rest.sort(key=int)
        return [(value, self.counts[value]) for value in (*(v for v in self.order if v in self.counts), *rest)]


def length_bin(chars: int) -> str:
    """Name the bin of a length in characters."""
    return LENGTH_BINS[sum(chars > bound for bound in _LENGTHS)]


def rate_bin(rate: float) -> str:
    """Name the bin of a pass rate in [0, 1]."""
    if rate in (0.0, 1.0):
        return "never" if rate == 0.0 else "always"
    return RATE_BINS[1 + int(rate * 4)]


@dataclass
class Card:
    """Everything that the card shows. Fill it, then `write` it."""

    title: str
    plan: Mapping[str, Any]
    sources: dict[str, Any] = field(default_factory=dict)
    data_sets: dict[str, int] = field(default_factory=dict)
    """Rows of each file."""
    distributions: dict[str, Distribution] = field(default_factory=dict)
    figures: dict[str, float | int | str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """What was left out, by reason."""
    meanings: Mapping[str, str] = field(default_factory=dict)
    """What reasons mean whose names say too little, for those who read the card."""
    notes: list[str] = field(default_factory=list)
    samples: list[tuple[str, str]] = field(default_factory=list)
    """Headings and texts to read."""

    def count(self, name: str, title: str, value: object, order: Sequence[str] = ()) -> None:
        """Count a value in a distribution, made at its first value."""
        if name not in self.distributions:
            self.distributions[name] = Distribution(title, order=tuple(order))
        self.distributions[name].add(value)

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return {
            "schema_version": SCHEMA_VERSION,
            "title": self.title,
            "plan": dict(self.plan),
            "sources": self.sources,
            "data_sets": self.data_sets,
            "figures": self.figures,
            "distributions": {name: dict(item.items()) for name, item in sorted(self.distributions.items())},
            "left_out": dict(sorted(self.left_out.items())),
            "notes": self.notes,
        }

    def write(self, folder: Path) -> None:
        """Write `card.json`, `README.md` and `card.html`.

        Raises:
            StorageError: they cannot be written.
        """
        write_json(folder / "card.json", self.to_json())
        write_atomic(folder / "README.md", self.front_matter() + self.markdown())
        write_atomic(folder / "card.html", self.page())

    def _figures(self) -> list[tuple[str, object]]:
        """Return the figures in words; fractions are shares."""
        return [
            (name.replace("_", " "), f"{value:.1%}" if isinstance(value, float) else value)
            for name, value in self.figures.items()
        ]

    def _reasons(self) -> list[tuple[str, int]]:
        """Return what was left out with the meaning of each reason."""
        return [
            (f"{name}: {self.meanings[name]}" if name in self.meanings else name, count)
            for name, count in sorted(self.left_out.items())
        ]

    # ------------------------------------------------------------------ Markdown

    def front_matter(self) -> str:
        """Name the data sets in YAML, as the card of a hub does, so that `load_dataset(FOLDER, NAME)` finds each."""
        names = [name for name in self.data_sets if name.endswith(".parquet")]
        if not names:
            return ""
        lines = [f"- config_name: {name.removesuffix('.parquet')}\n  data_files: {name}" for name in names]
        return "\n".join(["---", "configs:", *lines, "---", "", ""])

    def markdown(self) -> str:
        """Return the card as Markdown."""
        lines = [f"# {self.title}", ""]
        lines += _table(("Source", ""), self.sources.items())
        lines += ["## Data sets", "", *_table(("File", "Rows"), self.data_sets.items())]
        lines += ["## Figures", "", *_table(("", ""), self._figures())]
        for item in self.distributions.values():
            lines += [f"## {item.title}", "", *_table(("", "Count"), item.items())]
        lines += ["## Left out", "", *_table(("Reason", "Count"), self._reasons())]
        lines += [*(f"- {note}" for note in self.notes), ""]
        lines += ["## Samples", ""]
        for heading, text in self.samples:
            fence = "~" * max(3, 1 + max((len(run) for run in text.split() if set(run) == {"~"}), default=0))
            lines += [f"### {heading}", "", fence, text, fence, ""]
        return "\n".join(lines) + "\n"

    # ------------------------------------------------------------------ HTML

    def page(self) -> str:
        """Return the card as one self-contained HTML page, with plots as SVG and no script."""
        parts = [f"<h1>{html.escape(self.title)}</h1>"]
        parts.append(_html_table(self.sources.items()))
        parts.append("<h2>Data sets</h2>" + _html_table(self.data_sets.items()))
        if self.figures:
            parts.append("<h2>Figures</h2>" + _html_table(self._figures()))
        if self.notes:
            parts.append("<ul>" + "".join(f"<li>{html.escape(note)}</li>" for note in self.notes) + "</ul>")
        if self.left_out:
            parts.append("<h2>Left out, by reason</h2>" + _html_table(self._reasons()))
        plots = [f"<figure>{_plot(item.title, item.items())}</figure>" for item in self.distributions.values()]
        parts.append(f'<div class="plots">{"".join(plots)}</div>')
        parts.append("<h2>Samples</h2>")
        parts += [
            f"<details><summary>{html.escape(heading)}</summary><pre>{html.escape(text)}</pre></details>"
            for heading, text in self.samples
        ]
        body = "\n".join(parts)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>{html.escape(self.title)}</title><style>{_STYLE}</style></head>'
            f"<body>\n{body}\n</body></html>\n"
        )


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}table{border-collapse:collapse;margin:.5rem 0 1.5rem}td{padding:.15rem 1rem .15rem 0;"
    "border-bottom:1px solid #e4e4e4;vertical-align:top}td+td{font-variant-numeric:tabular-nums}"
    ".plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(26rem,1fr));gap:1rem}"
    "figure{margin:0;padding:.75rem;border:1px solid #e4e4e4;border-radius:6px}svg{width:100%;height:auto}"
    "svg text{font:12px system-ui,sans-serif;fill:currentColor}svg rect{fill:#3b6ea5}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f6f6;padding:.75rem;border-radius:6px}"
    "summary{cursor:pointer;padding:.25rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}td,figure{border-color:#333}"
    "pre{background:#222}svg rect{fill:#6ea3dc}}"
)


def _plot(title: str, items: Sequence[tuple[str, int]]) -> str:
    """Draw a bar chart as SVG."""
    shown = list(items)[:16]
    most = max((count for _, count in shown), default=0) or 1
    rows = []
    for number, (name, count) in enumerate(shown):
        y = 30 + number * _BAR
        width = 200 * count / most
        label = name if len(name) <= 24 else name[:23] + "…"
        rows.append(
            f'<text x="150" y="{y + 14}" text-anchor="end">{html.escape(label)}</text>'
            f'<rect x="158" y="{y}" width="{width:.1f}" height="{_BAR - 6}" rx="2"></rect>'
            f'<text x="{164 + width:.1f}" y="{y + 14}">{count:,}</text>'
        )
    height = 36 + len(shown) * _BAR
    return (
        f'<svg viewBox="0 0 430 {height}" role="img" aria-label="{html.escape(title, quote=True)}">'
        f'<text x="0" y="16" font-weight="600">{html.escape(title)}</text>{"".join(rows)}</svg>'
    )


def _show(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _html_table(items: Iterable[tuple[str, object]]) -> str:
    rows = (f"<tr><td>{html.escape(name)}</td><td>{html.escape(_show(value))}</td></tr>" for name, value in items)
    return f"<table>{''.join(rows)}</table>"


def _table(head: tuple[str, str], items: Iterable[tuple[str, object]]) -> list[str]:
    rows = [f"| {_escape(name)} | {_escape(_show(value))} |" for name, value in items]
    return [f"| {head[0]} | {head[1]} |", "| --- | --- |", *rows, ""] if rows else ["none", ""]


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
