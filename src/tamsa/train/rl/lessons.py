"""What a step learns from: the runs that were better or worse than others of their prompt, laid out for a model.

Legend of shapes: N tokens of a row, M drawn tokens in it, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tamsa.models import Forest
from tamsa.scoring.rewards import UNANSWERED
from tamsa.train.rl.objective import leave_one_out, mask_of
from tamsa.train.rl.recipe import ObjectiveSettings, RolloutSettings
from tamsa.train.rl.rollouts import Drawn, Rollout

CHUNK = 1024
"""Drawn tokens whose logits exist at a time."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A stretch of a run with what its run earned beyond its group."""

    drawn: Drawn
    advantage: float


def lessons_of(
    groups: Sequence[Sequence[Rollout]], settings: ObjectiveSettings, micro_tokens: int
) -> tuple[list[Lesson], int]:
    """Turn groups of rollouts into lessons; groups whose runs all earned the same give none.

    Returns:
        The lessons, and how many runs or stretches were left out of the loss.
    """
    lessons, left_out = [], 0
    for group in groups:
        advantages = leave_one_out([rollout.reward.value for rollout in group])
        for rollout, advantage in zip(group, advantages, strict=True):
            if advantage == 0.0:
                continue
            if settings.leave_out_unanswered and rollout.reward.outcome == UNANSWERED:
                left_out += 1
                continue
            kept = [drawn for drawn in rollout.drawn if len(drawn.ids) <= micro_tokens]
            left_out += len(rollout.drawn) - len(kept)
            lessons += [Lesson(drawn, advantage) for drawn in kept if drawn.positions]
    return lessons, left_out


def right_ones(groups: Sequence[Sequence[Rollout]], micro_tokens: int) -> list[Lesson]:
    """Return the runs that were right, whatever the others of their group were: each weighs 1."""
    return [
        Lesson(drawn, 1.0)
        for group in groups
        for rollout in group
        if rollout.reward.value >= 0.5
        for drawn in rollout.drawn
        if drawn.positions and len(drawn.ids) <= micro_tokens
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """Lessons of one forward pass."""

    forest: Forest
    is_shared: bool
    """Whether what lessons have in common stands once."""
    at: Tensor
    """`[M]`: the token whose state predicts each drawn one."""
    targets: Tensor
    """`[M]`: the drawn tokens."""
    T: Tensor
    """`[M]`: temperature they were drawn at."""
    P: Tensor
    """`[M]`: top-p, likewise."""
    logprobs: Tensor
    """`[M]`: under the distribution they were drawn from."""
    advantages: Tensor
    """`[M]`"""
    allowed: tuple[tuple[int, ...], ...]
    """M: the tokens that each could be; an empty one where it could be any."""

    @classmethod
    def of(
        cls, lessons: Sequence[Lesson], settings: RolloutSettings, device: torch.device, *, is_shared: bool = True
    ) -> Row:
        """Lay lessons out.

        Args:
            lessons: of one forward pass.
            settings: temperature and top-p where the model did not choose its own.
            device: of the model.
            is_shared: what lessons have in common stands once; only a Kimi Linear can read that.
        """
        drawn = [lesson.drawn for lesson in lessons]
        forest = (Forest.grow if is_shared else Forest.apart)([d.ids for d in drawn])
        fixed_T, fixed_P = settings.temperature, settings.top_p
        values = {
            "targets": [d.ids[p] for d in drawn for p in d.positions],
            "T": [t for d in drawn for t in (d.temperatures or (fixed_T,) * len(d.positions))],
            "P": [p for d in drawn for p in (d.top_ps or (fixed_P,) * len(d.positions))],
            "logprobs": [value for d in drawn for value in d.logprobs],
            "advantages": [lesson.advantage for lesson in lessons for _ in lesson.drawn.positions],
        }
        return cls(
            forest,
            is_shared,
            torch.cat([forest.places(n)[torch.tensor(d.positions) - 1] for n, d in enumerate(drawn)]).to(device),
            **{name: torch.tensor(value, device=device) for name, value in values.items()},
            allowed=tuple(tokens for d in drawn for tokens in (d.allowed or ((),) * len(d.positions))),
        )

    def packed(self) -> dict[str, Tensor | Sequence[int]]:
        """Return `input_ids` `[1, N]` with what tells a model where sequences begin: segments and their parents where
        lessons share any, else positions that restart.
        """
        ids, cu_seqlens = self.forest.ids[None].to(self.at.device), self.forest.cu_seqlens.to(self.at.device)
        if self.is_shared:
            return {"input_ids": ids, "cu_seqlens": cu_seqlens, "parents": self.forest.parents}
        starts = torch.repeat_interleave(cu_seqlens[:-1], cu_seqlens.diff())
        return {"input_ids": ids, "position_ids": (torch.arange(ids.shape[1], device=ids.device) - starts)[None]}

    def parts(self) -> Iterator[slice]:
        """Yield stretches of the drawn tokens whose logits may exist at a time."""
        for start in range(0, len(self.targets), CHUNK):
            yield slice(start, min(start + CHUNK, len(self.targets)))

    def mask(self, part: slice, size: int) -> Tensor | None:
        """Return `[m, V]` bool for a stretch, True where a token could be drawn; None where all could."""
        mask = mask_of(self.allowed[part], size)
        return None if mask is None else mask.to(self.targets.device)


def rows_of(
    lessons: Sequence[Lesson],
    settings: RolloutSettings,
    micro_tokens: int,
    device: torch.device,
    *,
    is_shared: bool = True,
) -> Iterator[Row]:
    """Lay lessons out in rows of at most `micro_tokens` tokens; see `Row.of`."""
    forest = (Forest.grow if is_shared else Forest.apart)([lesson.drawn.ids for lesson in lessons])
    for numbers in forest.cut(micro_tokens):
        yield Row.of([lessons[number] for number in numbers], settings, device, is_shared=is_shared)
