"""Model specs: one string that says which model to use, and the way from it to a `Model`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tamsa.errors import ConfigError
from tamsa.llm.ollama import OllamaModel
from tamsa.llm.openai_chat import OpenAIModel
from tamsa.llm.scripted import ScriptedModel
from tamsa.llm.settings import ModelSettings, for_ollama, for_openai
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
_NOT_YET = {
    "nano": "the bundled model is not part of this version yet",
    "hf": "local Hugging Face models are not part of this version yet",
}


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
) -> Model:
    """Build the model that a spec names. Nothing is sent or loaded before its first completion.

    Args:
        spec: the spec or its text.
        settings: how to reach and sample it.
        factories: builders by kind, called as `factory(spec, settings)`; they come before the built-in
            ones. This is how a higher layer supplies `baseline`.

    Raises:
        ConfigError: the spec is unknown or not available here, a key is missing, an address is wrong.
        InputError: a script cannot be read.
    """
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    settings = settings or ModelSettings()
    if factories and spec.kind in factories:
        return factories[spec.kind](spec, settings)
    if spec.kind == "openai":
        return OpenAIModel(spec.argument, for_openai(settings))
    if spec.kind == "ollama":
        return OllamaModel(spec.argument, for_ollama(settings))
    if spec.kind == "scripted":
        return ScriptedModel.from_file(spec.argument, settings)
    reason = _NOT_YET.get(spec.kind, "not available here")
    raise ConfigError(f"model {str(spec)!r}: {reason}; use baseline, openai:MODEL, ollama:MODEL or scripted:FILE")
