"""A completion under way: what is known of it, and what it may draw next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tamsa.llm.local.requests import Outcome, Request, is_looping
from tamsa.types import FinishReason


@dataclass(eq=False, slots=True)
class Row:
    """One row of the engine's batch."""

    request: Request
    state: Any = None
    position: int = 0
    """Tokens read, of the prompt and what came after it."""
    reused: int = 0
    mark: int = 0
    """Where to keep the state on the way; see `Opened`."""
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    model_logprobs: list[float] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)
    top_ps: list[float] = field(default_factory=list)
    allowed: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Tokens known so far, of the prompt and after it."""
        return len(self.request.prompt_ids) + len(self.ids)

    def known(self, start: int, end: int) -> list[int]:
        """Return a stretch of them."""
        before = len(self.request.prompt_ids)
        return [*self.request.prompt_ids[start:end], *self.ids[max(0, start - before) : max(0, end - before)]]

    def may_draw(self) -> tuple[int, ...] | None:
        """Return the tokens that may come next; None for all."""
        return None if self.request.allowed is None else tuple(self.request.allowed(self.ids))

    def take(self, token: int, logprob: float, model_logprob: float, allowed: tuple[int, ...] | None) -> None:
        """Add the next token."""
        self.ids.append(token)
        self.logprobs.append(logprob)
        self.model_logprobs.append(model_logprob)
        if allowed is not None:
            self.allowed.append(allowed)

    def ending(self) -> FinishReason | None:
        """Tell whether the token that was just taken ends the completion, and how."""
        request, token = self.request, self.ids[-1]
        if token in request.end_ids or (request.on_token is not None and request.on_token(token)):
            return "stop"
        return "length" if len(self.ids) >= request.max_tokens or is_looping(self.ids) else None

    def outcome(self, finish: FinishReason) -> Outcome:
        """Return what the completion came to."""
        return Outcome(
            self.ids,
            self.logprobs,
            self.model_logprobs,
            self.temperatures,
            self.top_ps,
            finish,
            self.reused,
            self.allowed,
        )
