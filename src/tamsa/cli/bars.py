"""Progress bars for long work; silent when piped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Advance(Protocol):
    """Reports progress: how much is done, of how much, and what to call it."""

    def __call__(self, done: int, total: int | None = None, text: str | None = None) -> None:
        """Show `done` of `total`."""
        ...


def _silent(done: int, total: int | None = None, text: str | None = None) -> None:
    return None


@contextmanager
def progress_bar(console: Console, text: str, *, total: int | None = None, enabled: bool = True) -> Iterator[Advance]:
    """Show a bar with the time left; nothing where the console is no terminal."""
    if not (enabled and console.is_terminal):
        yield _silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(text, total=total)

        def advance(done: int, total: int | None = None, text: str | None = None) -> None:
            progress.update(task, completed=done, total=total, description=None if text is None else escape(text))

        yield advance
