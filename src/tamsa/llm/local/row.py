"""Completions under way, and the rows of the engine's batch that they share for as long as they agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tamsa.llm.local.requests import Outcome, Request, is_looping
from tamsa.types import FinishReason


@dataclass(eq=False, slots=True)
class Draft:
    """A completion under way: what was drawn, and what it may draw next."""

    request: Request
    reused: int = 0
    """Tokens of the prompt that were not read for it."""
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    model_logprobs: list[float] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)
    top_ps: list[float] = field(default_factory=list)
    allowed: list[tuple[int, ...]] = field(default_factory=list)

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


@dataclass(eq=False, slots=True)
class Row:
    """One row of the engine's batch, for all completions with the same prompt that have said the same so far."""

    drafts: list[Draft]
    """At least one; their prompts and their tokens are equal."""
    state: Any = None
    """What it has read, while it stands outside the batch."""
    position: int = 0
    """Tokens read, of the prompt and what came after it."""
    mark: int = 0
    """Where to keep the state on the way; see `Opened`."""

    @property
    def prompt(self) -> list[int]:
        """The prompt's tokens."""
        return self.drafts[0].request.prompt_ids

    @property
    def length(self) -> int:
        """Tokens known so far, of the prompt and after it."""
        return len(self.prompt) + len(self.drafts[0].ids)

    def known(self, start: int, end: int) -> list[int]:
        """Return a stretch of them."""
        prompt, before = self.prompt, len(self.prompt)
        return [*prompt[start:end], *self.drafts[0].ids[max(0, start - before) : max(0, end - before)]]

    def parted(self, drafts: Iterable[Draft]) -> list[list[Draft]]:
        """Group some of its drafts, which may have taken tokens, by what they say now."""
        read = self.position - len(self.prompt)
        groups: dict[tuple[int, ...], list[Draft]] = {}
        for draft in drafts:
            groups.setdefault(tuple(draft.ids[read:]), []).append(draft)
        return list(groups.values())
