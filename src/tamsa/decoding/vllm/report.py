"""T and P of every token, on their way to vLLM's clients.

The one thing that vLLM hands a client for each token is log-probabilities, and a request may name the ids that it
wants those of (`logprob_token_ids`, offline and over HTTP). So two ids that no text contains carry T and P: their
logits are set to `logsumexp - 9000 - 100 x`, whose log-probability tells x to within 1e-5 and whose probability is 0.
They stand below every cut token, so no mask can bring them to light: a draw of one would take tokens 80 nats below the
best, all others forbidden. Importing this module imports neither vLLM nor torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tamsa.decoding.vllm.files import read_model_file
from tamsa.errors import InputError

REPORT_FIELD = "autodeco_report_ids"
"""In `hf_overrides`: the two ids."""
BASE, SLOPE = 9000.0, 100.0
LOWEST, HIGHEST = 0.01, 9.9
"""Temperatures that can be told, beside 0: a colder one could put cut tokens below the two ids, a hotter one ends
behind -9999, where vLLM's HTTP answers end."""

_SPARE = re.compile(r"reserved|unused|extra_id|placeholder", re.IGNORECASE)


class ReportIds(NamedTuple):
    """Two ids of the vocabulary that no text contains."""

    temperature: int
    top_p: int


class Reported(NamedTuple):
    """What a token was drawn with; NaN where it was not told (see `read_outputs`)."""

    temperature: float
    top_p: float


def find_report_ids(model: str) -> ReportIds:
    """Find two ids that no text contains: the last rows that pad the vocabulary, else the last reserved tokens.

    Args:
        model: the base model's folder or id.

    Raises:
        InputError: its files cannot be read, or it has no two such ids.
    """
    config = read_model_file(model, "config.json")
    size = config.get("vocab_size") or config.get("text_config", {}).get("vocab_size")
    if not isinstance(size, int):
        raise InputError(f"model: the configuration of {model!r} names no vocab_size")
    tokenizer = read_model_file(model, "tokenizer.json")
    vocabulary = tokenizer.get("model", {}).get("vocab", ())
    known = set(vocabulary.values()) if isinstance(vocabulary, Mapping) else set(range(len(vocabulary)))
    added = {int(token["id"]): str(token["content"]) for token in tokenizer.get("added_tokens", ())}
    padding = [i for i in range(size) if i not in known and i not in added][-2:]
    spare = padding if len(padding) == 2 else [i for i in sorted(added) if i < size and _SPARE.search(added[i])][-2:]
    if len(spare) < 2:
        raise InputError(
            f"model: {model!r} has no two ids to spare (its vocabulary is not padded and has no reserved tokens); "
            "name two that no text contains with report=(ID, ID)"
        )
    return ReportIds(*spare)


def outputs_fields(ids: ReportIds) -> dict[str, Any]:
    """Return the keyword arguments of `vllm.SamplingParams` that ask for T and P."""
    return {"logprob_token_ids": list(ids)}


def chat_fields(ids: ReportIds) -> dict[str, Any]:
    """Return the fields of a body for `/v1/chat/completions` that ask for T and P (`extra_body` of OpenAI's client)."""
    return {"logprobs": True, "logprob_token_ids": list(ids), "return_tokens_as_token_ids": True}


def completions_fields(ids: ReportIds) -> dict[str, Any]:
    """Return the fields of a body for `/v1/completions` that ask for T and P."""
    return {"logprobs": 2, "logprob_token_ids": list(ids), "return_tokens_as_token_ids": True}


def _value(logprob: float | None) -> float:
    """Return what a log-probability tells; NaN where it is none of ours."""
    if logprob is None or not -(BASE + SLOPE * (HIGHEST + 0.02)) <= logprob <= -(BASE - 1):
        return math.nan
    return max(0.0, (-logprob - BASE) / SLOPE)


def read_outputs(logprobs: Iterable[Mapping[int, Any]] | None, ids: ReportIds) -> list[Reported]:
    """Return T and P of every token of a `CompletionOutput`.

    NaN where structured output masked the two ids before vLLM took the log-probabilities, and where T is neither 0
    nor in [0.01, 9.9].

    Args:
        logprobs: its `logprobs`, of a request with `outputs_fields`.
        ids: those that the engine was started with.

    Raises:
        InputError: the request did not ask for them.
    """
    found = []
    for position in logprobs or ():
        if ids.temperature not in position or ids.top_p not in position:
            raise InputError(f"logprobs: ids {list(ids)} are missing; ask with SamplingParams(**outputs_fields(ids))")
        found.append(Reported(*(_value(position[i].logprob) for i in ids)))
    return found


def read_choice(choice: Mapping[str, Any], ids: ReportIds) -> list[Reported]:
    """Return T and P of every token of a choice of an HTTP answer; NaN as in `read_outputs`.

    Args:
        choice: of `/v1/chat/completions` or `/v1/completions`, as JSON (`model_dump()` of OpenAI's client).
        ids: those that the server was started with.

    Raises:
        InputError: the request did not ask for them.
    """
    logprobs = choice.get("logprobs") or {}
    positions: list[dict[str, float]]
    if logprobs.get("content") is not None:
        positions = [{top["token"]: top["logprob"] for top in token["top_logprobs"]} for token in logprobs["content"]]
    else:
        positions = [dict(position or {}) for position in logprobs.get("top_logprobs") or ()]
    names = [f"token_id:{i}" for i in ids]
    found = []
    for position in positions:
        if not all(name in position for name in names):
            raise InputError(f"choice: {' and '.join(names)} are missing; ask with chat_fields or completions_fields")
        found.append(Reported(*(_value(position[name]) for name in names)))
    return found


def check_report_ids(ids: Sequence[int], vocab_size: int) -> ReportIds:
    """Return two ids if they are different and in the vocabulary.

    Raises:
        InputError: they are not.
    """
    whole = len(ids) == 2 and all(isinstance(i, int) and not isinstance(i, bool) for i in ids)
    if not whole or len(set(ids)) != 2 or not all(0 <= i < vocab_size for i in ids):
        raise InputError(f"report: {list(ids)}, expected two different token ids in [0, {vocab_size})")
    return ReportIds(*ids)
