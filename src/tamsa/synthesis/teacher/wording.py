"""How the teacher names a relation: in a plan, in a query and in a claim."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.synthesis.wording.lexicon import SAYINGS
from tamsa.world.schema import RELATIONS

_TIME = re.compile(r" (?:in \{y\}|from \{y\} to \{z\})")
_NOUN = re.compile(
    r"\b(?:[Tt]he|[Ww]hich|[Oo]ne|[Aa]n?) (?:[A-Z][a-z-]+ )?((?:[a-z-]+ ){0,2}?[a-z-]+)"
    r"(?= (?:that|who|which|whose|was|were|is|are|has|plays|stars|features|died|lies|flows|stands)\b)"
)
_QUALIFIER = re.compile(r" \([^()]*\)$")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one relation. `{X}` is the end that is known, `{P}` the subject and `{V}` the value."""

    forward: str
    """`the author of {X}`."""
    backward: str
    """`what was written by {X}`."""
    claim: str
    """`{P} was written by {V}`."""
    key: str
    """The words to search for: `author`."""
    back_key: str
    """The same where the value is known: `award given`."""
    others: tuple[str, ...] = ()
    """Other words for the same, for when these find nothing: `wrote`, `person wrote`."""


def base_name(title: str) -> str:
    """Return a title without the qualifier in brackets that tells namesakes apart."""
    return _QUALIFIER.sub("", title) or title


def wording(relation: str) -> Wording:
    """Return the words of a relation; any name in snake case has some."""
    name = relation.removeprefix("column:")
    words = name.replace("_", " ").strip() or "value"
    known = RELATIONS.get(name)
    key = words
    forward = f"the {words} of {{X}}"
    claim = f"The {words} of {{P}} is {{V}}"
    if words.endswith((" in", " by", " on", " at", " for", " into", " after", " to")):
        claim = f"{{P}}: {words} {{V}}"
        forward = f"what {{X}} is {words}"
    backward = f"what has {{X}} as its {words}"
    if known is not None:
        if known.np:
            forward = known.np[0]
            key = _key(forward)
        told = next((text for text in known.s if " is a " not in text and " is an " not in text), known.s[0])
        claim = _TIME.sub("", told).replace("{P's}", "{P}'s").replace("{X}", "{V}").replace("{a X}", "a {V}")
        claim = claim.replace("{unit}", known.unit)
        if "{P}" not in claim:
            claim = f"The {words} of {{P}} is {{V}}"
        backward = known.inp[0] if known.inp else "what " + claim.replace("{P} ", "", 1).replace("{V}", "{X}")
        if not known.inp and not claim.startswith("{P} "):
            backward = f"what has {{X}} as its {words}"
    elif (saying := SAYINGS.get(name)) is not None and saying.clauses:
        plain = next((noun for noun in saying.nouns if "'s" not in noun and "{X's}" not in noun), forward)
        forward, key = plain, _key(plain) or words
        clause = next((one for one in saying.clauses if "{X's}" not in one), saying.clauses[0])
        claim = f"{{P}} {clause.replace('{AX}', 'a {V}').replace('{X}', '{V}')}"
        backward = f"what {clause.replace('{AX}', 'a {X}')}"
    back_key = _key(backward) if known is not None and known.inp else key
    others: tuple[str, ...] = ()
    if known is not None:
        phrases = [*known.np[1:], *known.inp[1:], *known.o, *known.s]
        keys = (_key(re.sub(r"\{[^}]*\}|[;,.:]", "", phrase)) for phrase in phrases)
        others = tuple(dict.fromkeys(words for words in keys if words and words not in (key, back_key)))
    return Wording(forward, backward, claim, key, back_key, others)


def nouns_of(question: str) -> list[str]:
    """Return the nouns of which a question says something: `the football club that …`, `Which film was …`."""
    return _NOUN.findall(question)


def _key(phrase: str) -> str:
    """Reduce a noun phrase to words for a query: `the town where {X} was born` gives `town born`."""
    dull = {"the", "of", "a", "in", "on", "at", "to", "for", "where", "which", "whom", "that", "is", "was", "were",
            "has", "its", "whose", "after", "into", "who", "it", "by"}  # fmt: skip
    return " ".join(word for word in phrase.replace("{X}", "").split() if word not in dull)


def follow(phrase: str) -> str:
    """Word a step whose known end is what the step before has found: `the birthplace of {X}` gives `the birthplace`."""
    cut = phrase.removesuffix(" of {X}")
    return cut.replace("{X}", "it")
