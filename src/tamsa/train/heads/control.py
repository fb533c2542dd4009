"""Natural-language control: a prompt that asks for certainty lowers T and P, one that asks for variety raises them.

The same answer is read behind three wordings of a task: as it stands, asking for certainty, asking for variety. With
T0 the mean over the answer's tokens behind the plain wording, T- and T+ behind the others, and m a margin:

    L = relu(m - (T0 - T-)) + relu(m - (T+ - T0)) + the same for P + anchor * (mean squared drift of T and P, plain)

T0 carries no gradient in the first two terms: the asked-for wordings move, the plain one stays where it was. The paper
does not publish its loss (arXiv 2510.26697, Sec. 4.4).

Legend of shapes: M prompts, N positions, D width of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from tamsa.decoding import DecodingHeads
from tamsa.decoding.baselines import Learned
from tamsa.decoding.rollout import sample_rollouts
from tamsa.train.heads.checkpoints import HeadsTrainer, step_seed
from tamsa.train.heads.examples import ControlPrompt, Example
from tamsa.train.heads.policy import predict
from tamsa.train.heads.recipe import Control, HeadsRecipe
from tamsa.train.heads.states import example_states
from tamsa.train.heads.supervised import OnStep

_WORDINGS = ("plain", "certain", "varied")


@dataclass(slots=True)
class Answered:
    """One answer's states behind each wording, `[length, D]`."""

    plain: Tensor
    certain: Tensor
    varied: Tensor


@dataclass(frozen=True, slots=True)
class ControlScores:
    """Shares of prompts whose mean T and P move as asked, and how far."""

    num_prompts: int
    certain_temperature: float
    certain_top_p: float
    varied_temperature: float
    varied_top_p: float
    mean_temperature: list[float]
    """Plain, certain, varied."""
    mean_top_p: list[float]

    def record(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def read_answers(model: Any, tokenizer: Any, prompts: Sequence[ControlPrompt], recipe: HeadsRecipe) -> list[Answered]:
    """Let the model answer every plain prompt once and read the answer behind all three wordings."""
    rollouts = sample_rollouts(
        model.base,
        [prompt.plain for prompt in prompts],
        Learned(model.decoding_heads),
        num_samples=1,
        max_new_tokens=recipe.sampling.max_new_tokens,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id or 0,
        generator=torch.Generator(model.device).manual_seed(step_seed(recipe.seed, 0, salt=4)),
    )
    answers = [row[:n] for row, n in zip(rollouts.tokens.tolist(), rollouts.lengths.tolist(), strict=True)]
    found: list[dict[str, Tensor]] = [{} for _ in prompts]
    for wording in _WORDINGS:
        for index, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
            asked: list[int] = getattr(prompt, wording)
            example = Example([*asked, *answer], [False] * len(asked) + [True] * len(answer))
            found[index][wording] = next(example_states(model, [example]))[0]
    return [Answered(**states) for states in found]


def _means(
    model: Any, heads: DecodingHeads, batch: Sequence[Answered], wording: str
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return mean T and P `[M]` of each answer behind a wording, and T and P `[N]` of every position."""
    states = [getattr(answered, wording) for answered in batch]
    hidden = torch.cat(states).to(model.device)
    owner = torch.repeat_interleave(torch.arange(len(batch)), torch.tensor([len(s) for s in states])).to(model.device)
    with torch.no_grad():
        logits = model.project(hidden).float()
    T, P = predict(heads, hidden, logits)
    counts = torch.bincount(owner, minlength=len(batch))
    mean_T = torch.zeros(len(batch), device=T.device).index_add(0, owner, T) / counts
    mean_P = torch.zeros(len(batch), device=P.device).index_add(0, owner, P) / counts
    return mean_T, mean_P, T, P


def control_loss(
    model: Any, heads: DecodingHeads, start: DecodingHeads, batch: Sequence[Answered], config: Control
) -> Tensor:
    """Compute the ranking loss of some answers.

    Args:
        model: the AutoDeco model, for its logits.
        heads: what is trained.
        start: the heads as they were; the plain wording is anchored to them.
        batch: answers with their states.
        config: margins and anchor.
    """
    T0, P0, T, P = _means(model, heads, batch, "plain")
    with torch.no_grad():
        _, _, T_start, P_start = _means(model, start, batch, "plain")
    loss = config.anchor * ((T - T_start).square().mean() + (P - P_start).square().mean())
    for wording, sign in (("certain", -1.0), ("varied", 1.0)):
        T1, P1, _, _ = _means(model, heads, batch, wording)
        # A margin that does not fit between where P stands and its bound asks for half of what is left.
        room = P0.detach() if sign < 0 else 1 - P0.detach()
        margin = torch.minimum(torch.full_like(room, config.margin_top_p), room / 2)
        loss = loss + torch.relu(config.margin_temperature - sign * (T1 - T0.detach())).mean()
        loss = loss + torch.relu(margin - sign * (P1 - P0.detach())).mean()
    return loss


@torch.no_grad()
def control_scores(model: Any, answered: Sequence[Answered]) -> ControlScores:
    """Measure how often T and P move in the asked direction."""
    means = {wording: _means(model, model.decoding_heads, answered, wording)[:2] for wording in _WORDINGS}
    (T0, P0), (T1, P1), (T2, P2) = (means[wording] for wording in _WORDINGS)

    def share(condition: Tensor) -> float:
        return float(condition.double().mean())

    return ControlScores(
        num_prompts=len(answered),
        certain_temperature=share(T1 < T0),
        certain_top_p=share(P1 < P0),
        varied_temperature=share(T2 > T0),
        varied_top_p=share(P2 > P0),
        mean_temperature=[float(T0.mean()), float(T1.mean()), float(T2.mean())],
        mean_top_p=[float(P0.mean()), float(P1.mean()), float(P2.mean())],
    )


def split_prompts(
    prompts: Sequence[ControlPrompt], held_out: float, seed: int
) -> tuple[list[ControlPrompt], list[ControlPrompt]]:
    """Return prompts to train on and prompts to measure on, at least one of each."""
    order = torch.randperm(len(prompts), generator=torch.Generator().manual_seed(seed)).tolist()
    count = min(max(1, round(held_out * len(prompts))), len(prompts) - 1)
    return [prompts[i] for i in order[count:]], [prompts[i] for i in order[:count]]


def train_control(
    model: Any,
    answered: Sequence[Answered],
    start: DecodingHeads,
    recipe: HeadsRecipe,
    trainer: HeadsTrainer,
    on_step: OnStep | None = None,
) -> None:
    """Run the steps that the trainer has not done yet, on cached states.

    Args:
        model: an AutoDeco model; only its heads change.
        answered: of `read_answers`.
        start: a copy of the heads as training began.
        recipe: control and optimizer.
        trainer: of the model's heads, resumed.
        on_step: called after each step.
    """
    config = recipe.optimizer
    length = sum(len(a.plain) for a in answered) / len(answered)
    size = max(1, min(len(answered), int(config.batch_positions / (3 * length))))
    per_epoch = -(-len(answered) // size)
    total = per_epoch * config.epochs
    while trainer.step < total:
        epoch, index = divmod(trainer.step, per_epoch)
        g = torch.Generator().manual_seed(step_seed(recipe.seed, epoch, salt=5))
        order = torch.randperm(len(answered), generator=g)[index * size : (index + 1) * size].tolist()
        loss = control_loss(model, model.decoding_heads, start, [answered[i] for i in order], recipe.control)
        norm = trainer.update(loss)
        measured = {"loss": float(loss.detach()), "gradient_norm": norm}
        trainer.log(measured)
        if trainer.step % config.save_every == 0 or trainer.step == total:
            trainer.save()
        if on_step is not None:
            on_step(trainer.step, total, measured)
