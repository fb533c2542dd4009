"""`iter`: each turn the model sees a small workspace instead of the history.

IterResearch (arXiv 2510.24701, section 2): the workspace holds the question, the evolving report
S_{t-1}, the last action and its observation; the model writes S_t, its thought and the next action.
The context stays the same size however long the run.
"""

from __future__ import annotations

import re

from tamsa.agent.react import render_call, render_observations
from tamsa.agent.strategies.react import opening
from tamsa.agent.transcript import Notice, Observed, Said, Transcript
from tamsa.types import Message

MAX_REPORT_CHARS = 12_000
_REPORT = re.compile(r"<report>(.*?)(?:</report>|\Z)", re.DOTALL)
_REMINDER = "You wrote no <report>…</report> in your last turn; the report above is an older one. Write it anew."


class Iterative:
    """Question, report, last action, last observation."""

    name = "iter"
    instructions = (
        "\n\n# Your workspace\n"
        "You see only the question, your report and the result of your last action; everything else is forgotten. "
        "So in every turn write, after your thought, <report>…</report>: all that is established, each fact with the "
        "document id and the exact quote that carries it; which documents and queries are done; what is still open. "
        "Then write a tool call or the answer."
    )

    def __init__(self, native: bool) -> None:
        self._read = 0
        self._report = ""
        self._reported = 0
        self._step = 0

    def messages(self, transcript: Transcript) -> list[Message]:
        """Compose the workspace."""
        for entry in transcript.entries[self._read :]:
            if isinstance(entry, Said):
                self._step = entry.step
                if match := _REPORT.search(entry.rest):
                    self._report = match[1].strip()[:MAX_REPORT_CHARS]
                    self._reported = entry.step
        self._read = len(transcript.entries)
        system, question = opening(transcript)
        parts = [question.content]
        if self._report:
            parts.append(f"<report>\n{self._report}\n</report>")
        tail = transcript.entries[self._last_turn(transcript) :]
        for entry in tail:
            if isinstance(entry, Said):
                actions = "\n".join(render_call(call.name, call.arguments) for call in entry.calls)
                parts.append(f"Your last action:\n{actions}" if actions else f"Your last turn:\n{entry.text}")
            elif isinstance(entry, Observed):
                parts.append(render_observations([item.text for item in entry.observations]))
            elif isinstance(entry, Notice):
                parts.append(entry.text)
        if self._step > self._reported:
            parts.append(_REMINDER)
        return [system, Message("user", "\n\n".join(parts))]

    @staticmethod
    def _last_turn(transcript: Transcript) -> int:
        for index in range(len(transcript.entries) - 1, -1, -1):
            if isinstance(transcript.entries[index], Said):
                return index
        return 0

    def relief(self, transcript: Transcript) -> str | None:
        """Offer none: the workspace does not grow."""
        return None
