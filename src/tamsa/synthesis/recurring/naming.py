"""How a thing is called in a question: by its name, by its description, and by the noun that asks for it."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import STOP_WORDS, words
from tamsa.agent.baseline.nouns import kind_of_name, noun_of_name
from tamsa.synthesis.graph.kinds import kind_of_noun, kind_of_phrase
from tamsa.synthesis.graph.profile import bare_title
from tamsa.synthesis.recurring.shelf import Line, Place, Shelf
from tamsa.synthesis.recurring.wording import Asked
from tamsa.synthesis.wording.nouns import VAGUE, Named, call, noun_of

MAX_DESCRIPTION = 130
"""Characters of a description."""
_RANK = re.compile(
    r"^(?:(?:second|third|fourth|fifth|sixth|most \w+|\w+-(?:largest|smallest|biggest|longest|most)|largest|biggest|"
    r"smallest|\w+most|highest|oldest|main|only) (?:and )?)+"
)
_COUNTED = re.compile(
    r"^(?:\d{1,3} |one |two |three |four |five |six |seven |eight |nine |ten |\w+teen |twenty)|largest|capital and"
)
_PERSON = re.compile(r"[A-ZÀ-Þ][a-zà-þ'’-]+(?: [A-ZÀ-Þ]\.)?(?: [A-ZÀ-Þ][\w'’-]+){1,2}")
_UNITS = {"people": "people", "seats": "seats", "points": "points", "speakers": "speakers", "students": "students",
          "spectators": "spectators", "inhabitants": "inhabitants", "residents": "residents"}  # fmt: skip


def named(shelf: Shelf, thing: int) -> Named:
    """Say how a page's thing is called."""
    page, entry = shelf.pages[thing], shelf.entries[thing]
    return call(page.title, entry.phrase, entry.kind, page.text[:120])


def asked(shelf: Shelf, thing: int, place: Place | None, line: Line) -> Asked:
    """Say what is known of a thing that is asked for.

    Args:
        shelf: all pages.
        thing: a page or a value.
        place: where the asking line names it, None where that is the line's subject.
        line: that line.
    """
    if shelf.is_value(thing):
        text = line.text[place.start : place.end] if place else ""
        if shelf.value_type(thing) == "name":
            return _asked_by_place(text, line.text[: place.start] if place else "")
        unit = text.split()[-1] if " " in text else ""
        return Asked(shelf.value_type(thing), (), unit=_UNITS.get(unit, ""))
    page, entry = shelf.pages[thing], shelf.entries[thing]
    kind = entry.kind or _kind_of(page.name)
    noun, head = entry.noun, entry.phrase.rpartition(" ")[2]
    if noun in VAGUE and head.islower() and kind_of_noun(head) == entry.kind != "":
        noun = head
    noun = noun or noun_of_name(page.name) or noun_of("", kind)
    nouns = [noun] if noun not in VAGUE | {"person"} and not noun.endswith("s") else []
    phrase = re.sub(r"^(?:former|retired|late) ", "", entry.phrase)
    inside = {word.casefold() for word in words(page.name)}
    phrase = _RANK.sub("", phrase)
    if phrase.endswith("s") or _COUNTED.search(phrase):
        phrase = ""
    if (
        phrase
        and 1 < len(phrase.split()) <= 5
        and kind_of_phrase(phrase)
        and "," not in phrase
        and not ({word.casefold() for word in words(phrase)} & inside)
    ):
        nouns.append(phrase)
    return Asked(kind, tuple(nouns), human=kind == "person")


def _kind_of(name: str) -> str:
    kind = kind_of_name(name) or ""
    return "organization" if kind == "org" else str(kind)


def _asked_by_place(name: str, before: str) -> Asked:
    """Say what is known of a name without a page: by its words, and by the word before it."""
    kind = _kind_of(name)
    noun = noun_of_name(name)
    word = before.split()[-1].casefold() if before.split() else ""
    human = not kind and word == "by" and bool(_PERSON.fullmatch(name))
    if not kind and not human and word in ("in", "at", "near", "to", "from"):
        kind = "place"
    return Asked("person" if human else kind, (noun,) if noun and not noun.endswith("s") else (), human=human)


def description(shelf: Shelf, thing: int) -> str | None:
    """Describe a thing by its definition, not its name: `the 1981 film directed by Huston`; None for a bare one."""
    entry, page = shelf.entries[thing], shelf.pages[thing]
    found = entry.definition
    if found is None or not entry.phrase or (found.definite and len(entry.phrase.split()) < 2):
        return None
    rest = page.text[found.phrase_end : found.sentence.end]
    rest = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", rest).rstrip(" .")
    rest = re.split(r"(?<!\d),|,(?! \d{4})|;| and (?:is|was|the|has)\b| - ", rest)[0].rstrip()
    text = f"the {entry.phrase}{rest}"
    if not 30 <= len(text) <= MAX_DESCRIPTION or not re.match(r"\s\w", rest):
        return None
    if not re.search(r"[A-ZÀ-Þ0-9]", rest) or text.startswith("the most ") or "|" in text or '"' in text:
        return None
    name = {word for word in words(bare_title(page.title).casefold()) if word not in STOP_WORDS and len(word) > 2}
    return None if name & {word.casefold() for word in words(text)} else text


def telling_words(shelf: Shelf, thing: int) -> frozenset[str]:
    """Return the words of a thing's name by which it could be told, in lower case."""
    if shelf.is_value(thing):
        type_, normal = shelf.value_names[thing - len(shelf.pages)]
        if type_ == "name":
            return _telling(normal)
        return frozenset({normal, f"{int(normal):,}"} if normal.isdigit() else {normal})
    return _telling(shelf.pages[thing].name)


def _telling(name: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in words(name) if word.casefold() not in STOP_WORDS and len(word) > 2)
