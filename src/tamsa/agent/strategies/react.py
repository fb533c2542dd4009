"""`react`: the model sees everything it has said and seen, until the context is full.

Then it writes a summary and goes on from that (ReSum, as described in arXiv 2510.24701, section 2).
"""

from __future__ import annotations

from collections.abc import Iterable

from tamsa.agent.react import render_observations
from tamsa.agent.transcript import Entry, Notice, Observed, Said, Summary, Transcript
from tamsa.types import Message

_SUMMARISE = (
    "Your context is nearly full. Write a summary to go on from: what is established, each fact with the document id "
    "and the exact quote that carries it; what was tried in vain; what is still open and the next step you plan. "
    "Write the summary alone, without tags. All earlier messages will be removed."
)


def opening(transcript: Transcript) -> list[Message]:
    """Begin a conversation: the system prompt and the question."""
    return [Message("system", transcript.system), Message("user", transcript.question)]


def render(entry: Entry, *, native: bool) -> Iterable[Message]:
    """Write an entry as messages: observations as `tool` messages for native tools, else as user text."""
    match entry:
        case Said(text=text, calls=calls):
            yield Message("assistant", text, tool_calls=calls if native else ())
        case Observed(observations=observations) if native:
            for item in observations:
                yield Message("tool", item.text, tool_call_id=item.call.id, name=item.call.name, data=item.data)
        case Observed(observations=observations):
            yield Message("user", render_observations([item.text for item in observations]))
        case Notice(text=text):
            yield Message("user", text)


class React:
    """The whole conversation since the last summary."""

    name = "react"
    instructions = ""

    def __init__(self, native: bool) -> None:
        self._native = native
        self._messages: list[Message] = []
        self._rendered = 0

    def messages(self, transcript: Transcript) -> list[Message]:
        """Return the conversation; each entry is rendered once."""
        if not self._messages:
            self._messages = opening(transcript)
        for entry in transcript.entries[self._rendered :]:
            if isinstance(entry, Summary):
                system, question = opening(transcript)
                begin = f"{question.content}\n\nYour summary of the research so far:\n{entry.text}"
                self._messages = [system, Message("user", begin)]
            else:
                self._messages.extend(render(entry, native=self._native))
        self._rendered = len(transcript.entries)
        return self._messages

    def relief(self, transcript: Transcript) -> str | None:
        """Ask for a summary, unless nothing has been observed since the last one."""
        for entry in reversed(transcript.entries):
            if isinstance(entry, Observed):
                return _SUMMARISE
            if isinstance(entry, Summary):
                return None
        return None
