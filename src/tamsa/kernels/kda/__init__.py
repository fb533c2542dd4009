"""Kimi Delta Attention: one entry point, a reference beside the paper, a CPU kernel and a GPU dispatch."""

from tamsa.kernels.kda.api import kda, kda_decode
from tamsa.kernels.kda.backends import BACKENDS, BackendChoice, explain_backend

__all__ = ["BACKENDS", "BackendChoice", "explain_backend", "kda", "kda_decode"]
