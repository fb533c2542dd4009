"""`tamsa.json` beside a local model's weights: what an agent should know of the model."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tamsa.config import from_mapping
from tamsa.errors import ConfigError, InputError
from tamsa.store import write_json
from tamsa.types import SCHEMA_VERSION, Calibration, Profile

ABOUT = "tamsa.json"


@dataclass(frozen=True)
class Defaults:
    """How a model is sampled where nothing else is asked for."""

    temperature: float | None = None
    top_p: float | None = None
    greedy: bool = False


@dataclass(frozen=True)
class About:
    """The content of `tamsa.json`. All of it may be left out.

    {"schema_version": 1, "profile": {"brief": true, "page_chars": 1500}, "sampling": {"greedy": true},
     "context_length": 4096}
    """

    schema_version: int = SCHEMA_VERSION
    profile: Profile = field(default_factory=Profile)
    sampling: Defaults = field(default_factory=Defaults)
    context_length: int | None = None
    native_tools: bool | None = None
    """None: by the chat template."""


def read_about(folder: Path) -> About:
    """Read what a model's folder says of the model; the defaults where it says nothing.

    Raises:
        InputError: the file is not JSON.
        ConfigError: it holds a wrong value.
    """
    file = folder / ABOUT
    return from_mapping(About, _values(file), str(file)) if file.is_file() else About()


def _values(file: Path) -> dict[str, Any]:
    try:
        values = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: not JSON ({error})") from error
    if not isinstance(values, dict) or values.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise ConfigError(f"{file}: must be an object with schema_version {SCHEMA_VERSION}")
    return values


def write_calibration(folder: Path, calibration: Calibration) -> Path:
    """Keep a calibration in a model's folder; all else that `tamsa.json` says stays. Returns the file.

    Raises:
        InputError, ConfigError: as `read_about`.
        StorageError: it cannot be written.
    """
    read_about(folder)
    file = folder / ABOUT
    values: dict[str, Any] = _values(file) if file.is_file() else {"schema_version": SCHEMA_VERSION}
    values["profile"] = {**values.get("profile", {}), "calibration": asdict(calibration)}
    write_json(file, values)
    return file


def inherit_about(parent: Path, folder: Path) -> None:
    """Write what a parent's folder says into the folder of what was trained from it, all but the calibration.

    Raises:
        InputError: the parent's file is not JSON.
        ConfigError: it is of another version.
        StorageError: it cannot be written.
    """
    file = parent / ABOUT
    if file.is_file():
        values = _values(file)
        profile = {name: value for name, value in values.get("profile", {}).items() if name != "calibration"}
        write_json(folder / ABOUT, {**values, "profile": profile})
