"""What a strategy is."""

from __future__ import annotations

from typing import Protocol

from tamsa.agent.transcript import Transcript
from tamsa.types import Message


class Strategy(Protocol):
    """Turns a transcript into the prompt of the next completion, as a pure function of its entries."""

    name: str
    instructions: str
    """What the system prompt adds for this strategy."""

    def messages(self, transcript: Transcript) -> list[Message]:
        """Compose the conversation that the model sees next."""
        ...

    def relief(self, transcript: Transcript) -> str | None:
        """Return the request for a summary from which to go on when the context is full, or None."""
        ...
