"""The sampler: from logits (and hidden state) to the drawn token or the cut logits, T and P per row, no sort."""

from tamsa.kernels.sampling.api import kept, nucleus, sample, shape, statistics
from tamsa.kernels.sampling.backends import BACKENDS, choose_backend
from tamsa.kernels.sampling.definition import MIN_TEMPERATURE, Decoded, HeadTensors, Nucleus, Strategy
from tamsa.kernels.sampling.steps import Step, apply, decode

__all__ = [
    "BACKENDS",
    "MIN_TEMPERATURE",
    "Decoded",
    "HeadTensors",
    "Nucleus",
    "Step",
    "Strategy",
    "apply",
    "choose_backend",
    "decode",
    "kept",
    "nucleus",
    "sample",
    "shape",
    "statistics",
]
