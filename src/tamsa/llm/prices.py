"""A price table that a person keeps: which model costs what.

A TOML file, one table a model spec (`*` stands for any text), prices in US dollars per million tokens:

    ["openai:my-model"]
    prompt = 1.5
    completion = 6.0

    ["ollama:*"]
    prompt = 0
    completion = 0
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from tamsa.errors import ConfigError
from tamsa.llm.settings import ModelSettings

VARIABLE = "TAMSA_PRICES"
"""Environment variable that names the file."""


def default_path(environ: Mapping[str, str] | None = None) -> Path:
    """Return where the table is looked for when no setting names it."""
    environ = os.environ if environ is None else environ
    if named := environ.get(VARIABLE, "").strip():
        return Path(named)
    base = environ.get("XDG_CONFIG_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".config") / "tamsa" / "prices.toml"


def read_prices(path: Path) -> dict[str, tuple[float, float]]:
    """Read a price table: spec pattern -> (prompt, completion).

    Raises:
        ConfigError: the file cannot be read or an entry is wrong; the message names it.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the price table cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML ({error})") from error
    prices = {}
    for pattern, entry in tables.items():
        if not isinstance(entry, dict) or set(entry) != {"prompt", "completion"}:
            raise ConfigError(f'{path}: {pattern}: write ["{pattern}"] with prompt and completion, and nothing else')
        for name, price in entry.items():
            if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < 1_000_000:
                raise ConfigError(f"{path}: {pattern}: {name} = {price!r}; write US dollars per million tokens")
        prices[pattern] = (float(entry["prompt"]), float(entry["completion"]))
    return prices


def with_prices(spec: str, settings: ModelSettings, environ: Mapping[str, str] | None = None) -> ModelSettings:
    """Fill in the prices of a model from the table; prices among the settings come first.

    Args:
        spec: the model's spec; an exact entry comes before a pattern, a longer pattern before a shorter.
        settings: `prices` names the file; else the environment, else the usual place, where a file is there.
        environ: the environment; the process's own by default.

    Raises:
        ConfigError: the table that a setting or the environment names cannot be read, or is wrong.
    """
    if settings.price_prompt is not None or settings.price_completion is not None:
        return settings
    path = Path(settings.prices) if settings.prices else default_path(environ)
    named = settings.prices or (os.environ if environ is None else environ).get(VARIABLE, "").strip()
    if not named and not path.exists():
        return settings
    table = read_prices(path)
    fitting = sorted((p for p in table if fnmatchcase(spec, p)), key=lambda p: (p != spec, -len(p)))
    if not fitting:
        return settings
    prompt, completion = table[fitting[0]]
    return replace(settings, price_prompt=prompt, price_completion=completion)
