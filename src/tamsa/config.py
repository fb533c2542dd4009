"""Dataclass configurations from TOML files with `key=value` overrides."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from tamsa.errors import ConfigError

T = TypeVar("T")
_adapter: Any = cache(TypeAdapter)


def load_config(
    cls: type[T], path: Path | None = None, overrides: Sequence[str] = (), base: Mapping[str, Any] | None = None
) -> T:
    """Build a dataclass from a TOML file and overrides such as `budget.max_calls=20`.

    Args:
        cls: a dataclass type; nested dataclasses are TOML tables.
        path: the file; None for the values of `base` alone.
        overrides: `dotted.key=value` strings, values in TOML syntax (bare words are strings).
        base: plain values that hold where no file is given, such as those of an earlier command.

    Raises:
        ConfigError: the file is unreadable, a key is unknown or a value has the wrong type.
    """
    values = copy.deepcopy(dict(base or {}))
    where = "options"
    if path is not None:
        where = str(path)
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read ({error})") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not valid TOML ({error})") from error
    for override in overrides:
        _apply(values, override)
    return from_mapping(cls, values, where)


def from_mapping(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """Build a dataclass from plain values.

    Raises:
        ConfigError: a key is unknown or a value has the wrong type; the message names it and `where`.
    """
    try:
        made: T = _adapter(cls).validate_python(dict(values), extra="forbid")
        return made
    except ValidationError as error:
        first = error.errors()[0]
        names = (str(part) for part in first["loc"])
        key = ".".join(takewhile(lambda name: "[" not in name, names))  # what follows are pydantic's union branches
        if first["type"] == "missing":  # the input would be all that stands around it
            raise ConfigError(f"{where}: {key} is missing") from error
        shown = "(hidden)" if "key" in key.rsplit(".", 1)[-1] else repr(first.get("input"))
        raise ConfigError(f"{where}: {key} = {shown}: {first['msg']}") from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, separator, raw = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"override {override!r}: write key=value, for example budget.max_calls=20")
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        value = raw
    *parents, last = key.split(".")
    for parent in parents:
        inner = values.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"override {override!r}: {parent} is not a table")
        values = inner
    values[last] = value
