"""Model specs: one string that says which model to use, and the way from it to a `Model`."""

from __future__ import annotations

import gc
import importlib
import importlib.resources
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tamsa.errors import ConfigError
from tamsa.llm.caching import CachedModel
from tamsa.llm.ollama import OllamaModel
from tamsa.llm.openai_chat import OpenAIModel
from tamsa.llm.prices import with_prices
from tamsa.llm.scripted import ScriptedModel
from tamsa.llm.settings import ModelSettings, for_ollama, for_openai
from tamsa.llm.slots import Slots
from tamsa.types import Model

_ARGUMENTS = {
    "nano": "",
    "baseline": "",
    "hf": "PATH_OR_ID",
    "openai": "MODEL",
    "ollama": "MODEL",
    "scripted": "FILE",
}
_FORMS = ", ".join(f"{kind}:{argument}" if argument else kind for kind, argument in _ARGUMENTS.items())


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A parsed spec: `openai:gpt-5` has kind `openai` and argument `gpt-5`."""

    kind: str
    argument: str = ""

    @classmethod
    def parse(cls, text: str) -> ModelSpec:
        """Parse a spec.

        Raises:
            ConfigError: the kind is unknown, or its argument is missing or superfluous.
        """
        kind, colon, argument = text.strip().partition(":")
        kind, argument = kind.strip().lower(), argument.strip()
        wanted = _ARGUMENTS.get(kind)
        if wanted is None:
            raise ConfigError(f"model {text[:100]!r}: unknown; choose one of {_FORMS}")
        if wanted and not argument:
            raise ConfigError(f"model {text[:100]!r}: {wanted} is missing; write {kind}:{wanted}")
        if not wanted and colon:
            raise ConfigError(f"model {text[:100]!r}: {kind} takes nothing after it; write {kind}")
        if any(not character.isprintable() for character in argument):
            raise ConfigError(f"model {text[:100]!r}: holds control characters; write {kind}:{wanted}")
        return cls(kind, argument)

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


def open_model(
    spec: str | ModelSpec,
    settings: ModelSettings | None = None,
    factories: Mapping[str, Callable[..., Model]] | None = None,
    slots: Callable[[ModelSettings], Slots] = Slots,
) -> Model:
    """Build the model that a spec names. Nothing is sent or loaded before its first completion.

    Args:
        spec: the spec or its text.
        settings: how to reach and sample it.
        factories: builders by kind, called as `factory(spec, settings)`; they come before the built-in
            ones. This is how a higher layer supplies `baseline`.
        slots: gives the places at an endpoint, from settings with the address filled in.

    Raises:
        ConfigError: the spec is unknown or not available here, a key is missing, an address or the price table
            is wrong, or a local model has no chat template.
        InputError: a script, or the folder of a local model, cannot be read.
    """
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    settings = settings or ModelSettings()
    if factories and spec.kind in factories:
        return factories[spec.kind](spec, settings)
    settings = with_prices(str(spec), settings)
    if spec.kind == "openai":
        settings = for_openai(settings)
        return _cached(OpenAIModel(spec.argument, settings, slots(settings)), settings)
    if spec.kind == "ollama":
        settings = for_ollama(settings)
        return _cached(OllamaModel(spec.argument, settings, slots(settings)), settings)
    if spec.kind == "scripted":
        return ScriptedModel.from_file(spec.argument, settings)
    if spec.kind == "hf":
        return _open_local(spec.argument, settings, str(spec))
    if spec.kind == "nano":
        return _open_local(str(nano_folder()), settings, "nano")
    raise ConfigError(
        f"model {str(spec)!r}: not available here; use nano, hf:PATH, openai:MODEL, ollama:MODEL or scripted:FILE"
    )


def nano_folder() -> Path:
    """Return the folder of the bundled model.

    Raises:
        ConfigError: its weights are not part of this installation.
    """
    folder = Path(str(importlib.resources.files("tamsa"))) / "nano"
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ConfigError(
            "model 'nano': its weights are not in this installation; use baseline, hf:PATH or openai:MODEL"
        )
    return folder


def model_folder(spec: str | ModelSpec) -> Path | None:
    """Return the folder of a local model's weights; None for a model of the hub, and for what is no local model.

    Raises:
        ConfigError: the spec is unknown, or the bundled model is not part of this installation.
    """
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    if spec.kind == "nano":
        return nano_folder()
    folder = Path(spec.argument).expanduser()
    return folder if spec.kind == "hf" and folder.is_dir() else None


def _open_local(path: str, settings: ModelSettings, name: str) -> Model:
    """Open a model in this process; torch is imported here and nowhere before."""
    try:
        with _uncollected():
            local = importlib.import_module("tamsa.llm.local")
            return cast(Model, local.LocalModel(path, settings, name=name))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "tamsa":
            raise
        raise ConfigError(
            f"model {name!r}: needs {error.name}, which is not installed; install tamsa with the extra `models`"
        ) from error


@contextmanager
def _uncollected() -> Iterator[None]:
    """Open a model without the garbage collector: it would walk the imported modules again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_NOT_ASKED = {"concurrency", "requests_per_minute", "tokens_per_minute", "timeout_s", "deadline_s", "max_retries"}
_NOT_ASKED |= {"backoff_s", "price_prompt", "price_completion", "prices", "cache"}
"""Settings on which an answer does not depend."""


def _cached(model: Model, settings: ModelSettings) -> Model:
    """Put a cache before a model, where the settings name its folder."""
    if not settings.cache:
        return model
    asked = {name: value for name, value in settings.public().items() if name not in _NOT_ASKED}
    return CachedModel(model, Path(settings.cache), asked)
