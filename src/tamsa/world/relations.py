"""What a relation is: its ends, where it is stated, and all the ways to say and to ask it.

Slots of the sentence templates (`s` on the subject's page, `o` on the object's page):
`{P}` the page's own entity, `{P's}` its possessive, `{X}` the entity or value at the other end, `{X's}`,
`{a X}` the value with its article, `{his}` a possessive pronoun, `{y}` and `{z}` the fact's first and last year.
Questions (`np`, `q` forward; `inp`, `iq` backward) use `{X}` for the end that is known.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """One relation of the schema.

    `domain` and `range` are entity kinds (`a|b` for either); literal ranges are `date`, `year`, `number`, `text`.
    """

    name: str
    domain: str
    range: str
    section: str
    home: tuple[int, int, int]
    """Weights of being stated on the subject's page alone, the object's alone, or both."""
    s: tuple[str, ...]
    o: tuple[str, ...] = ()
    np: tuple[str, ...] = ()
    q: tuple[str, ...] = ()
    inp: tuple[str, ...] = ()
    iq: tuple[str, ...] = ()
    unit: str = ""
    many: bool = False
    """True: a subject may have several objects (at once or in turn)."""
    exported: bool = False
    """True: the object may belong to an earlier realm, so that its inverse is not closed."""

    @property
    def literal(self) -> bool:
        """True if the object is a value, not an entity."""
        return self.range in LITERALS

    def admits(self, subject: str, object_kind: str) -> bool:
        """True if entities of these kinds may stand at its ends."""
        return subject in self.domain.split("|") and object_kind in self.range.split("|")


LITERALS = ("date", "year", "number", "text")


def relation(
    name: str, ends: str, section: str, home: tuple[int, int, int], *, s: str, o: str = "", np: str = "", q: str = "",
    inp: str = "", iq: str = "", unit: str = "", many: bool = False, exported: bool = False,
) -> Relation:  # fmt: skip
    """Make a relation from `domain > range` and newline-separated phrasings."""
    domain, target = (part.strip() for part in ends.split(">"))

    def lines(text: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in text.strip().splitlines() if line.strip())

    return Relation(
        name, domain, target, section, home, lines(s), lines(o), lines(np), lines(q), lines(inp), lines(iq),
        unit, many, exported,
    )  # fmt: skip
