"""From a step's logits to its tokens and their log-probabilities, row by row with settings of their own.

Legend of shapes: N rows, V vocabulary, D width of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tamsa.decoding import DecodingHeads
from tamsa.kernels import sampling
from tamsa.llm.local.requests import Sampling


class Drawn(NamedTuple):
    """One token a row."""

    tokens: list[int]
    logprobs: list[float]
    """Under the distribution drawn from; 0 where greedy."""
    model_logprobs: list[float]
    """At temperature 1, nothing cut."""
    temperatures: list[float]
    top_ps: list[float]
    chosen: list[bool]
    """Rows whose temperature and top-p the heads chose."""


def draw(logits: Tensor, hidden: Tensor | None, heads: DecodingHeads | None, rows: Sequence[Sampling]) -> Drawn:
    """Draw the next token of every row.

    Args:
        logits: `[N, V]` raw.
        hidden: `[N, D]` last hidden states; needed with heads alone.
        heads: the model's, if it has any.
        rows: how each row is drawn; its stream of random numbers advances by one.

    Raises:
        InputError: a row of logits holds NaN or infinity; the message names it.
    """
    logits = logits.float()
    if all(row.temperature == 0 for row in rows):
        return _greedy(logits)
    device = logits.device
    T = torch.tensor([row.temperature for row in rows], dtype=torch.float32, device=device)
    P = torch.tensor([row.top_p for row in rows], dtype=torch.float32, device=device)
    uniforms = torch.tensor([row.random.random() for row in rows], dtype=torch.float64, device=device)
    chosen = [heads is not None and row.use_heads and row.temperature > 0 for row in rows]
    if heads is not None and any(chosen):
        assert hidden is not None
        settings = heads.config
        decided = sampling.decode(
            hidden,
            logits,
            heads.packed(),
            temperature_scale=settings.temperature_scale,
            top_p_scale=settings.top_p_scale,
            uniforms=uniforms,
        )
        mask = torch.tensor(chosen, device=device)
        T, P = torch.where(mask, decided.temperature, T), torch.where(mask, decided.top_p, P)
        tokens = decided.tokens
        if not all(chosen):
            tokens = torch.where(mask, tokens, sampling.sample(logits, T, P, uniforms=uniforms))
    else:
        tokens = sampling.sample(logits, T, P, uniforms=uniforms)
    model, drawn = logprobs_of(logits, tokens, T, P)
    return Drawn(tokens.tolist(), drawn.tolist(), model.tolist(), T.tolist(), P.clamp_max(1.0).tolist(), chosen)


def held(logits: Tensor, allowed: Sequence[Sequence[int] | None]) -> Tensor:
    """Rule out, row by row, the tokens that are not allowed.

    Args:
        logits: `[N, V]`.
        allowed: N lists of ids; None allows all.
    """
    if all(ids is None for ids in allowed):
        return logits
    ruled = torch.full_like(logits, float("-inf"))
    for row, ids in enumerate(allowed):
        if ids is None:
            ruled[row] = logits[row]
        else:
            at = torch.tensor(ids, device=logits.device)
            ruled[row, at] = logits[row, at]
    return ruled


def _greedy(logits: Tensor) -> Drawn:
    """Take the likeliest token of every row; of equals the one with the lowest id, as the sampler does."""
    N = logits.shape[0]
    peak, tokens = logits.max(-1)
    if bool((logits == peak[:, None]).sum() > N):
        tokens = (logits == peak[:, None]).int().argmax(-1)
    if not bool(torch.isfinite(peak).all()):
        tokens = sampling.sample(logits, 0.0)  # raises, naming the row
    model = peak - logits.logsumexp(-1)
    return Drawn(tokens.tolist(), [0.0] * N, model.tolist(), [0.0] * N, [1.0] * N, [False] * N)


def logprobs_of(logits: Tensor, tokens: Tensor, T: Tensor, P: Tensor) -> tuple[Tensor, Tensor]:
    """Return the log-probabilities `[N]` of tokens under softmax(logits), and under softmax(logits / T) cut at P.

    Args:
        logits: `[N, V]` fp32.
        tokens: `[N]`; those of the second kind must be kept by the cut.
        T: `[N]` >= 0; where 0 the second is 0.
        P: `[N]` in [0, 1].
    """
    at = tokens[:, None]
    peak = logits.amax(-1, keepdim=True)
    shifted = logits - peak
    own = shifted.gather(1, at)[:, 0]
    model = own - shifted.exp().sum(-1).log()
    warm = T > 0
    divisor = torch.where(warm, T, 1.0)[:, None]
    divided = shifted / divisor
    if bool((P < 1).any()):
        divided = divided.masked_fill(~sampling.kept(logits, sampling.nucleus(logits, T, P)), float("-inf"))
    drawn = own / divisor[:, 0] - divided.exp().sum(-1).log()
    return model, torch.where(warm, drawn, 0.0)
