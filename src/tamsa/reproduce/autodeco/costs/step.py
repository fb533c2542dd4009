"""One decode step: heads and sampler against what transformers does with a static temperature and top-p.

Ours goes from hidden states and raw logits to tokens, heads included. `static` is transformers' temperature and top-p
warpers, softmax and multinomial on the same logits; `plain` is softmax and multinomial at T = 1. Nothing is timed
before its result is checked.

Legend of shapes: N rows, V vocabulary, D width of the model, H width of the heads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

from tamsa.errors import TamsaError
from tamsa.kernels import sampling
from tamsa.reproduce.autodeco.costs.clock import Timing, time_in_turn
from tamsa.reproduce.autodeco.markup import Table

TEMPERATURE, TOP_P = 0.7, 0.95
Kind = Literal["peaked", "flat"]


@dataclass(frozen=True, slots=True)
class Step:
    """What to measure of a decode step."""

    batches: tuple[int, ...] = (1, 16)
    vocab_size: int = 151_936
    hidden_size: int = 4096
    head_size: int = 256
    timing: Timing = field(default_factory=Timing)


def make_logits(kind: Kind, rows: int, vocab_size: int) -> Tensor:
    """Draw logits `[N, V]`: `peaked` as a model's (entropy around 1 nat), or `flat` (tens of thousands kept)."""
    g = torch.Generator().manual_seed(rows)
    logits = torch.randn(rows, vocab_size, generator=g) * (2.0 if kind == "peaked" else 1.0)
    if kind == "peaked":
        ids = torch.randint(vocab_size, (rows, 30), generator=g)
        logits.scatter_(1, ids, 14.0 + 2.0 * torch.randn(rows, 30, generator=g))
    return logits


def make_heads(hidden_size: int, head_size: int) -> sampling.HeadTensors:
    """Make random heads that predict T and P near the static values."""
    g = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    return sampling.HeadTensors(
        weight=normal(2 * head_size, hidden_size) / hidden_size**0.5,
        bias=torch.zeros(2 * head_size),
        temperature_out=normal(head_size) * 0.01,
        temperature_bias=torch.logit(torch.tensor([TEMPERATURE / 2])),
        top_p_extra=normal(head_size, 5) * 0.01,
        top_p_out=normal(head_size) * 0.01,
        top_p_bias=torch.logit(torch.tensor([TOP_P])),
        statistics=True,
    )


def _warped(logits: Tensor) -> Tensor:
    ids: Any = None  # the warpers do not look at it
    warped: Tensor = TopPLogitsWarper(TOP_P)(ids, TemperatureLogitsWarper(TEMPERATURE)(ids, logits))
    return warped


def draw_static(logits: Tensor) -> Tensor:
    """Draw `[N]` as transformers does with one temperature and top-p, from `[N, V]`."""
    return torch.multinomial(torch.softmax(_warped(logits), dim=-1), num_samples=1).squeeze(1)


def draw_plain(logits: Tensor) -> Tensor:
    """Draw `[N]` at T = 1, from `[N, V]`."""
    return torch.multinomial(torch.softmax(logits, dim=-1), num_samples=1).squeeze(1)


def check(logits: Tensor, hidden: Tensor, heads: sampling.HeadTensors) -> None:
    """Compare kept sets with transformers' and draws with the sorting reference.

    Args:
        logits: `[N, V]`.
        hidden: `[N, D]`.
        heads: the heads.

    Raises:
        TamsaError: they are not right; nothing has been timed.
    """
    theirs = torch.isfinite(_warped(logits))
    ours = sampling.kept(logits, sampling.nucleus(logits, TEMPERATURE, TOP_P))
    p = torch.softmax(logits.double() / TEMPERATURE, -1)
    astray = float((p * (theirs != ours)).sum(-1).max())  # transformers sums in fp32, from the small end
    u = torch.rand(logits.shape[0], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    fast, slow = (sampling.decode(hidden, logits, heads, uniforms=u, backend=b) for b in ("auto", "reference"))
    exact = sampling.sample(logits, fast.temperature, fast.top_p, uniforms=u, backend="reference")
    close = torch.allclose(fast.temperature, slow.temperature, rtol=1e-5)
    close = close and torch.allclose(fast.top_p, slow.top_p, rtol=1e-4)
    if astray > 1e-3 or not torch.equal(fast.tokens, exact) or not close:
        raise TamsaError(
            f"decode step: wrong result, nothing timed (mass astray {astray:.1e}, "
            f"draws equal {torch.equal(fast.tokens, exact)}, T and P close {close})"
        )


def measure_step(step: Step) -> list[dict[str, Any]]:
    """Time the step for every kind of logits and batch; one record a row of the table.

    Raises:
        TamsaError: a result is wrong.
    """
    heads = make_heads(step.hidden_size, step.head_size)
    kinds: tuple[Kind, ...] = ("peaked", "flat")
    return [_measure(step, kind, rows, heads) for kind in kinds for rows in step.batches]


def _measure(step: Step, kind: Kind, rows: int, heads: sampling.HeadTensors) -> dict[str, Any]:
    logits = make_logits(kind, rows, step.vocab_size)
    hidden = torch.randn(rows, step.hidden_size, generator=torch.Generator().manual_seed(2))
    check(logits, hidden, heads)
    laps = time_in_turn(
        {
            "step": lambda: sampling.decode(hidden, logits, heads),
            "sampler": lambda: sampling.sample(logits, TEMPERATURE, TOP_P),
            "static": lambda: draw_static(logits),
            "plain": lambda: draw_plain(logits),
        },
        step.timing,
    )
    record: dict[str, Any] = {"logits": kind, "batch": rows}
    record |= {f"{name}_ms": round(1e3 * laps.median_s(name), 3) for name in laps.seconds}
    return record | {f"step_over_{peer}": round(laps.ratio("step", peer), 4) for peer in ("static", "plain")}


def step_table(step: Step, records: list[dict[str, Any]], conditions: str) -> Table:
    """Return the overhead table."""
    head = ["logits, batch", "heads + sampler", "static", "plain", "to static", "to plain"]
    rows = [
        [
            f"{r['logits']}, {r['batch']}",
            *(f"{r[f'{name}_ms']:.2f} ms" for name in ("step", "static", "plain")),
            *(f"{r[f'step_over_{peer}']:.3f}" for peer in ("static", "plain")),
        ]
        for r in records
    ]
    what = f"V = {step.vocab_size:,}, D = {step.hidden_size:,}"
    return Table(head, rows, f"{what}; {step.timing.words}. {conditions}")
