"""The exception tree.

TamsaError                     a user's mistake or a failed resource: one line, exit code 2
├── ConfigError                a recipe, option or model spec is wrong
├── InputError                 a path, document set, question or run folder cannot be used
│   └── CorruptError           something Tamsa wrote earlier is damaged
├── ModelError                 a model endpoint refused, failed or answered nonsense
│   ├── ModelAuthError         the key is missing or refused
│   ├── ModelUnavailableError  no answer after all retries
│   └── ContextLengthError     the prompt does not fit the model's context
├── ToolError                  a tool call cannot be served; the agent reads it and goes on
└── StorageError               a write failed (disk full, no permission)

A message names the field, the value and the way out. The CLI prints it without a traceback.
"""

from __future__ import annotations


class TamsaError(Exception):
    """Base of every error that a user can cause and mend."""


class ConfigError(TamsaError):
    """A recipe, an option or a model spec is wrong."""


class InputError(TamsaError):
    """A path, a document set, a question or a run folder cannot be used."""


class CorruptError(InputError):
    """A file that Tamsa wrote earlier is damaged."""


class ModelError(TamsaError):
    """A model endpoint refused, failed or answered nonsense."""


class ModelAuthError(ModelError):
    """The key for a model endpoint is missing or refused."""


class ModelUnavailableError(ModelError):
    """A model endpoint gave no answer after all retries."""


class ContextLengthError(ModelError):
    """A prompt does not fit the model's context; it is never cut silently."""


class ToolError(TamsaError):
    """A tool call cannot be served; the text becomes the agent's observation."""


class StorageError(TamsaError):
    """A write failed: the disk is full or the folder is not writable."""
