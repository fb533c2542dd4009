"""A clause of a sentence with two things in it, each a sign of its own, cut out so that it stands alone."""

from __future__ import annotations

import re
from random import Random

from tamsa.agent.baseline.verbs import AUXILIARIES, is_verb, maybe_noun
from tamsa.synthesis.recurring.shelf import Line, Shelf

X, Y = "\ue000", "\ue001"
"""Signs for the two things."""
SHORTENED = 0.95
"""How often what stands behind both things is cut off."""
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]\ue000\ue001]*[)\]]")
_END = re.compile(
    r";|,(?!\d)|:| - | – | — | and (?=\w)| but (?=\w)| while | before | after (?=\w+ing )| when | where | who | which "
)
_ASIDE = re.compile(
    r",\s(?:an?|the|who|which|whose|where|also|formerly|then|now|born|including|along with|together with|as well as)\b"
    r"[^,;\ue000\ue001]*,"
)
_OPENING = re.compile(r"^(?:However|Also|Additionally|Then|Later|Subsequently|Furthermore|Eventually|Moreover|Finally"
                      r"|Currently|Today|Originally|Initially|Afterwards|Thus|Therefore|In addition),?\s")  # fmt: skip
_SUBORDINATE = re.compile(
    r"^(?:Although|Though|While|When|After|Before|Because|As|Since|Due|Even|Despite|Following|With|By|Upon|If|Unlike|Like|"
    r"Once|During|Along|Together|Together with|\w+ing|\w+ed|[A-Z]\w+ (?:on|by|in|to)) [^,\ue000\ue001]*,\s"
)
_DANGLING = re.compile(
    r"^(?:Although|Though|While|When|Because|As|Since|Even|If|Once|And|But|Where|Who|Which|After|Before|"
    r"The following)\b|.*, (?:while|whereas|although|though) ",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"\b(?:this|these|those|such|ago|that (?:year|time|season)|the same|there|he|she|they|it|him|them|herself|himself|"
    r"the (?:film|series|city|team|company|band|album|song|show|book|novel|club|game|university|school|county|state|"
    r"title|character|latter|former|group|town|village|party|event|project|station|area|two|three|organization|"
    r"first film))\b"
    r"(?! (?-i:[A-Z\ue000\ue001“\"]))(?! of)",
    re.IGNORECASE,
)


def clause_of(shelf: Shelf, line: Line, x: int, y: int, random: Random) -> str | None:
    """Cut the clause that says something of `x` and `y` out of a sentence, None where none stands alone.

    The page's own thing, where it is neither, is named instead of a pronoun.
    """
    text = _signed(shelf, line, x, y)
    if text is None:
        return None
    if re.search(
        r"[“\"‘«][^“”\"‘’»]*[\ue000\ue001][^“”\"‘’»]+[”\"»]", re.sub(r"[“\"‘«]([\ue000\ue001])[”\"’»]", r"\1", text)
    ):
        return None
    text = re.sub(r"[“\"‘«]([\ue000\ue001]),?[”\"’»]", r"\1", text)
    while (bare := _BRACKETS.sub("", text)) != text:
        text = bare
    text = text.rstrip(" .!?")
    if text.count(X) != 1 or text.count(Y) != 1 or re.search(r"[()\[\]|]|\.\s[A-Z]", text):
        return None
    text = next((part for part in text.split(";") if X in part and Y in part), "").strip()
    if not text:
        return None
    text = _OPENING.sub("", text)
    if random.random() < SHORTENED:
        text = _SUBORDINATE.sub("", text)
        text = _without_asides(text)
        text = _rejoined(text)
        text = _cut(text)
    return " ".join(text.split()).strip(" ,") or None


def _signed(shelf: Shelf, line: Line, x: int, y: int) -> str | None:
    changes: list[tuple[int, int, str]] = []
    subject = line.subject
    if subject is not None:
        own = X if subject.thing == x else Y if subject.thing == y else shelf.pages[line.page].name
        changes.append((subject.start, subject.end, f"{own}'s" if line.owning else own))
    for place in line.places:
        if place.thing in (x, y):
            if subject is not None and place.start < subject.end:
                return None
            changes.append((place.start, place.end, X if place.thing == x else Y))
    text, last = line.text, len(line.text) + 1
    for start, end, sign in sorted(changes, reverse=True):
        if end > last:
            return None
        text, last = text[:start] + sign + text[end:], start
    return text


def _without_asides(text: str) -> str:
    """Take out what stands between commas and names neither thing."""
    return _ASIDE.sub(" ", text)


def _rejoined(text: str) -> str:
    """Join the subject to its later verb: `X was born in A and moved to Y` gives `X moved to Y`."""
    parts = re.split(r"(?:,\s*(?:and|but)?|\sand|\sbut)\s(?=[\w-]+\s)", text)
    if len(parts) < 2 or parts[0][:1] not in (X, Y):
        return text
    first, other = (X, Y) if parts[0].startswith(X) else (Y, X)
    if other in parts[0]:
        return text
    if is_verb(parts[0].split()[-1]):  # "written and directed by"
        return text
    passive = bool(AUXILIARIES & set(parts[0].split()))
    for part in parts[1:]:
        if other in part:
            verb = part.split()[0]
            finite = verb in AUXILIARIES or (
                not passive and is_verb(verb) and not verb.endswith("ing") and not maybe_noun(verb)
            )
            return f"{first} {part}" if finite else text
    return text


def _cut(text: str) -> str:
    """Cut off what stands behind both things."""
    last = max(text.find(X), text.find(Y))
    if re.search(r"\b(?:between|both|either)\b[^,]*$", text[:last]):
        return text
    end = _END.search(text, last)
    return text[: end.start()] if end else text


def is_loose(text: str) -> bool:
    """Tell whether a clause points at something outside itself."""
    return bool(_LOOSE.search(text) or _DANGLING.match(text))
