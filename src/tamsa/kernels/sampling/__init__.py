"""The sampler: from logits (and hidden state) to the drawn token, with T and P per row and no sort."""

from tamsa.kernels.sampling.api import BACKENDS, choose_backend, decode, kept, nucleus, sample, statistics
from tamsa.kernels.sampling.definition import MIN_TEMPERATURE, Decoded, HeadTensors, Nucleus

__all__ = [
    "BACKENDS",
    "MIN_TEMPERATURE",
    "Decoded",
    "HeadTensors",
    "Nucleus",
    "choose_backend",
    "decode",
    "kept",
    "nucleus",
    "sample",
    "statistics",
]
