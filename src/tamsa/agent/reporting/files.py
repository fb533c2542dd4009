"""The report files of a run folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tamsa.agent.reporting.markdown import to_markdown
from tamsa.agent.reporting.page import to_html
from tamsa.errors import ConfigError, CorruptError
from tamsa.store import RunFolder, read_json, write_atomic
from tamsa.types import Document, Report

_REPORT = TypeAdapter(Report)


def write_report(folder: RunFolder, report: Report, get_document: Callable[[str], Document | None]) -> None:
    """Write `report.md`, `report.html` and, last, `report.json`, which marks the run as done."""
    steps = [record for record in _steps(folder.path) if record.get("kind") in ("completion", "observation")]
    folder.write("report.md", to_markdown(report))
    folder.write("report.html", to_html(report, get_document, steps))
    folder.write("report.json", json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n")


def _steps(path: Path) -> list[dict[str, object]]:
    with open(path / "steps.jsonl", encoding="utf-8", errors="replace") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def read_report(folder: RunFolder) -> Report | None:
    """Read the report of a finished run, or None where the run is not finished.

    Raises:
        CorruptError: `report.json` is damaged.
    """
    path = folder.path / "report.json"
    if not path.exists():
        return None
    value = read_json(path)
    try:
        usage = value.pop("usage")
        totals = {key: usage.pop(key) for key in ("seconds", "num_steps", "num_calls")}
        usage.pop("total_tokens")
        value.pop("schema_version")
        for finding in value["findings"]:
            finding.pop("disputed")
        return _REPORT.validate_python({**value, **totals, "usage": usage})
    except (ValidationError, KeyError, AttributeError, TypeError) as error:
        raise CorruptError(f"{path}: damaged; delete this file and resume the run to write it anew") from error


def write_pdf(html: str, path: Path) -> None:
    """Print the HTML report to PDF (extra `pdf`).

    Raises:
        ConfigError: weasyprint is not installed.
    """
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise ConfigError('PDF needs weasyprint: pip install "tamsa[pdf]"') from error

    def refuse(url: str, *args: object, **kwargs: object) -> dict[str, object]:
        raise ValueError(f"the report is self-contained, yet asks for {url}")

    document = weasyprint.HTML(string=html, url_fetcher=refuse)
    write_atomic(path, document.write_pdf())
