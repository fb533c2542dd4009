"""Names: how document titles and texts are folded so that one can be found in the other.

A name is a sequence of tokens, each folded to lower case without diacritics. A title such as "Lilu
(mythology)" has the name "Lilu" and a qualifier; the qualifier, a part after a comma and a leading
"The" may be left out by a text, which makes a partial name: found too, but after an exact one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tamsa.corpus.stopwords import STOP_WORDS

TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|(?:(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[^\W_][\u0300-\u036f]*)+"
)
"""A word, or one character of a script that is written without spaces."""

EXACT, QUALIFIED, PLACED, ARTICLE = 0, 1, 2, 3
"""Kinds of names, best first: the whole title; without "(…)"; without ", …"; without "The"."""

MAX_TOKENS = 16
"""Longest name, in tokens, that is looked for in texts."""

_QUALIFIER = re.compile(r"^(.*[^\s(])\s*\(([^()]+)\)\s*$", re.DOTALL)
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@lru_cache(maxsize=1 << 16)
def fold(token: str) -> str:
    """Fold one token: lower case, no diacritics."""
    if token.isascii():
        return token.lower()
    decomposed = unicodedata.normalize("NFKD", token.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)) or token


@lru_cache(maxsize=1 << 16)
def token_hash(token: str) -> int:
    """Return 64 stable bits of a token as written (it is folded here)."""
    return int.from_bytes(hashlib.blake2b(fold(token).encode("utf-8", "replace"), digest_size=8).digest(), "little")


def name_hash(tokens: list[str]) -> int:
    """Return 64 stable bits of a token sequence, extendable by one token at a time: `h * M + token`."""
    value = 0
    for token in tokens:
        value = (value * _MULTIPLIER + token_hash(token)) & _MASK
    return value


MULTIPLIER = _MULTIPLIER
"""The `M` of `name_hash`."""


def tokens_of(text: str) -> list[str]:
    """Split a text into tokens as written. A text of signs alone ("!!!") is one token."""
    found = TOKEN.findall(text)
    if found:
        return found
    rest = "".join(text.split())
    return [rest] if rest else []


@dataclass(frozen=True)
class Name:
    """One way of writing a title: its tokens, its kind, and the qualifier left out of it."""

    tokens: tuple[str, ...]
    kind: int
    qualifier: str = ""

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The tokens, folded."""
        return tuple(fold(token) for token in self.tokens)

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """The words of the qualifier that tell documents of one name apart, folded."""
        words = (fold(token) for token in TOKEN.findall(self.qualifier))
        return tuple(word for word in words if word not in STOP_WORDS)


@lru_cache(maxsize=1 << 14)
def name_as(title: str, kind: int) -> Name | None:
    """Return the name of one kind of a title."""
    if kind == EXACT:
        return Name(tuple(tokens_of(title)), EXACT)
    return next((name for name in names_of(title) if name.kind == kind), None)


def names_of(title: str) -> list[Name]:
    """List the names under which a title may be mentioned, the whole title first."""
    whole = tuple(tokens_of(title))
    if not whole:
        return []
    names = [Name(whole, EXACT)]
    bare, qualifier, kind = title, "", EXACT
    match = _QUALIFIER.match(title)
    if match:
        bare, qualifier, kind = match.group(1), match.group(2), QUALIFIED
    elif ", " in title:
        bare, qualifier = title.split(", ", 1)
        kind = PLACED
    if kind != EXACT:
        tokens = tuple(TOKEN.findall(bare))
        if tokens and tokens != whole:
            names.append(Name(tokens, kind, qualifier))
    if len(whole) > 1 and whole[0] == "The" and kind == EXACT:
        names.append(Name(whole[1:], ARTICLE))
    return names
