"""Live progress in the terminal: the agent's steps, and a bar while documents are indexed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any

from rich.status import Status
from rich.text import Text

from tamsa.cli.screen import Screen, literal

MAX_LINE = 160


def _short(text: str, limit: int = MAX_LINE) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


class LiveSteps(AbstractContextManager["LiveSteps"]):
    """Prints each step of a run as it is made; silent when `enabled` is False.

    Everything shown passes as literal text: a document cannot colour or move the terminal.
    """

    def __init__(self, console: Screen, *, enabled: bool) -> None:
        self._console = console
        self._enabled = enabled
        self._written = 0
        self._noted: set[str] = set()
        self._status: Status | None = None

    def __enter__(self) -> LiveSteps:
        if self._enabled and self._console.is_terminal:
            self._status = self._console.status("thinking…", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the spinner while something else uses the terminal."""
        if self._status is not None:
            self._status.stop()
        yield
        if self._status is not None:
            self._status.start()

    def note(self, text: str) -> None:
        """Show a line that is no step, once; shown even when the steps are not."""
        if text in self._noted:
            return
        self._noted.add(text)
        self._console.print(f"note: {text}", style="yellow", markup=False, highlight=False)

    def __call__(self, record: Mapping[str, Any]) -> None:
        """Show a journal record."""
        if record["kind"] == "note":
            self.note(record["text"])
        if not self._enabled:
            return
        match record["kind"]:
            case "delta":
                self._written += len(record["text"])
                self._say(f"writing… {self._written:,} characters")
            case "completion":
                self._written = 0
                if record["thought"]:
                    self._print(f"{record['step']:>3}  ", "bold", record["thought"], "italic")
                for call in record["calls"]:
                    self._print("     → ", "cyan", f"{call['name']} {self._arguments(call['arguments'])}", "cyan")
                self._say("working…")
            case "observation":
                self._print("     ← ", "dim", self._outcome(record), "red" if record["error"] else "dim")
                self._say("thinking…")
            case "nudge":
                self._print("     ! ", "yellow", record["text"], "yellow")
            case "force":
                self._print("     ! ", "yellow", f"answering now: {record['reason']}", "yellow")

    def _say(self, text: str) -> None:
        if self._status is not None:
            self._status.update(text)

    def _print(self, head: str, head_style: str, text: str, style: str) -> None:
        width = max(40, min(MAX_LINE, self._console.width - len(head)))
        self._console.print(Text.assemble((head, head_style), (_short(literal(text), width), style)))

    @staticmethod
    def _arguments(arguments: Mapping[str, Any]) -> str:
        return " · ".join(
            "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            for value in arguments.values()
            if value
        )

    @staticmethod
    def _outcome(record: Mapping[str, Any]) -> str:
        data = record["data"]
        if isinstance(data, dict) and not record["error"]:
            if "pages" in data:
                return "read " + "; ".join(page["title"] for page in data["pages"] if not page["error"])
            if "results" in data:
                found = list(dict.fromkeys(hit["title"] for result in data["results"] for hit in result["hits"]))
                return f"found {len(found)}: " + "; ".join(found[:6])
            if "matches" in data:
                return f"{data['total']} matches"
        return str(record["text"])
