"""The form of a run's journal: what stands on disk is checked before it is acted upon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamsa.errors import CorruptError
from tamsa.store import Journal
from tamsa.types import Usage

_NUMBER = (int, float)
_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "prompt": {"system": str, "question": str},
    "completion": {
        "step": int,
        "text": str,
        "thought": str,
        "rest": str,
        "answer": (str, type(None)),
        "calls": list,
        "problems": list,
        "usage": dict,
    },
    "observation": {"step": int, "call": str, "text": str, "error": bool},
    "nudge": {"text": str},
    "plan": {"text": str, "usage": dict},
    "steer": {"text": str},
    "note": {"text": str},
    "summary": {"text": str, "usage": dict},
    "force": {"reason": str},
    "agreement": {"agents": list},
    "final": {"answer": str, "notes": list},
}
"""By kind of record: what it must hold."""
_CALL = {"id": str, "name": str, "arguments": dict}
_USAGE = {"prompt_tokens": int, "completion_tokens": int, "cost": (*_NUMBER, type(None))}
_ITEMS = {"problems": str, "notes": str, "agents": int}


def check_record(record: Mapping[str, Any]) -> None:
    """Check that a record has the form of its kind.

    Raises:
        KeyError, TypeError: it has not.
    """
    _check(record, {"kind": str, "seconds": _NUMBER, **_FIELDS.get(record["kind"], {})})
    if "usage" in record:
        _check(record["usage"], _USAGE)
        Usage(**record["usage"])
    for call in record.get("calls", ()):
        _check(call, _CALL)
    for name, kind in _ITEMS.items():
        for item in record.get(name, ()):
            _check({name: item}, {name: kind})


def _check(values: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    for name, kind in fields.items():
        if not isinstance(values[name], kind):
            raise TypeError(f"{name} = {values[name]!r:.60}")


def corrupt(journal: Journal, number: int, error: Exception) -> CorruptError:
    """Say which record of a journal is not of its form, and the way out."""
    return CorruptError(
        f"{journal.path}: record {number} is not of a run's form ({type(error).__name__}: {error}); "
        "start the question anew in another --out folder"
    )
