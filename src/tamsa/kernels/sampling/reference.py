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


def first_layers(hidden: Tensor, heads: HeadTensors) -> Tensor:
    """Return the first layers of both heads `[N, 2H]` fp32, of the top-p head before T and statistics."""
    return torch.nn.functional.linear(hidden.float(), heads.weight, heads.bias).float()


def predict_temperature(first: Tensor, heads: HeadTensors) -> Tensor:
    """Return the raw temperature `[N]` in (0, 2) for first layers `[N, 2H]`."""
    H = heads.temperature_out.shape[0]
    z = torch.mv(torch.relu(first[:, :H]), heads.temperature_out) + heads.temperature_bias
    return (2 * torch.sigmoid(z)).clamp_min(MIN_TEMPERATURE)


def predict_top_p(
    first: Tensor, heads: HeadTensors, temperature: Tensor, stats: Tensor | None, top_p_scale: float
) -> Tensor:
    """Return P `[N]`, after the user's factor, for first layers `[N, 2H]`, raw T `[N]` and statistics `[N, 4]`."""
    H = heads.temperature_out.shape[0]
    features = temperature[:, None] if stats is None else torch.cat([temperature[:, None], stats], dim=-1)
    z = torch.relu(first[:, H:] + features @ heads.top_p_extra[:, : features.shape[1]].T)
    p = torch.sigmoid(torch.mv(z, heads.top_p_out) + heads.top_p_bias)
    return (p * top_p_scale).clamp_max(1.0)


def scaled(temperature: Tensor, factor: float) -> Tensor:
    """Return T times the user's factor; a product below the smallest temperature is 0, greedy."""
    T = temperature * factor
    return torch.where(T < MIN_TEMPERATURE, 0.0, T)


def predict(
    hidden: Tensor, logits: Tensor, heads: HeadTensors, temperature_scale: float, top_p_scale: float
) -> tuple[Tensor, Tensor]:
    """Return T and P `[N]`, after the user's factors."""
    first = first_layers(hidden, heads)
    raw = predict_temperature(first, heads)
    stats = statistics(logits, raw) if heads.statistics else None
    top_p = predict_top_p(first, heads, raw, stats, top_p_scale)
    return scaled(raw, temperature_scale), top_p


def decode(
    hidden: Tensor,
    logits: Tensor,
    heads: HeadTensors,
    temperature_scale: float,
    top_p_scale: float,
    uniforms: Tensor,
) -> Decoded:
    """Predict T and P, cut and draw, step by step; arguments as in `tamsa.kernels.sampling.decode`."""
    temperature, top_p = predict(hidden, logits, heads, temperature_scale, top_p_scale)
    return Decoded(sample(logits, temperature, top_p, uniforms), temperature, top_p)


def kept(logits: Tensor, cut: Nucleus) -> Tensor:
    """Return the mask `[N, V]` of the tokens that a cut keeps."""
    ids = torch.arange(logits.shape[-1], device=logits.device)
    threshold = cut.threshold[:, None]
    return (logits > threshold) | ((logits == threshold) & (ids <= cut.last[:, None]))


def shape(logits: Tensor, temperature: Tensor, top_p: Tensor, cut_shift: float) -> Tensor:
    """Divide and cut, step by step; arguments as in `tamsa.kernels.sampling.shape`."""
    divided = logits / torch.where(temperature == 0, 1.0, temperature)[:, None]
    keep = kept(logits, nucleus(logits, temperature, top_p))
    return torch.where(keep, divided, divided - cut_shift)
