"""What the sampler computes, in numbers that every backend and every order of summation reproduces to the bit.

The weight of a token is `e^((logit - max) / T)`, evaluated in fp32 by one fixed polynomial and rounded to a multiple of
`2**-k`, k = 52 - bit_length(V). A sum of at most V such weights is exact in fp64, hence free of order: blocks,
threads, atomics and a sorted cumulative sum give the same number, and "exactly the reference's kept set" can be meant
literally. For V = 151,936 the quantum is 2**-34; the total variation from the unrounded distribution is below
V * 2**-35 = 4.5e-6 at the very worst, and around 1e-9 for the logits of a language model.

Order: tokens are ranked by logit, highest first; equal logits by token id, lowest first.
Kept: a token is kept iff the mass *before* it is < P times the total; the first always is. P >= 1 keeps every
finite logit. T = 0 is the limit: the first token alone.
Draw: the first ranked token whose cumulative weight exceeds `u` times the kept mass, for a uniform u in [0, 1).

Legend of shapes: N rows, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

Array = np.ndarray[Any, Any]

# e^x = 2^n * (1 + r + r^2 * poly(r)), x = n ln 2 + r, |r| <= ln(2)/2; relative error below 1.5e-7.
LOG2E = np.float32(1.44269504088896341)
LN2_HIGH = np.float32(0.693359375)  # few bits, so that n * LN2_HIGH is exact
LN2_LOW = np.float32(-2.12194440e-4)
POLYNOMIAL = tuple(
    np.float32(c)
    for c in (
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    )
)
LOWEST = np.float32(-87.0)
"""Exponents are clamped here: far below every quantum, and 2^n stays a normal number."""

PER_NAT = np.float32(64.0)
BINS = 2560
"""Bins of 1/64 nat below the peak: 40 nats, where weights round to zero for any V."""


class Nucleus(NamedTuple):
    """The kept set of each row, as the rank of its last token."""

    threshold: Tensor
    """`[N]` fp32: logit of the last kept token; -inf where nothing is cut."""
    last: Tensor
    """`[N]` int64: highest kept id among the tokens whose logit equals `threshold`."""


class Decoded(NamedTuple):
    """One decoded token per row, with the strategy that drew it."""

    tokens: Tensor
    """`[N]` int64."""
    temperature: Tensor
    """`[N]` fp32, > 0."""
    top_p: Tensor
    """`[N]` fp32 in [0, 1]."""


class Strategy(NamedTuple):
    """What the heads chose and the logits that carry it out."""

    logits: Tensor
    """`[N, V]` fp32: divided by T, entries outside the nucleus lowered by the shift."""
    temperature: Tensor
    """`[N]` fp32, after the user's factor."""
    top_p: Tensor
    """`[N]` fp32, after the user's factor, at most 1."""


class LastLayers(NamedTuple):
    """The heads behind their first layer, as the CPU kernel reads them; H is their width."""

    temperature_out: Array
    """`[H]` fp32."""
    temperature_bias: Array
    """`[1]` fp32."""
    top_p_extra: Array
    """`[H, 5]` fp32."""
    top_p_out: Array
    """`[H]` fp32."""
    top_p_bias: Array
    """`[1]` fp32."""


@dataclass(frozen=True, eq=False)
class HeadTensors:
    """The parameters of both heads, laid out for one matrix product.

    H is the width of the hidden layer, D that of the model.
    """

    weight: Tensor
    """`[2H, D]` fp32: first layers of the temperature head, then of the top-p head (without T and statistics)."""
    bias: Tensor
    """`[2H]` fp32."""
    temperature_out: Tensor
    """`[H]` fp32."""
    temperature_bias: Tensor
    """`[1]` fp32."""
    top_p_extra: Tensor
    """`[H, 5]` fp32: columns for T, max probability, entropy, variance, top-5 mass (zeros without statistics)."""
    top_p_out: Tensor
    """`[H]` fp32."""
    top_p_bias: Tensor
    """`[1]` fp32."""
    statistics: bool
    """Whether the last four columns of `top_p_extra` are used."""

    @cached_property
    def last_layers(self) -> LastLayers:
        """The parameters behind the first layer as arrays that share their memory; on a CPU alone."""
        tensors = self.temperature_out, self.temperature_bias, self.top_p_extra, self.top_p_out, self.top_p_bias
        return LastLayers(*(tensor.detach().numpy() for tensor in tensors))


MIN_TEMPERATURE = 2.0**-20
"""Predicted temperatures never fall below this, so that a saturated sigmoid does not divide by zero.

The product of one and the user's factor that falls below it is taken as 0, so that no logit overflows.
"""


def rounding_constant(vocab_size: int) -> float:
    """Return M such that `(w + M) - M` rounds a weight in [0, 1] to the quantum (the spacing of fp64 at M)."""
    return float(2 ** int(vocab_size).bit_length())
