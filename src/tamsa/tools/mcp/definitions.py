"""What a server says of its tools: checked before a model is shown it, and held to afterwards.

Names, descriptions and schemas come from outside and end up in the system prompt, so they are bounded
and stripped of markup; schemas are validated, and no reference in them leaves the document.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from tamsa.llm.assembly import nesting
from tamsa.tools.fencing import neutralise

MAX_DESCRIPTION_CHARS = 1_000
MAX_SCHEMA_CHARS = 20_000
MAX_DEPTH = 20
MAX_STEPS = 50_000
"""Keywords applied in one check."""
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")
_NOT_ENFORCED = ("pattern", "patternProperties", "format", "propertyNames", "uniqueItems", "$schema")
_NAMED = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


class BadDefinitionError(Exception):
    """A tool cannot be offered; the message says what is wrong with its definition."""


def check_name(name: str) -> str:
    """Return the part of a tool's name that models can write.

    Raises:
        BadDefinitionError: the name is empty, long or odd.
    """
    if not _NAME.fullmatch(name):
        raise BadDefinitionError(f"its name {name[:60]!r} is odd")
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def check_schema(schema: Any) -> dict[str, Any]:
    """Check the schema of a tool's arguments and return the form that a model is shown.

    Raises:
        BadDefinitionError: it is no JSON schema of an object, too large, or refers to something outside.
    """
    if not isinstance(schema, Mapping):
        raise BadDefinitionError("its schema is not an object")
    if nesting(schema, MAX_DEPTH) > MAX_DEPTH:
        raise BadDefinitionError(f"its schema nests deeper than {MAX_DEPTH}")
    size = len(json.dumps(schema, ensure_ascii=False, default=str))
    if size > MAX_SCHEMA_CHARS:
        raise BadDefinitionError(f"its schema has {size} characters; at most {MAX_SCHEMA_CHARS} are taken")
    if schema.get("type", "object") != "object":
        raise BadDefinitionError("its schema does not describe an object")
    if not isinstance(schema.get("properties", {}), Mapping):
        raise BadDefinitionError("the properties of its schema are not an object")
    if any(not ref.startswith("#") for ref in _references(schema)):
        raise BadDefinitionError("its schema refers to another document")
    shown = {"type": "object", "properties": {}, **_shown(schema)}
    SchemaChecker(shown)
    return shown


class SchemaChecker:
    """Checks values against the schema of a server, in a bounded number of steps.

    Regular expressions are left out of what is enforced, since one that backtracks would stall the run; and
    references that double at every level are stopped by counting.

    Raises:
        BadDefinitionError: it is no JSON schema.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import extend

        enforced = _without_patterns(schema)
        try:
            Draft202012Validator.check_schema(enforced)
        except (SchemaError, RecursionError) as error:
            said = getattr(error, "message", "it nests too deep")
            raise BadDefinitionError(f"its schema is not valid ({calm(str(said))[:150]})") from error
        counted = {name: self._counted(check) for name, check in Draft202012Validator.VALIDATORS.items()}
        self._validator = extend(Draft202012Validator, counted)(enforced)
        self._steps = 0

    def problem(self, value: Any) -> str:
        """Say what is wrong with a value, or return the empty string; what takes too long to check passes."""
        from jsonschema.exceptions import best_match

        self._steps = 0
        try:
            error = best_match(self._validator.iter_errors(value))
        except _TooManyStepsError:
            return ""
        except Exception as failure:  # a reference that leads nowhere, or in circles
            return f"the schema cannot be applied ({type(failure).__name__})"
        if error is None:
            return ""
        where = ".".join(str(part) for part in error.absolute_path)
        return calm(f"{where}: {error.message[:300]}" if where else error.message[:300])

    def _counted(self, check: Callable[..., Any]) -> Callable[..., Any]:
        def count(*arguments: Any) -> Any:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise _TooManyStepsError
            return check(*arguments)

        return count


class _TooManyStepsError(Exception):
    pass


def calm(text: str) -> str:
    """Strip a text of what a model or a chat template could take for structure: marks and invisible characters."""
    kept = "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Co", "Cs", "Cn") else ""
        for char in text
    )
    return neutralise(kept).replace("<", "‹").replace(">", "›")


def _references(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        own = [str(value[key]) for key in ("$ref", "$dynamicRef", "$id") if key in value]
        return own + [ref for inner in value.values() for ref in _references(inner)]
    return [ref for inner in value for ref in _references(inner)] if isinstance(value, list) else []


def _shown(value: Any) -> Any:
    """Bound and calm the texts of a schema; titles say nothing that the names do not."""
    if isinstance(value, Mapping):
        return {
            calm(str(key))[:100]: {calm(str(name))[:100]: _shown(part) for name, part in inner.items()}
            if key in _NAMED and isinstance(inner, Mapping)
            else _shown(inner)
            for key, inner in value.items()
            if key not in ("title", "$schema", "$comment", "examples")
        }
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return calm(value)[:MAX_DESCRIPTION_CHARS] if isinstance(value, str) else value


def _without_patterns(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: {name: _without_patterns(part) for name, part in inner.items()}
            if key in _NAMED and isinstance(inner, Mapping)
            else _without_patterns(inner)
            for key, inner in value.items()
            if key not in _NOT_ENFORCED
        }
    return [_without_patterns(item) for item in value] if isinstance(value, list) else value
