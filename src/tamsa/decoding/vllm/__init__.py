"""AutoDeco in vLLM, without a fork: a plugin that serves any supported base with heads from a heads-only folder.

Installing Tamsa beside vLLM registers it (entry point `vllm.general_plugins`). Then

    from vllm import LLM
    from tamsa.decoding.vllm import engine_arguments
    llm = LLM(**engine_arguments("heads/"))

samples with learned T and P; what a request asks for (temperature, top-p, a seed, structured output) applies on top,
and greedy stays greedy. Importing this package imports neither vLLM nor torch.
"""

from tamsa.decoding.vllm.engine import engine_arguments
from tamsa.decoding.vllm.plugin import PREFIX, register

__all__ = ["PREFIX", "engine_arguments", "register"]
