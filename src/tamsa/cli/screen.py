"""What the command line shows: the words of documents, servers and models reach the terminal as letters, not orders."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.text import Text

_ORDERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, those that turn the direction of writing, and surrogates, which no encoder takes."""


def literal(text: str) -> str:
    """Return a text without the characters on which a terminal acts; a space stands for each."""
    return _ORDERS.sub(" ", text)


class Screen(Console):
    """A console that prints nothing but letters, its own styles and line ends."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `rich` does, with every text made literal."""
        super().print(*map(_literal, objects), **options)


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, Text):
        value.plain = literal(value.plain)  # of the same length, so that its styles stay where they are
    return value
