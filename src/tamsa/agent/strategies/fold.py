"""`fold`: the model folds ranges of finished steps into one line each, when it sees fit.

AgentFold (named in arXiv 2510.24701, section 2): recent steps stay whole, older ones live on as lines
that the model wrote itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.agent.strategies.react import opening, render
from tamsa.agent.transcript import Notice, Observed, Said, Summary, Transcript
from tamsa.types import Message

MAX_LINE_CHARS = 1_500
_FOLD = re.compile(
    r"""<fold\s+steps\s*=\s*["']?(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?["']?\s*>"""
    r"([^<]*+(?:<(?!/?fold\b)[^<]*+)*)</fold>"  # up to the next tag of its kind, in linear time
)
_SUMMARISE = (
    "Your context is nearly full. Write one paragraph into which all steps so far are folded: what is established, "
    "with document ids and exact quotes; what was tried in vain; what is open. Write the paragraph alone."
)


@dataclass(frozen=True, slots=True)
class _Line:
    first: int
    last: int
    text: str


class Fold:
    """The conversation with folded ranges."""

    name = "fold"
    instructions = (
        "\n\n# Folding\n"
        "Each result names its step. When steps are done with, fold them into one line in any later turn: "
        '<fold steps="2-5">what they established, with document ids and exact quotes</fold>. '
        "The folded steps vanish from your context and the line stays. Fold often; a step that led nowhere folds "
        "into a few words."
    )

    def __init__(self, native: bool) -> None:
        self._native = native
        self._read = 0
        self._lines: list[_Line] = []

    def messages(self, transcript: Transcript) -> list[Message]:
        """Compose the conversation: folded lines, then the steps that are still whole."""
        for entry in transcript.entries[self._read :]:
            if isinstance(entry, Said):
                for match in _FOLD.finditer(entry.rest):
                    self._fold(int(match[1]), int(match[2] or match[1]), match[3], before=entry.step)
            elif isinstance(entry, Summary):
                last = max((e.step for e in transcript.entries if isinstance(e, Said)), default=0)
                self._fold(1, last, entry.text, before=last + 1)
        self._read = len(transcript.entries)
        messages = opening(transcript)
        shown = 0
        step = 0
        for entry in transcript.entries:
            if isinstance(entry, Said | Observed):
                step = entry.step
            line = next((line for line in self._lines if line.first <= step <= line.last), None)
            if line is not None and not (isinstance(entry, Notice) and entry is transcript.entries[-1]):
                if shown < line.first:
                    span = f"Step {line.first}" if line.first == line.last else f"Steps {line.first}–{line.last}"
                    messages.append(Message("user", f"[{span}, folded] {line.text}"))
                    shown = line.last
                continue
            messages.extend(render(entry, native=self._native))
            if isinstance(entry, Observed):
                messages[-1] = self._named(messages[-1], step)
        return messages

    def _named(self, message: Message, step: int) -> Message:
        return Message(
            message.role,
            f"[step {step}]\n{message.content}",
            tool_call_id=message.tool_call_id,
            name=message.name,
            data=message.data,
        )

    def _fold(self, first: int, last: int, text: str, *, before: int) -> None:
        """Fold a range of finished steps; lines inside it are swallowed, overlaps widen it."""
        first, last = max(1, first), min(last, before - 1)
        words = " ".join(text.split())[:MAX_LINE_CHARS]
        if first > last or not words:
            return
        touching = [line for line in self._lines if line.first <= last and first <= line.last]
        first = min([first, *(line.first for line in touching)])
        last = max([last, *(line.last for line in touching)])
        self._lines = sorted(
            [line for line in self._lines if line not in touching] + [_Line(first, last, words)],
            key=lambda line: line.first,
        )

    def relief(self, transcript: Transcript) -> str | None:
        """Fold everything at once if the model did not fold in time."""
        whole = [e for e in transcript.entries if isinstance(e, Observed) and not self._covers(e.step)]
        return _SUMMARISE if whole else None

    def _covers(self, step: int) -> bool:
        return any(line.first <= step <= line.last for line in self._lines)
