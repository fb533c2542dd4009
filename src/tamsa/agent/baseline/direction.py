"""Which way a relation runs: "took X as a pupil" makes X the pupil, "the mother of X" is not the father."""

from __future__ import annotations

import re

_TAKEN = r"\bas (?:an?|his|her|their) (?:\w+ )?(?:pupil|student|apprentice|disciple)\b"
_LED = (
    r"\b(?:pupil|student|apprentice|disciple) of\b|\b(?:studied|trained|apprenticed) (?:under|with|to)\b|"
    r"\b(?:teacher|mentor|tutor)\b|\blearn(?:ed|t) (?:\S+ ){0,4}?(?:from|under)\b"
)
_KIN = {
    "father": "mother",
    "mother": "father",
    "son": "daughter",
    "daughter": "son",
    "brother": "sister",
    "sister": "brother",
}
_OWN = {head: re.compile(rf"\b{other}s?\b", re.IGNORECASE) for head, other in _KIN.items()}
"""What says of a page's own subject something else than who its kin is: the other parent, the other sex."""
_PUPILS = ("pupil", "student", "apprentice", "disciple")
_TEACHERS = ("teacher", "mentor", "tutor")
_OWN |= {head: re.compile(_LED, re.IGNORECASE) for head in _PUPILS}
_OWN |= {head: re.compile(_TAKEN, re.IGNORECASE) for head in _TEACHERS}
_OTHER = {head: _OWN[head] for head in _KIN}
_OTHER |= dict.fromkeys(_PUPILS, _OWN["teacher"]) | dict.fromkeys(_TEACHERS, _OWN["pupil"])
"""The same on a page about the value, which names the subject: there the relation runs the other way."""

COUNTERPARTS = dict.fromkeys(_PUPILS, "teacher") | dict.fromkeys(_TEACHERS, "pupil")
"""Who the one is to the other: "whose pupil was X" asks for X's teacher."""


def contrary(head: str, text: str, *, own: bool) -> list[tuple[int, int]]:
    """Find what looks like a relation but states its contrary.

    Args:
        head: the noun that the value is asked for by ("pupil").
        text: a sentence.
        own: whether it stands on the subject's own page.

    Returns:
        Offsets into the text.
    """
    pattern = (_OWN if own else _OTHER).get(head.casefold())
    return [match.span() for match in pattern.finditer(text)] if pattern is not None else []


def without_contrary(head: str, text: str, *, own: bool) -> str:
    """Return a sentence without what states the contrary of the relation asked for."""
    for start, end in reversed(contrary(head, text, own=own)):
        text = f"{text[:start]} {text[end:]}"
    return text
