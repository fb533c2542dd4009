"""The wording of questions and the accepted forms of answers."""

from __future__ import annotations

from random import Random

from tamsa.world.graph import MONTHS, Date, Entity, Fact
from tamsa.world.prose import article, noun
from tamsa.world.relations import Relation

PROPERTIES: dict[str, str] = {
    "born_in": "was born in {X}",
    "died_in": "died in {X}",
    "studied_at": "studied at {X}",
    "citizen_of": "was a citizen of {X}",
    "student_of": "was taught by {X}",
    "worked_for": "worked for {X}",
    "buried_at": "is buried at {X}",
    "plays_for": "played for {X}",
    "father": "was a child of {X}",
    "director": "was directed by {X}",
    "composer": "has music by {X}",
    "screenwriter": "has a screenplay by {X}",
    "starring": "has {X} in the leading part",
    "studio": "was produced by {X}",
    "set_in": "is set in {X}",
    "author": "was written by {X}",
    "publisher": "was published by {X}",
    "artist": "was recorded by {X}",
    "producer": "had {X} as its producer",
    "label": "was issued by {X}",
    "recorded_in": "was recorded in {X}",
    "painter": "was painted by {X}",
    "held_by": "is held by {X}",
    "depicts": "shows {X}",
    "crosses": "crosses {X}",
    "stands_in": "stands in {X}",
    "designed_by": "was designed by {X}",
    "headquarters": "is based in {X}",
    "founder": "was founded by {X}",
    "shipbuilder": "was built by {X}",
    "home_port": "had its home port at {X}",
    "described_by": "was first described by {X}",
    "found_in": "lives in {X}",
    "discovered_by": "was discovered by {X}",
    "type_locality": "was first found on {X}",
    "inventor": "was invented by {X}",
    "manufacturer": "was manufactured by {X}",
    "named_after": "is named after {X}",
    "destination": "was sent to {X}",
    "leader": "was led by {X}",
    "victor": "was won by {X}",
    "negotiator": "was negotiated by {X}",
    "in_region": "lies in {X}",
    "on_river": "stands on {X}",
    "located_in": "is at home in {X}",
}
"""A relation as a property of its subject: `which {noun} {property}`."""


def reference(entity: Entity, random: Random, *, plain: bool = False) -> str:
    """Name an entity in a question, so that it cannot be taken for a namesake."""
    name = article(entity) + entity.name
    clash = entity.title != entity.name or any(other.name == entity.name for other in entity.namesakes)
    described = entity.kind in ("person", "novel", "film", "album", "painting", "ship", "company", "town", "mineral")
    if entity.kind == "town" and not clash:
        described = random.random() < 0.3
    if clash or (described and not plain and random.random() < 0.55):
        word = {"ship": "ship", "town": "town", "mineral": "mineral"}.get(entity.kind, noun(entity))
        return f"the {word} {entity.name}"
    return name


def that(kind: str, sub: str = "") -> str:
    """Refer back to something by its kind."""
    return (
        f"that {'person' if kind == 'person' else sub or {'university': 'institution', 'club': 'club'}.get(kind, kind)}"
    )


def upper_first(text: str) -> str:
    """Capitalise the first letter only."""
    return text[0].upper() + text[1:]


def fitting(random: Random, templates: tuple[str, ...], phrase: str) -> str:
    """Choose a phrasing; around a long phrase, one that ends with it, so that verbs do not pile up at the end."""
    if len(phrase.split()) > 4:
        compact = tuple(t for t in templates if t.rstrip("?.").endswith("{X}"))
        templates = compact or templates
    return random.choice(templates)


def fill(template: str, phrase: str) -> str:
    """Put a noun phrase into a question, minding the article before it."""
    text = template.replace("the {X}", phrase if phrase.startswith(("the ", "that ")) else "the {X}").replace(
        "{X}", phrase
    )
    return upper_first(text)


def inner(template: str, phrase: str) -> str:
    """Put a noun phrase into another noun phrase."""
    text = template.replace("the {X}", phrase if phrase.startswith(("the ", "that ")) else "the {X}")
    return text.replace("{X}", phrase)


def vary(question: str, random: Random) -> str:
    """Turn some of the many questions that open with `What is the` into requests."""
    for opening in ("What is the ", "What was the "):
        if question.startswith(opening) and question.find("?") == len(question) - 1 and random.random() < 0.6:
            rest = question.removeprefix(opening).removesuffix("?").removeprefix("name of the ")
            form = random.choice(
                ("Name the {r}.", "Find the {r}.", "Give the {r}.", "Can you find the {r}?", "Tell me the {r}.")
            )
            return form.replace("{r}", rest)
    return question


def accepted(fact: Fact) -> list[str]:
    """Return the accepted answers for the object of a fact, the usual form first."""
    return forms(fact.object, fact.relation, "km" if fact.subject.kind == "river" else fact.relation.unit or "m")


def forms(value: Entity | int | str | Date, relation: Relation, unit: str = "") -> list[str]:
    """Return the accepted forms of a value: names, date formats, numbers with and without separators."""
    if isinstance(value, Entity):
        return name_forms(value)
    if isinstance(value, tuple):
        return date_forms(value)
    if isinstance(value, int):
        return [str(value)] if relation.range == "year" else number_forms(value, unit)
    return [value]


def name_forms(entity: Entity) -> list[str]:
    """Return a name, its disambiguated title, and the name with its article."""
    out = [entity.name]
    for other in (entity.title, article(entity) + entity.name, entity.name.removeprefix("The ")):
        if other not in out:
            out.append(other)
    return out


def date_forms(date: Date) -> list[str]:
    """Return `14 March 1893`, `March 14, 1893` and `1893-03-14`."""
    year, month, day = date
    name = MONTHS[month - 1]
    return [
        f"{day} {name} {year}",
        f"{name} {day}, {year}",
        f"{day} {name}, {year}",
        f"{year:04d}-{month:02d}-{day:02d}",
    ]


def number_forms(number: int, unit: str = "") -> list[str]:
    """Return a number with and without separators and unit."""
    out = [f"{number:,}"]
    long = {"m": "metres", "km": "kilometres", "km²": "square kilometres"}.get(unit, unit)
    for form in (
        str(number),
        f"{number:,} {unit}".strip(),
        f"{number} {unit}".strip(),
        f"{number:,} {long}".strip(),
        f"{number} {long}".strip(),
    ):
        if form not in out:
            out.append(form)
    return out


_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def count_forms(number: int) -> list[str]:
    """Return a small number as digits and as a word."""
    return [str(number), _WORDS[number]] if number < len(_WORDS) else number_forms(number)
