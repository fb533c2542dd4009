"""The person at the terminal: reviews a plan, answers a question."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tamsa.cli.live import LiveSteps
from tamsa.cli.screen import Screen, literal
from tamsa.errors import ConfigError
from tamsa.tools import Offer, ask_tool

_HELP = "# Edit the plan: one step or hypothesis a line. Save and close to go on. Lines with # are left out.\n"


def _edit(text: str) -> str:
    """Let the person edit a text in `$VISUAL` or `$EDITOR`, else `vi`.

    Raises:
        ConfigError: the editor cannot be started or fails.
    """
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.md"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*editor, str(path)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ConfigError(f"EDITOR = {' '.join(editor)!r}: cannot edit the plan ({error})") from error
        return path.read_text(encoding="utf-8", errors="replace")


class Person:
    """Stands between the agent and whoever sits at the terminal.

    Args:
        live: the live display, which pauses while the person is asked.
        console: where questions are shown.
        review_plan: whether the plan is to be reviewed.
        ask: whether the agent may ask a question.
    """

    def __init__(self, live: LiveSteps, console: Screen, *, review_plan: bool, ask: bool) -> None:
        self._live = live
        self._console = console
        self.review_plan = review_plan
        self._offer = Offer((ask_tool(self.answer),) if ask else ())

    def offer(self) -> Offer:
        """Offer the tool with which the agents ask, if they may; all together they ask once."""
        return self._offer

    def edit_plan(self, plan: str) -> str:
        """Open the plan in the person's editor; closing it unchanged accepts it."""
        with self._live.paused():
            edited = _edit(_HELP + literal(plan) + "\n")
        lines = edited.splitlines()
        return "\n".join(line for line in lines if not line.startswith("#"))

    def answer(self, question: str) -> str:
        """Show a question and read the answer."""
        with self._live.paused():
            self._console.print(f"The agent asks: {question}", style="bold", markup=False)
            try:
                return input("> ")
            except EOFError:
                return ""
