"""Batches of a fixed number of tokens: sequences laid end to end, each exactly as if it were alone.

Which tokens come when is a pure function of the seed and of a small state, so that a run resumes at the token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tamsa.errors import InputError
from tamsa.train.cache import TokenCache
from tamsa.train.renaming import Renaming

IGNORE = -100
"""Target of a token that does not count."""
LOOKAHEAD = 48
"""Sequences among which the packer looks for one that fits."""
MIN_PART = 64
"""Texts are cut to fill a batch only if both parts keep so many tokens."""


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """Sequences end to end. N tokens, S sequences."""

    ids: torch.Tensor
    """`[1, N]`, int64."""
    targets: torch.Tensor
    """`[N]`, int64: the token that follows, -100 at the end of each sequence."""
    weights: torch.Tensor
    """`[N]`, fp32 in [0, 1]: what the prediction of the target counts; 0 where there is no target."""
    cu_seqlens: torch.Tensor
    """`[S + 1]`, int32, on the CPU always: a model asks for the numbers before it computes."""

    @property
    def num_tokens(self) -> int:
        """Tokens in the batch."""
        return self.ids.shape[1]

    @property
    def positions(self) -> torch.Tensor:
        """`[1, N]` positions that restart with each sequence."""
        bounds = self.cu_seqlens.long()
        starts = torch.repeat_interleave(bounds[:-1], bounds.diff())
        return (torch.arange(self.num_tokens) - starts)[None].to(self.ids.device)

    def to(self, device: torch.device) -> PackedBatch:
        """Move the batch."""
        if device == self.ids.device:
            return self
        return PackedBatch(self.ids.to(device), self.targets.to(device), self.weights.to(device), self.cu_seqlens)


@dataclass(frozen=True, slots=True)
class Feed:
    """One source as the packer sees it."""

    cache: TokenCache
    weight: float
    join: bool = False
    context_weight: float = 1.0
    """Weight of tokens that the model did not write."""
    copied_weight: float = 1.0
    """Weight of tokens of a reading that an earlier choice had settled."""
    items: np.ndarray[Any, Any] | None = None
    """Indices of the items to use; None for all."""
    renaming: Renaming | None = None
    """Of the tokens of conversations; None: they stand as they are."""


Segment = tuple[int, int, int]
"""Item, first token, token after the last."""


@dataclass
class _Cursor:
    epoch: int = 0
    position: int = 0
    offset: int = 0
    """Tokens of the present item that are used up."""
    served: int = 0


@dataclass
class Packer:
    """Draws sequences from a mixture and packs them.

    Args:
        feeds: the sources.
        seed: of the order of the items.
        context_length: longest sequence; longer texts are cut into several, longer conversations left out.
        batch_tokens: tokens of a batch, at least the context length. Texts fill it; conversations are never cut.

    Raises:
        InputError: the numbers do not fit, or no item of a source can be used.
    """

    feeds: Sequence[Feed]
    seed: int
    context_length: int
    batch_tokens: int
    _cursors: list[_Cursor] = field(init=False)
    _waiting: list[tuple[int, list[Segment]]] = field(init=False, default_factory=list)
    _orders: dict[int, tuple[int, np.ndarray[Any, Any]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._cursors = [_Cursor() for _ in self.feeds]
        self.set_context(self.context_length)

    def set_context(self, context_length: int) -> None:
        """Change the length of the sequences drawn from now on."""
        if not 2 <= context_length <= self.batch_tokens:
            raise InputError(f"context = {context_length}; give 2 to batch.micro_tokens = {self.batch_tokens}")
        self.context_length = context_length
        for feed in self.feeds:
            if feed.cache.is_chat:
                lengths = feed.cache.lengths if feed.items is None else feed.cache.lengths[feed.items]
                if not (lengths <= context_length).any():
                    raise InputError(
                        f"{feed.cache.about['source']}: its shortest conversation has {int(lengths.min()):,} tokens, "
                        f"context = {context_length:,}; raise the context or shorten the samples"
                    )

    def state(self) -> dict[str, Any]:
        """Return where the packer stands, as JSON."""
        cursors = [[c.epoch, c.position, c.offset, c.served] for c in self._cursors]
        return {"cursors": cursors, "waiting": [[feed, segments] for feed, segments in self._waiting]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a state."""
        self._cursors = [_Cursor(*values) for values in state["cursors"]]
        self._waiting = [(feed, [(a, b, c) for a, b, c in segments]) for feed, segments in state["waiting"]]

    @property
    def epochs(self) -> list[float]:
        """Passes made over each source."""
        return [c.epoch + c.position / max(1, len(self._order(i))) for i, c in enumerate(self._cursors)]

    def _order(self, index: int) -> np.ndarray[Any, Any]:
        epoch = self._cursors[index].epoch
        known = self._orders.get(index)
        if known is None or known[0] != epoch:
            feed = self.feeds[index]
            items = np.arange(len(feed.cache)) if feed.items is None else feed.items
            order = np.random.default_rng((self.seed, index, epoch)).permutation(items)
            known = self._orders[index] = (epoch, order)
        return known[1]

    def _draw(self) -> tuple[int, list[Segment]]:
        """Take the next sequence of the source that is furthest behind its share."""
        index = min(range(len(self.feeds)), key=lambda i: self._cursors[i].served / self.feeds[i].weight)
        segments = self._next(index)
        self._cursors[index].served += _length(segments)
        return index, segments

    def _next(self, index: int) -> list[Segment]:
        feed, cursor = self.feeds[index], self._cursors[index]
        segments: list[Segment] = []
        room = self.context_length
        while room:
            order = self._order(index)
            if cursor.position >= len(order):
                cursor.epoch, cursor.position = cursor.epoch + 1, 0
                continue
            item = int(order[cursor.position])
            length = feed.cache.length(item)
            if feed.cache.is_chat:
                cursor.position += 1
                if length <= self.context_length:
                    return [(item, 0, length)]
                continue
            end = min(length, cursor.offset + room)
            segments.append((item, cursor.offset, end))
            room -= end - cursor.offset
            cursor.offset = end
            if end == length:
                cursor.position, cursor.offset = cursor.position + 1, 0
            if not feed.join:
                break
        return segments

    def __iter__(self) -> Iterator[PackedBatch]:
        while True:
            yield self.next_batch()

    def next_batch(self) -> PackedBatch:
        """Pack one batch: of the sequences at hand the longest that fits, oldest first among equals."""
        chosen: list[tuple[int, list[Segment]]] = []
        room = self.batch_tokens
        while room > 1:
            while len(self._waiting) < LOOKAHEAD:
                self._waiting.append(self._draw())
            best = self._best(room)
            if best is not None:
                feed, segments = self._waiting.pop(best)
                chosen.append((feed, segments))
                room -= _length(segments)
                continue
            cut = self._cut(room)
            if cut is None:
                break
            chosen.append(cut)
            room -= _length(cut[1])
        return self._build(chosen)

    def _best(self, room: int) -> int | None:
        """Choose a waiting sequence: the oldest as long as any fits, else short ones would wait for ever; then the
        longest that fits; None where none does.
        """
        lengths = [_length(segments) for _, segments in self._waiting]
        if room > self.context_length and room >= lengths[0]:  # one from before the context fell may be longer
            return 0
        return max((n for n, length in enumerate(lengths) if length <= room), key=lengths.__getitem__, default=None)

    def _cut(self, room: int) -> tuple[int, list[Segment]] | None:
        """Take the first `room` tokens of a waiting text, if both parts stay worth reading."""
        if room < MIN_PART:
            return None
        for n, (feed, segments) in enumerate(self._waiting):
            if self.feeds[feed].cache.is_chat or _length(segments) - room < MIN_PART:
                continue
            first: list[Segment] = []
            rest: list[Segment] = []
            for item, start, end in segments:
                middle = min(end, start + room - _length(first))
                if middle > start:
                    first.append((item, start, middle))
                if middle < end:
                    rest.append((item, middle, end))
            self._waiting[n] = (feed, rest)
            return feed, first
        return None

    def _build(self, chosen: Sequence[tuple[int, Sequence[Segment]]]) -> PackedBatch:
        return build_batch([(self.feeds[feed], segments) for feed, segments in chosen])


def build_batch(chosen: Sequence[tuple[Feed, Sequence[Segment]]]) -> PackedBatch:
    """Lay sequences end to end."""
    ids: list[np.ndarray[Any, Any]] = []
    weights: list[np.ndarray[Any, Any]] = []
    bounds = [0]
    for feed, segments in chosen:
        for segment in segments:
            tokens, marks = feed.cache.span(*segment)
            if feed.renaming is not None and marks is not None:
                tokens = feed.renaming(tokens, segment[0])
            ids.append(tokens.astype(np.int64))
            if marks is None:
                weights.append(np.ones(len(tokens), np.float32))
            else:
                weights.append(np.array((feed.context_weight, 1.0, feed.copied_weight), np.float32)[marks])
        bounds.append(bounds[-1] + _length(segments))
    flat = torch.from_numpy(np.concatenate(ids))
    weight = torch.from_numpy(np.concatenate(weights))
    targets = torch.cat([flat[1:], flat.new_full((1,), IGNORE)])
    weight = torch.cat([weight[1:], weight.new_zeros(1)])
    last = torch.tensor(bounds[1:]) - 1
    targets[last] = IGNORE
    weight[last] = 0.0
    return PackedBatch(flat[None], targets, weight, torch.tensor(bounds, dtype=torch.int32))


def _length(segments: Sequence[Segment]) -> int:
    return sum(end - start for _, start, end in segments)


def split_items(cache: TokenCache, held_out: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Choose the items for training and those for the held-out loss, the same ones in every run.

    Raises:
        InputError: the share is out of range, or leaves nothing to train on.
    """
    if not 0.0 <= held_out <= 0.5:
        raise InputError(f"held_out = {held_out}; give a share in [0, 0.5]")
    count = len(cache)
    kept = int(np.ceil(count * held_out)) if held_out and count > 1 else 0
    order = np.random.default_rng(0).permutation(count)
    return np.sort(order[kept:]), np.sort(order[:kept])


def held_out_batches(
    feed: Feed, items: np.ndarray[Any, Any], context_length: int, batch_tokens: int, max_tokens: int
) -> list[PackedBatch]:
    """Pack the held-out items of a source, each cut to the context length, up to `max_tokens` tokens."""
    batches: list[PackedBatch] = []
    chosen: list[tuple[Feed, Sequence[Segment]]] = []
    room, left = batch_tokens, max_tokens
    for item in items.tolist():
        length = min(feed.cache.length(item), context_length, left)
        if length < 2:
            break
        if length > room:
            batches.append(build_batch(chosen))
            chosen, room = [], batch_tokens
        chosen.append((feed, [(item, 0, length)]))
        room -= length
        left -= length
    return [*batches, build_batch(chosen)] if chosen else batches
