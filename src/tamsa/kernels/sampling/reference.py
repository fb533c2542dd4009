"""The sampler in plain torch: sorts, sums and searches, as its definition reads. The oracle of the kernels.

Legend of shapes: N rows, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tamsa.kernels.sampling.definition import (
    LN2_HIGH,
    LN2_LOW,
    LOG2E,
    LOWEST,
    MIN_TEMPERATURE,
    POLYNOMIAL,
    Decoded,
    HeadTensors,
    Nucleus,
    rounding_constant,
)


def rounded_weights(logits: Tensor, top: Tensor, temperature: Tensor, vocab_size: int) -> Tensor:
    """Return the rounded weights in fp64 of logits under their row's maximum; shapes broadcast."""
    x = ((logits - top) / temperature).clamp_min(float(LOWEST))
    n = torch.floor(x * float(LOG2E) + 0.5)
    r = x - n * float(LN2_HIGH)
    r = r - n * float(LN2_LOW)
    y = torch.full_like(r, float(POLYNOMIAL[0]))
    for coefficient in POLYNOMIAL[1:]:
        y = y * r
        y = y + float(coefficient)
    y = y * (r * r)
    y = y + r
    y = y + 1.0
    power = ((n.to(torch.int32) + 127) << 23).view(torch.float32)
    M = rounding_constant(vocab_size)
    wide = (y * power).double()
    return (wide + M) - M


def weights(logits: Tensor, temperature: Tensor) -> Tensor:
    """Return the rounded weights `[N, V]` in fp64: 1 for the largest logit, 0 for -inf."""
    return rounded_weights(logits, logits.amax(-1, keepdim=True), temperature[:, None], logits.shape[-1])


def _ranked(logits: Tensor, temperature: Tensor, top_p: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return ranked ids, cumulative weights, the rank of the last kept token and where nothing is cut."""
    greedy = temperature == 0
    w = weights(logits, torch.where(greedy, 1.0, temperature))
    ids = torch.sort(logits, dim=-1, descending=True, stable=True).indices
    cumulative = w.gather(-1, ids).cumsum(-1)
    total = cumulative[:, -1]
    share = torch.where(greedy, 0.0, top_p).double()
    target = torch.maximum(share * total, torch.full_like(total, torch.finfo(torch.float64).tiny))
    whole = share >= 1
    target = torch.where(whole, total, target)
    rank = torch.searchsorted(cumulative, target[:, None]).squeeze(-1)
    return ids, cumulative, rank, whole


def nucleus(logits: Tensor, temperature: Tensor, top_p: Tensor) -> Nucleus:
    """Find the kept set of each row by sorting; arguments as in `tamsa.kernels.sampling.nucleus`, all fp32."""
    ids, _, rank, whole = _ranked(logits, temperature, top_p)
    last = ids.gather(-1, rank[:, None])
    threshold = logits.gather(-1, last).squeeze(-1)
    return Nucleus(
        torch.where(whole, float("-inf"), threshold), torch.where(whole, torch.full_like(rank, -1), last.squeeze(-1))
    )


def sample(logits: Tensor, temperature: Tensor, top_p: Tensor, uniforms: Tensor) -> Tensor:
    """Draw one token a row by inverting the sorted cumulative weights at `uniforms` (fp64)."""
    ids, cumulative, rank, _ = _ranked(logits, temperature, top_p)
    kept = cumulative.gather(-1, rank[:, None])
    drawn = torch.searchsorted(cumulative, uniforms.double()[:, None] * kept, right=True)
    return ids.gather(-1, torch.minimum(drawn, rank[:, None])).squeeze(-1)


def statistics(logits: Tensor, temperature: Tensor) -> Tensor:
    """Return max probability, entropy (nats), variance and top-5 mass of softmax(logits / T), `[N, 4]` fp32."""
    log_p = torch.log_softmax(logits.double() / temperature.double()[:, None], dim=-1)
    p = log_p.exp()
    entropy = -torch.where(p > 0, p * log_p, 0.0).sum(-1)
    V = logits.shape[-1]
    variance = ((p * p).sum(-1) - 1.0 / V) / max(V - 1, 1)
    return torch.stack([p.amax(-1), entropy, variance, p.topk(min(5, V), dim=-1).values.sum(-1)], dim=-1).float()


def first_layers(hidden: Tensor, heads: HeadTensors) -> tuple[Tensor, Tensor]:
    """Return the raw temperature `[N]` in (0, 2) and the top-p head's first layer before T and statistics, `[N, H]`."""
    H = heads.temperature_out.shape[0]
    z = torch.nn.functional.linear(hidden, heads.weight, heads.bias)
    t = torch.mv(torch.relu(z[:, :H]), heads.temperature_out) + heads.temperature_bias
    return (2 * torch.sigmoid(t)).clamp_min(MIN_TEMPERATURE), z[:, H:]


def decode(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    temperature_scale: float,
    top_p_scale: float,
    uniforms: Tensor,
) -> Decoded:
    """Predict T and P, cut and draw, step by step; arguments as in `tamsa.kernels.sampling.decode`."""
    raw, z = first_layers(hidden, heads)
    features = raw[:, None]
    if heads.statistics:
        features = torch.cat([features, statistics(logits, raw)], dim=-1)
    z = torch.relu(z + features @ heads.top_p_extra[:, : features.shape[1]].T)
    top_p = (torch.sigmoid(torch.mv(z, heads.top_p_out) + heads.top_p_bias) * top_p_scale).clamp_max(1.0)
    temperature = (raw * temperature_scale).float()
    return Decoded(sample(logits, temperature, top_p, uniforms), temperature, top_p)
