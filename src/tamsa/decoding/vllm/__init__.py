"""AutoDeco in vLLM, without a fork: a plugin that serves any supported base with heads from a heads-only folder.

Installing Tamsa beside vLLM registers it (entry point `vllm.general_plugins`). Then

    from vllm import LLM
    from tamsa.decoding.vllm import engine_arguments
    llm = LLM(**engine_arguments("heads/"))

samples with learned T and P; what a request asks for (temperature, top-p, a seed, structured output) applies on top,
and greedy stays greedy. With `engine_arguments("heads/", report=True)` a client can ask for T and P of every token.
Importing this package imports neither vLLM nor torch.
"""

from tamsa.decoding.vllm.engine import engine_arguments
from tamsa.decoding.vllm.plugin import PREFIX, register
from tamsa.decoding.vllm.report import (
    Reported,
    ReportIds,
    chat_fields,
    completions_fields,
    find_report_ids,
    outputs_fields,
    read_choice,
    read_outputs,
)

__all__ = [
    "PREFIX",
    "ReportIds",
    "Reported",
    "chat_fields",
    "completions_fields",
    "engine_arguments",
    "find_report_ids",
    "outputs_fields",
    "read_choice",
    "read_outputs",
    "register",
]
