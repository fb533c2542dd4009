"""The objective: token-level, clipped, with leave-one-out advantages (arXiv 2510.24701, section 3.4).

    J = E[ 1 / sum_i |H_i|  sum_i sum_j  min(r_ij A_i, clip(r_ij, 1 - low, 1 + high) A_i) ],
    A_i = R_i - mean of the other rewards of the group, not divided by their deviation; no KL term.

Legend of shapes: M drawn tokens, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tamsa.kernels import sampling


def leave_one_out(rewards: Sequence[float]) -> list[float]:
    """Return each reward less the mean of the others of its group.

    Args:
        rewards: of one group, at least two.
    """
    total, others = sum(rewards), len(rewards) - 1
    return [reward - (total - reward) / others for reward in rewards]


def surrogate(logprobs: Tensor, drawn: Tensor, advantages: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Return the clipped surrogate of every token.

    Args:
        logprobs: `[M]` under the model in training, with gradient.
        drawn: `[M]` under the model that drew them.
        advantages: `[M]`, of the run that each token belongs to.
        low: the ratio is clipped at 1 - low.
        high: and at 1 + high.

    Returns:
        `[M]` to be maximised, and `[M]` bool: where the clip took the gradient away.
    """
    ratio = (logprobs - drawn).exp()
    plain = ratio * advantages
    clipped = ratio.clamp(1 - low, 1 + high) * advantages
    return torch.minimum(plain, clipped), clipped < plain


def mask_of(allowed: Sequence[Sequence[int]], size: int) -> Tensor | None:
    """Return `[M, V]` bool, True where a token could be drawn; None where all could.

    Args:
        allowed: by token: those that it could be; empty for any.
        size: V.
    """
    if not any(allowed):
        return None
    mask = torch.zeros(len(allowed), size, dtype=torch.bool)
    for row, tokens in enumerate(allowed):
        mask[row, list(tokens) if tokens else slice(None)] = True
    return mask


def token_logprobs(logits: Tensor, targets: Tensor, T: Tensor, P: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Return the log-probabilities of tokens under the distribution that they were drawn from.

    With P < 1 that is softmax(logits / T) cut at P and renormalised. The cut has no gradient, and a token that
    rounding has moved across its edge is kept.

    Args:
        logits: `[M, V]` raw.
        targets: `[M]` int64.
        T: `[M]`, > 0.
        P: `[M]` in (0, 1].
        allowed: `[M, V]` bool: what could be drawn at all; None for everything.
    """
    wide = logits.float()
    if allowed is not None:
        wide = wide.masked_fill(~allowed, float("-inf"))
    divided = wide / T[:, None]
    if bool((P < 1).any()):
        with torch.no_grad():
            kept = sampling.kept(wide, sampling.nucleus(wide, T, P))
            kept.scatter_(1, targets[:, None], True)
        divided = divided.masked_fill(~kept, float("-inf"))
    return divided.gather(1, targets[:, None])[:, 0] - divided.logsumexp(-1)
