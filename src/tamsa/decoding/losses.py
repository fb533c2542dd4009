"""The training objective of the heads, position by position, without a graph over the vocabulary.

A position's loss depends on the heads through two numbers, T and P. So the full-vocabulary work runs without autograd,
in chunks of positions, and leaves behind the loss and its two derivatives:

    L_T = -log softmax(l / T)_y                 dL_T/dT = (l_y - E_p[l]) / T^2,  p = softmax(l / T)
    L_P = -log q_y, q of `soft_top_p`           dL_P/dP = -alpha ([c_y > P] - sum_i q_i [c_i > P])

Each is multiplied by a weight that carries no gradient, and averaged over the positions that are not masked.

What the objective teaches (on-policy tokens sampled at T = 1, temperature loss alone): `weight="none"` T = 1, a proper
scoring rule; `weight="base"` T = 1/2, since p^2 is matched; with tokens sampled at T_s, 1/T = 1/T_s + 1;
`weight="scaled"` T -> 0: the target p * p_T is always sharper than p_T, there is no fixed point.

Legend of shapes: N positions, V vocabulary, D width of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from tamsa.decoding.heads import NUM_STATISTICS, DecodingHeads
from tamsa.errors import ConfigError, InputError

IGNORED = -100
"""Label of a position that is not trained on."""

Weight = Literal["none", "base", "scaled"]
_CHUNK_BYTES = 512 * 2**20
_FLOATS_PER_ENTRY = 12  # full-vocabulary temporaries alive at once in `_terms`, in fp32, with some room


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Choose the objective; the defaults are the paper's released code, less its faults.

    Raises:
        ConfigError: a value is out of its range.
    """

    temperature_weight: Weight = "base"
    """Weight of L_T: `base` softmax(l)_y (released training code), `scaled` softmax(l / T)_y (released Megatron
    code; it has no fixed point above T = 0), `none` plain cross-entropy."""
    top_p_weight: Weight = "base"
    """Weight of L_P, likewise; both released codes use `base`."""
    easy_mask: float = 0.6
    """Share of the positions with argmax = y that L_T drops, at random."""
    easy_mask_top_p: bool = False
    """Drop the same positions from L_P (the Megatron code does)."""
    alpha: float = 30.0
    """Steepness of soft top-p."""
    exclusive: bool = True
    """Mass before the token, as hard top-p has it; False: the paper's inclusive sum."""
    top_p_trains_temperature: bool = False
    """Let L_P reach the temperature head too (both released codes do); else T enters L_P detached."""
    top_p_factor: float = 1.0
    """Factor of L_P in the sum; at 0 it is not computed, and reported as 0."""

    def __post_init__(self) -> None:
        for name in ("temperature_weight", "top_p_weight"):
            if getattr(self, name) not in ("none", "base", "scaled"):
                raise ConfigError(f"{name}: {getattr(self, name)!r}, expected 'none', 'base' or 'scaled'")
        if not 0 <= self.easy_mask <= 1:
            raise ConfigError(f"easy_mask: {self.easy_mask}, expected a share in [0, 1]")
        if not self.alpha > 0:
            raise ConfigError(f"alpha: {self.alpha}, expected a number > 0")
        if not self.top_p_factor >= 0:
            raise ConfigError(f"top_p_factor: {self.top_p_factor}, expected a number >= 0")


@dataclass(frozen=True, slots=True)
class HeadsLoss:
    """The loss and what it was made of."""

    loss: Tensor
    """Scalar: temperature loss + factor * top-p loss; differentiable in the heads' parameters."""
    temperature_loss: Tensor
    """Scalar: mean weighted L_T over the positions that count."""
    top_p_loss: Tensor
    """Scalar: mean weighted L_P."""
    temperature: Tensor
    """`[N]` predicted T, detached; NaN at ignored positions."""
    top_p: Tensor
    """`[N]` predicted P, detached; NaN at ignored positions."""
    num_positions: int
    """Positions with a label."""
    num_easy_dropped: int
    """Positions that the easy-token mask dropped."""


@dataclass(slots=True)
class _Terms:
    """Losses with their derivatives in T (slope) and P (rise), all `[n]`."""

    nll: Tensor
    nll_slope: Tensor
    soft: Tensor
    soft_slope: Tensor
    soft_rise: Tensor


def rank_rows(values: Tensor) -> tuple[Tensor, Tensor]:
    """Sort rows downwards, equal values by id: values and ids `[n, V]`, as `torch.sort(descending=True, stable=True)`.

    On a CPU value and id are packed into one integer, whose unstable sort numpy vectorises: several times as fast as
    torch's stable one, and ranking the vocabulary is most of what a loss costs there.
    """
    if values.device.type != "cpu" or values.dtype != torch.float32 or values.shape[-1] >= 2**31:
        ranked, ids = torch.sort(values, dim=-1, descending=True, stable=True)
        return ranked, ids
    bits = (values + 0.0).view(torch.int32).numpy()  # -0 becomes 0
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # integers in the order of the floats
    keys = (~ordered).astype(np.int64) << 32
    keys |= np.arange(values.shape[-1], dtype=np.int64)
    keys.sort(axis=-1)
    keys &= 0xFFFFFFFF
    ids = torch.from_numpy(keys)
    return values.gather(-1, ids), ids


def _soft_terms(
    log_p: Tensor, centred: Tensor, T: Tensor, P: Tensor, labels: Tensor, config: LossConfig
) -> tuple[Tensor, Tensor, Tensor]:
    """Return L_P and its derivatives in T and P.

    Args:
        log_p: `[n, V]` log softmax(l / T).
        centred: `[n, V]` l - E_p[l], needed for the derivative in T alone.
        T: `[n]`.
        P: `[n]`.
        labels: `[n]`.
        config: the objective.
    """
    ranked, ids = rank_rows(log_p)
    rank = (ids == labels[:, None]).int().argmax(-1, keepdim=True)
    p = ranked.exp()
    mass = p.cumsum(-1)
    if config.exclusive:
        mass.sub_(p)
    excess = mass - P[:, None]
    past = excess > 0
    q = excess.clamp_min_(0).mul_(-config.alpha).add_(ranked)  # in place: unnormalised log q
    normaliser = torch.logsumexp(q, dim=-1, keepdim=True)
    log_q = q.sub_(normaliser)
    loss = -log_q.gather(-1, rank).squeeze(-1)
    q = log_q.exp_()
    past_y = past.gather(-1, rank).squeeze(-1).to(q.dtype)
    dP = -config.alpha * (past_y - (q * past).sum(-1))
    if not config.top_p_trains_temperature:
        return loss, torch.zeros_like(loss), dP
    # d log p_i/dT = -(l_i - E l) / T^2; the mass before i changes by the sum of p_j times that.
    slope = centred.gather(-1, ids).neg_().div_(T[:, None] ** 2)
    slope = torch.where(p > 0, slope, torch.zeros_like(slope))
    flow = (p * slope).cumsum(-1)
    if config.exclusive:
        flow.sub_(p * slope)
    change = slope - config.alpha * past * flow
    dT = -(change.gather(-1, rank).squeeze(-1) - (q * change).sum(-1))
    return loss, dT, dP


def _terms(logits: Tensor, log_p: Tensor, T: Tensor, P: Tensor, labels: Tensor, config: LossConfig) -> _Terms:
    """Compute a chunk's losses and derivatives."""
    p = log_p.exp()
    # -inf entries have p = 0 and must not make 0 * inf
    finite = torch.where(p > 0, logits, torch.zeros_like(logits))
    mean = (p * finite).sum(-1)
    nll = -log_p.gather(-1, labels[:, None]).squeeze(-1)
    label_logit = logits.gather(-1, labels[:, None]).squeeze(-1)
    nll_slope = (label_logit - mean) / T**2
    del p
    if config.top_p_factor == 0:  # no need to rank the vocabulary
        zero = torch.zeros_like(nll)
        return _Terms(nll, nll_slope, zero, zero, zero)
    soft, soft_slope, soft_rise = _soft_terms(log_p, finite - mean[:, None], T, P, labels, config)
    return _Terms(nll, nll_slope, soft, soft_slope, soft_rise)


class _Attach(torch.autograd.Function):
    """Give a value computed without a graph its derivatives in T and P."""

    @staticmethod
    def forward(ctx: Any, T: Tensor, P: Tensor, value: Tensor, dT: Tensor, dP: Tensor) -> Tensor:
        ctx.save_for_backward(dT, dP)
        return value.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        dT, dP = ctx.saved_tensors
        return gradient * dT, gradient * dP, None, None, None


def statistics_of(log_p: Tensor) -> Tensor:
    """Return max probability, entropy, variance and top-5 mass `[n, 4]` from log-probabilities `[n, V]`."""
    V = log_p.shape[-1]
    p = log_p.exp()
    entropy = -torch.where(p > 0, p * log_p, torch.zeros_like(p)).sum(-1)
    variance = (p.square().sum(-1) - 1.0 / V).clamp_min(0) / max(V - 1, 1)
    return torch.stack([p.amax(-1), entropy, variance, p.topk(min(5, V), dim=-1).values.sum(-1)], dim=-1)


def _weight(kind: Weight, base_nll: Tensor, nll: Tensor) -> Tensor:
    if kind == "none":
        return torch.ones_like(nll)
    return torch.exp(-(base_nll if kind == "base" else nll))


def position_losses(
    logits: Tensor, temperature: Tensor, top_p: Tensor, labels: Tensor, config: LossConfig | None = None
) -> tuple[Tensor, Tensor]:
    """Return the weighted L_T and L_P of each position, differentiable in T and P alone.

    Args:
        logits: `[N, V]` raw logits of the frozen model.
        temperature: `[N]`, > 0.
        top_p: `[N]` in (0, 1).
        labels: `[N]` token ids, none ignored.
        config: the objective; its easy-token mask is not applied here.
    """
    dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
    with torch.no_grad():
        wide, T, P = (x.detach().to(dtype) for x in (logits, temperature, top_p))
        weighted = _weighted(wide, torch.log_softmax(wide / T[:, None], dim=-1), T, P, labels, config or LossConfig())
    return _attach(temperature, top_p, weighted)


def _weighted(logits: Tensor, log_p: Tensor, T: Tensor, P: Tensor, labels: Tensor, config: LossConfig) -> Tensor:
    """Return, without a graph, weighted L_T, its slope in T, weighted L_P, its slope in T, its rise in P: `[5, n]`."""
    terms = _terms(logits, log_p, T, P, labels, config)
    base = torch.logsumexp(logits, dim=-1) - logits.gather(-1, labels[:, None]).squeeze(-1)
    w_T = _weight(config.temperature_weight, base, terms.nll)
    w_P = _weight(config.top_p_weight, base, terms.nll)
    return torch.stack(
        [w_T * terms.nll, w_T * terms.nll_slope, w_P * terms.soft, w_P * terms.soft_slope, w_P * terms.soft_rise]
    )


def _attach(temperature: Tensor, top_p: Tensor, weighted: Tensor) -> tuple[Tensor, Tensor]:
    """Return L_T and L_P `[n]` with their derivatives in T and P."""
    nll, nll_slope, soft, soft_slope, soft_rise = weighted
    return (
        _Attach.apply(temperature, top_p, nll, nll_slope, torch.zeros_like(nll)),
        _Attach.apply(temperature, top_p, soft, soft_slope, soft_rise),
    )


def heads_loss(
    heads: DecodingHeads,
    hidden: Tensor,
    labels: Tensor,
    logits: Callable[[Tensor], Tensor] | Tensor,
    config: LossConfig | None = None,
    *,
    generator: torch.Generator | None = None,
    chunk_positions: int | None = None,
) -> HeadsLoss:
    """Compute the loss of both heads over positions of a frozen model.

    Logits given as a function are made once, chunk by chunk, and dropped. Memory beyond the inputs is about half a GiB
    of scratch and the heads' activations (2 * head_size floats a position), however many positions there are.

    Args:
        heads: the heads; the only thing that gradients flow into.
        hidden: `[N, D]` last hidden states after the final norm, cached or fresh; any floating-point type.
        labels: `[N]` the token that follows each position; -100 is ignored.
        logits: raw logits `[N, V]`, or (so that they never exist at once) a function that turns hidden states `[n, D]`
            into them, such as `AutoDecoForCausalLM.project`.
        config: the objective.
        generator: source of the easy-token mask; torch's default where None.
        chunk_positions: positions in one chunk; as many as fit half a GiB where None.

    Raises:
        InputError: shapes do not fit, a label is out of range, or a position's logits hold NaN.
    """
    config = config or LossConfig()
    if isinstance(logits, Tensor) and (logits.dim() != 2 or logits.shape[0] != labels.shape[0]):
        raise InputError(
            f"logits: shape {list(logits.shape)}, expected [N, V] with N = {labels.shape[0]} as the labels"
        )
    if hidden.dim() != 2 or labels.shape != hidden.shape[:1]:
        raise InputError(
            f"hidden and labels: shapes {list(hidden.shape)} and {list(labels.shape)}, expected [N, D] and [N]"
        )
    width = heads.config.hidden_size
    if hidden.shape[1] != width:
        raise InputError(f"hidden: width {hidden.shape[1]}, the heads were made for {width}")
    num_labels = labels.shape[0]
    positions = (labels != IGNORED).nonzero().squeeze(-1)
    if positions.numel() == 0:
        raise InputError(f"labels: every one of {labels.shape[0]} positions is ignored ({IGNORED}), expected some")
    N = positions.numel()
    if num_labels > N:
        hidden, labels = hidden[positions], labels[positions]
    states = hidden.float()  # once, for both heads
    dropped = torch.rand(N, generator=generator, device=hidden.device) < config.easy_mask
    # Filled chunk by chunk without a graph: a graph kept from chunk to chunk would break the heap into pieces that
    # the chunks' large temporaries no longer fit in.
    weighted = torch.empty(5, N, device=hidden.device)
    predicted = torch.empty(2, N, device=hidden.device)
    stats = torch.zeros(N, NUM_STATISTICS, device=hidden.device)
    start, size = 0, chunk_positions or 1
    with torch.no_grad():
        while start < N:
            chunk = slice(start, start + size)
            h, y = hidden[chunk], labels[chunk]
            wide = _checked(logits[positions[chunk]] if isinstance(logits, Tensor) else logits(h), y)
            T = heads.temperature(states[chunk])
            log_p = torch.log_softmax(wide / T[:, None], dim=-1)
            if heads.config.statistics:
                stats[chunk] = statistics_of(log_p)
            P = heads.top_p(states[chunk], T, stats[chunk])
            weighted[:, chunk] = _weighted(wide, log_p, T, P, y, config)
            dropped[chunk] &= wide.argmax(-1) == y
            predicted[0, chunk], predicted[1, chunk] = T, P
            start += size
            if chunk_positions is None:  # the first position tells the vocabulary
                size = max(1, _CHUNK_BYTES // (4 * _FLOATS_PER_ENTRY * wide.shape[1]))
            del wide, log_p
    T = heads.temperature(states)
    losses_T, losses_P = _attach(T, heads.top_p(states, T, stats), weighted)
    mean_T = _mean(losses_T, ~dropped)
    mean_P = _mean(losses_P, ~dropped if config.easy_mask_top_p else torch.ones_like(dropped))
    everywhere = torch.full((2, num_labels), float("nan"), device=hidden.device)
    everywhere[:, positions] = predicted
    return HeadsLoss(
        loss=mean_T + config.top_p_factor * mean_P,
        temperature_loss=mean_T.detach(),
        top_p_loss=mean_P.detach(),
        temperature=everywhere[0],
        top_p=everywhere[1],
        num_positions=N,
        num_easy_dropped=int(dropped.sum()),
    )


def _mean(values: Tensor, kept: Tensor) -> Tensor:
    """Average the kept values; 0, with a graph, where none is kept."""
    return torch.where(kept, values, torch.zeros_like(values)).sum() / kept.sum().clamp_min(1)


def _checked(logits: Tensor, labels: Tensor) -> Tensor:
    """Return fp32 logits, all usable for these labels."""
    V = logits.shape[-1]
    if bool(((labels < 0) | (labels >= V)).any()):
        wrong = int(labels[(labels < 0) | (labels >= V)][0])
        raise InputError(f"labels: token {wrong}, the model's vocabulary has {V} entries")
    wide = logits.float()
    if bool(torch.isnan(wide).any() | torch.isposinf(wide).any()):
        raise InputError("logits: NaN or +inf at a labelled position; the model's forward pass failed for it")
    if bool(torch.isneginf(wide.gather(-1, labels[:, None])).any()):
        raise InputError("logits: -inf for a labelled token; the model forbids what the data contains")
    return wide
