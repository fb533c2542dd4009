"""Policy gradient on the heads: what T and P change is the distribution that a token is drawn from.

The backbone is frozen, so a rollout's states do not depend on the heads, and log pi(token | state) is a function of T
and P alone. With A the advantage of a rollout, the gradient is that of the mean of A log pi over its tokens.

A hard cut has no derivative in P: what is kept is renormalised, but where the edge lies is a step function. Two ways:

soft      Draw from `soft_top_p` in training and differentiate its likelihood, in closed form (`position_losses`). The
          gradient is exact for the soft policy; the hard cut is its limit for large alpha.
perturb   Draw (T, P) from Gaussians around the heads' outputs before their sigmoids, then a token by the hard cut; the
          score is that of the Gaussians. Exact for the hard policy, averaged over the noise, at a price: the score says
          nothing about the token, so the variance of the gradient is higher (tests/train/heads/test_policy.py).

Legend of shapes: G prompts, n rollouts of each, N positions, V vocabulary, D width of the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from tamsa.decoding import DecodingHeads, LossConfig, position_losses, soft_top_p
from tamsa.decoding.baselines import Shaped
from tamsa.errors import ConfigError
from tamsa.kernels import sampling
from tamsa.train.heads.recipe import Reward

_LOG_2PI = math.log(2 * math.pi)


def _none_right(wrong: Tensor, total: int, k: int) -> Tensor:
    """Return the probability that k of `total` samples, `wrong` of which are wrong, are all wrong."""
    probability = torch.ones_like(wrong)
    for i in range(k):
        probability = probability * ((wrong - i).clamp_min(0) / (total - i))
    return probability


def advantages(rewards: Tensor, k: int = 1) -> Tensor:
    """Return the advantage `[G, n]` of each rollout for pass@k, with a leave-one-out baseline.

    A right sample is worth the chance that k - 1 others of its prompt are all wrong; a wrong one is worth nothing. The
    baseline is the mean worth of the other samples, reckoned without the sample itself, so that it adds no bias.

    Args:
        rewards: `[G, n]`; in {0, 1} for k > 1, any numbers for k = 1.
        k: of pass@k, 1 <= k < n.

    Raises:
        ConfigError: k is out of range, or rewards between 0 and 1 come with k > 1.
    """
    n = rewards.shape[1]
    if not 1 <= k < n:
        raise ConfigError(f"k: {k}, expected 1 <= k < the {n} samples of a prompt")
    r = rewards.double()
    if k == 1:
        return (r - (r.sum(1, keepdim=True) - r) / (n - 1)).float()
    if not bool(((r == 0) | (r == 1)).all()):
        raise ConfigError(f"k: {k}, but a reward is neither 0 nor 1; pass@k is defined for right and wrong")
    wrong = (1 - r).sum(1, keepdim=True)
    own = r * _none_right(wrong, n - 1, k - 1)
    others_right = r.sum(1, keepdim=True) - r
    baseline = others_right / (n - 1) * _none_right(wrong - (1 - r), n - 2, k - 1)
    return (own - baseline).float()


class Drawn(NamedTuple):
    """What was drawn at N positions, and how."""

    tokens: Tensor
    """`[N]`"""
    temperature: Tensor
    """`[N]` T used, noise included."""
    top_p: Tensor
    """`[N]`"""
    log_probs: Tensor
    """`[N]` log-likelihood of what was drawn: of the token (soft), of the noise (perturb)."""


class SoftStep:
    """Draw from the softly cut distribution; a `Step` for `sample_rollouts`."""

    def __init__(self, heads: DecodingHeads, config: Reward) -> None:
        self.heads, self.config = heads, config

    @torch.no_grad()
    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Return the soft policy's log-probabilities."""
        T, P = predict(self.heads, hidden, logits)
        return Shaped(soft_top_p(logits.float() / T[:, None], P, self.config.alpha), T, P)


class PerturbStep:
    """Draw T and P around the heads' outputs, then cut hard; a `Step` for `sample_rollouts`."""

    def __init__(self, heads: DecodingHeads, config: Reward, generator: torch.Generator) -> None:
        self.heads, self.config, self.generator = heads, config, generator

    @torch.no_grad()
    def __call__(self, hidden: Tensor, logits: Tensor) -> Shaped:
        """Return logits divided and cut with noisy T and P."""
        T, P = predict(self.heads, hidden, logits)
        noise = torch.randn(2, T.shape[0], generator=self.generator, device=T.device) * self.config.noise
        T = 2 * torch.sigmoid(_logit(T / 2) + noise[0])
        P = torch.sigmoid(_logit(P) + noise[1])
        return Shaped(sampling.shape(logits, T, P), T, P)


def _logit(p: Tensor) -> Tensor:
    return torch.logit(p, eps=1e-6)


def predict(heads: DecodingHeads, hidden: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return T and P `[N]`, with a graph into the heads."""
    T = heads.temperature(hidden)
    stats = None
    if heads.config.use_top_p and heads.config.statistics:
        stats = sampling.statistics(logits, T.detach())
    return T, heads.top_p(hidden, T, stats)


def log_likelihood(
    heads: DecodingHeads, hidden: Tensor, logits: Tensor, drawn: Drawn, config: Reward
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the log-likelihood `[N]` of what was drawn, differentiable in the heads, and the T and P predicted."""
    T, P = predict(heads, hidden, logits)
    if config.exploration == "soft":
        objective = LossConfig(
            temperature_weight="none",
            top_p_weight="none",
            easy_mask=0.0,
            alpha=config.alpha,
            top_p_trains_temperature=True,
        )
        return -position_losses(logits, T, P, drawn.tokens, objective)[1], T.detach(), P.detach()
    s = config.noise
    z_T = (_logit(drawn.temperature / 2) - _logit(T / 2)) / s
    z_P = (_logit(drawn.top_p) - _logit(P)) / s
    return -0.5 * (z_T**2 + z_P**2) - 2 * math.log(s) - _LOG_2PI, T.detach(), P.detach()


class PolicyLoss(NamedTuple):
    """A policy-gradient step's loss and what to watch."""

    loss: Tensor
    temperature: Tensor
    """`[N]` predicted now."""
    top_p: Tensor
    """`[N]`"""
    clipped: float
    """Share of positions whose ratio has left the trusted range."""
    divergence: float
    """Mean of log pi_old - log pi."""


def policy_loss(
    heads: DecodingHeads,
    hidden: Tensor,
    project: Callable[[Tensor], Tensor],
    drawn: Drawn,
    advantage: Tensor,
    config: Reward,
    chunk_positions: int = 16_384,
) -> PolicyLoss:
    """Compute the clipped policy-gradient loss of a batch of positions, logits by chunks.

    Args:
        heads: what is trained.
        hidden: `[N, D]` states that the tokens were drawn from.
        project: states to raw logits.
        drawn: what was drawn.
        advantage: `[N]`, that of the rollout for each of its tokens, times what weight the token has.
        config: clip and exploration.
        chunk_positions: positions whose logits exist at once.
    """
    total, temperatures, top_ps, clipped, divergence = hidden.new_zeros(()), [], [], 0.0, 0.0
    for start in range(0, hidden.shape[0], chunk_positions):
        rows = slice(start, start + chunk_positions)
        with torch.no_grad():
            logits = project(hidden[rows]).float()
        part = Drawn(*(x[rows] for x in drawn))
        log_pi, T, P = log_likelihood(heads, hidden[rows], logits, part, config)
        A = advantage[rows]
        with torch.no_grad():
            ratio = (log_pi - part.log_probs).exp()
            outside = torch.where(A > 0, ratio > 1 + config.clip, ratio < 1 - config.clip)
            weight = torch.where(outside, torch.zeros_like(ratio), ratio) * A
            clipped += float(outside.sum())
            divergence += float((part.log_probs - log_pi).sum())
        total = total - (weight * log_pi).sum()
        temperatures.append(T)
        top_ps.append(P)
    N = hidden.shape[0]
    return PolicyLoss(total, torch.cat(temperatures), torch.cat(top_ps), clipped / N, divergence / N)
