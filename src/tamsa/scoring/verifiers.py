"""Verifiable rewards: does a completion end in the right answer?

A verifier is a function of (completion, record) that returns a reward, 1 for right and 0 for wrong; the record is the
prompt's line of the data file, with the gold `answers`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from tamsa.errors import ConfigError, InputError
from tamsa.scoring.metrics import normalize_answer

Verifier = Callable[[str, Mapping[str, Any]], float]

_NUMBER = re.compile(r"(?:(?<!\w)[-−])?\d[\d,]*(?:\.\d+)?")  # in "3-5" the dash is no sign


def _answers(record: Mapping[str, Any]) -> list[str]:
    answers = record.get("answers")
    if not isinstance(answers, list) or not answers:
        raise InputError(f"answers: {answers!r}, expected a list of right answers in every record")
    return [str(answer) for answer in answers]


def exact(completion: str, record: Mapping[str, Any]) -> float:
    """Reward a completion that is one of the answers, up to case, articles and punctuation."""
    said = normalize_answer(completion)
    return float(any(said == normalize_answer(answer) for answer in _answers(record)))


def contains(completion: str, record: Mapping[str, Any]) -> float:
    """Reward a completion that holds one of the answers as whole words."""
    said = f" {normalize_answer(completion)} "
    return float(any(f" {normalize_answer(answer)} " in said for answer in _answers(record)))


def _number(text: str) -> float | None:
    found = _NUMBER.findall(text)
    return float(found[-1].replace(",", "").replace("−", "-")) if found else None


def last_number(completion: str, record: Mapping[str, Any]) -> float:
    """Reward a completion whose last number is the answer's."""
    said = _number(completion)
    return float(said is not None and any(said == _number(answer) for answer in _answers(record)))


VERIFIERS: dict[str, Verifier] = {"exact": exact, "contains": contains, "last_number": last_number}


def find_verifier(name: str) -> Verifier:
    """Return a verifier by name, or `package.module:function`.

    Raises:
        ConfigError: there is none of that name.
    """
    if name in VERIFIERS:
        return VERIFIERS[name]
    module, separator, function = name.partition(":")
    if not separator:
        raise ConfigError(f"verifier: {name!r}, expected {', '.join(VERIFIERS)} or package.module:function")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"verifier: {name!r} cannot be loaded ({error})") from error
    if not callable(found):
        raise ConfigError(f"verifier: {name!r} is a {type(found).__name__}, expected a function")
    return found  # type: ignore[no-any-return]
