"""What of a completion with native calls may be shown while it comes: the text for people, nothing of a call.

The pieces that a `Shown` lets through, joined, are the text that the family's format reads from the whole completion,
or begin it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol


class Shown(Protocol):
    """Follows one completion."""

    def feed(self, text: str) -> str:
        """Take the next piece, special tokens included; return what has become certain to be text for people."""
        ...

    def end(self) -> str:
        """Return what was held back and turned out to be such text."""
        ...


def beginning(text: str, marks: Sequence[str]) -> int:
    """Return the length of the longest tail of a text with which one of the marks may begin."""
    longest = min(max(map(len, marks), default=0) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if any(mark.startswith(text[-n:]) for mark in marks)), 0)


class Space:
    """Holds white space until something follows it: what ends in a call ends without."""

    def __init__(self) -> None:
        self.held = ""

    def pass_on(self, text: str) -> str:
        """Return a piece with what was held before it, and hold the white space at its end."""
        text = self.held + text
        kept = text.rstrip()
        self.held = text[len(kept) :]
        return kept


class UntilCall:
    """Shows everything up to what begins a call.

    Args:
        opening: what begins a call.
        bare: characters that begin a call where they begin the completion.
    """

    def __init__(self, opening: str, bare: str = "") -> None:
        self._opening, self._bare = opening, bare
        self._held = ""
        self._space = Space()
        self._begun = self._hidden = False

    def feed(self, text: str) -> str:
        """See `Shown`."""
        self._held += text
        if not self._begun:
            first = self._held.lstrip()[:1]
            self._begun = bool(first)
            self._hidden = bool(first) and first in self._bare
        at = self._held.find(self._opening)
        if at >= 0 and not self._hidden:
            text, self._held, self._hidden = self._held[:at], "", True
            return self._space.pass_on(text)
        if self._hidden or not self._begun:
            return ""
        cut = len(self._held) - beginning(self._held, (self._opening,))
        text, self._held = self._held[:cut], self._held[cut:]
        return self._space.pass_on(text)

    def end(self) -> str:
        """See `Shown`."""
        return "" if self._hidden else self._space.held + self._held


HARMONY_START, HARMONY_CHANNEL, HARMONY_MESSAGE = "<|start|>", "<|channel|>", "<|message|>"
_ENDS = ("<|end|>", "<|call|>", "<|return|>", HARMONY_START, HARMONY_CHANNEL)
_END = re.compile("|".join(map(re.escape, _ENDS)))
_HEADER = re.compile(r"(?:<\|start\|>[^<]*)?(?:<\|channel\|>(?P<channel>.*?))?<\|message\|>", re.DOTALL)
RECIPIENT = re.compile(r"to=(?:functions\.)?([\w.\-]+)")


class HarmonyShown:
    """Shows the messages of GPT-OSS that have no recipient; those of the channel `analysis` as thoughts."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = self._call = False
        self._closing = ""
        self._space = Space()

    def feed(self, text: str) -> str:
        """See `Shown`."""
        self._held += text
        shown: list[str] = []
        while self._message(shown) if self._inside else self._header(shown):
            continue
        return self._space.pass_on("".join(shown))

    def end(self) -> str:
        """See `Shown`."""
        if not self._inside:
            return ""
        rest = "" if self._call else self._held
        return self._space.pass_on(rest + self._closing)

    def _header(self, shown: list[str]) -> bool:
        """Read what stands before a message; False until it is whole."""
        match = _HEADER.search(self._held)
        if match is None:
            return False
        channel = (match["channel"] or "final").strip()
        self._held = self._held[match.end() :]
        self._inside, self._call = True, RECIPIENT.search(match[0]) is not None
        thought = channel.startswith("analysis") and not self._call
        self._closing = "</think>\n" if thought else ""
        if thought:
            shown.append("<think>")
        return True

    def _message(self, shown: list[str]) -> bool:
        """Read a message; False until its end has come."""
        match = _END.search(self._held)
        cut = match.start() if match else len(self._held) - beginning(self._held, _ENDS)
        if not self._call:
            shown.append(self._held[:cut])
        if match is None:
            self._held = self._held[cut:]
            return False
        shown.append(self._closing)
        keep = match[0] in (HARMONY_START, HARMONY_CHANNEL)  # they begin what follows
        self._held = self._held[match.start() if keep else match.end() :]
        self._inside = False
        return True
