"""Sources that disagree, with dates and authority by which each disagreement is settled.

A disputed fact is not stated on its own page; it stands in two to four source pages, of which one is right. Four
rules of settlement occur: an official record corrects an early account; a primary record outweighs a later
handbook; a printed correction withdraws a figure; and works copied from one another count as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tamsa.world.graph import Date, Entity, Fact, Place, show
from tamsa.world.making import Making
from tamsa.world.prose import Page, article
from tamsa.world.sources import ENTRIES, ERRATA, INTRODUCTIONS, PRESS_INTRODUCTIONS, PRESS_TITLES, REASONS, TITLES

TOPICS: dict[str, tuple[str, ...]] = {
    "land": ("height", "settled_in"),
    "lives": ("born_on",),
    "arts": ("designed_by", "painter"),
    "trade": ("founded", "inventor"),
}
_SETS = ("AC", "BC", "BE", "CD", "CD")
_LARGE_SETS = ("ABC", "BCD", "ABE", "BCD", "ACD")
_YEARS = {"A": (1838, 1866), "B": (1902, 1924), "C": (1948, 1972), "D": (1981, 2001)}


@dataclass(slots=True)
class Source:
    """One source page: its role (A early account, B compendium, C official record, D handbook, E errata)."""

    page: Entity
    role: str
    topic: str
    year: int
    entries: list[Claim] = field(default_factory=list)
    based_on: Source | None = None
    press: bool = False
    """True for newspaper articles in place of a handbook."""


@dataclass(slots=True)
class Claim:
    """What one source says about a disputed fact."""

    fact: Fact
    value: Entity | int | str | Date
    source: Source
    wins: bool
    place: Place | None = None


@dataclass(slots=True)
class Dispute:
    """A disputed fact with everything that is said about it, and why the right value wins."""

    fact: Fact
    claims: list[Claim]
    reason: str


def make_disputes(m: Making) -> tuple[list[Source], list[Dispute]]:
    """Create the source pages of a realm and turn some facts into disputed ones."""
    sources: list[Source] = []
    disputes: list[Dispute] = []
    countries = m.graph.kind("country")
    topics = list(TOPICS)
    turn = m.random.randrange(len(topics))
    for country in countries:
        budget = m.plan.sources // len(countries)
        while budget >= 2:
            size = 3 if budget == 3 or (budget > 4 and m.maybe(0.4)) else 2
            roles = m.choose(_LARGE_SETS if size == 3 else _SETS)
            topic = topics[turn % len(topics)]
            turn += 1
            if topic != "land":
                roles = roles.replace("A", "B", 1) if "B" not in roles else roles.replace("A", "D")
                roles = "".join(sorted(set(roles)))
                if len(roles) < size:
                    roles = "BCD"[:size]
            made, found = _make_set(m, country, topic, roles)
            sources += made
            disputes += found
            budget -= size
    return sources, disputes


def _year_of(fact: Fact) -> int:
    """The year from which a source could speak of a fact."""
    if isinstance(fact.object, tuple):
        return fact.object[0]
    if fact.relation.name == "settled_in":
        return 1700
    return fact.subject.start


def _eligible(m: Making, country: Entity, topic: str, before: int) -> list[Fact]:
    found: list[Fact] = []
    for entity in m.graph:
        if entity.country is not country or entity.kind in ("list", "source", "award", "university"):
            continue
        for name in TOPICS[topic]:
            fact = entity.get(name)
            if fact is None or fact.status != "asserted" or _year_of(fact) + 25 >= before:
                continue
            if name == "height" and entity.kind != "mountain":
                continue
            found.append(fact)
    return found


def _make_set(m: Making, country: Entity, topic: str, roles: str) -> tuple[list[Source], list[Dispute]]:
    base = {role: m.random.randint(*_YEARS[role]) for role in "ABCD"}
    base["E"] = base["B"] + m.random.randint(1, 3)
    first = min(base[role] for role in roles)
    wanted = m.random.randint(4, 8)
    chosen = _choose(m, _eligible(m, country, topic, first), wanted)
    if len(chosen) < 3:
        topic = "land"
        chosen = _choose(m, _eligible(m, country, topic, first), wanted)
    sources: list[Source] = []
    for role in roles:
        # A leaflet corrects the compendium; a compendium or handbook copies the oldest work before it.
        older = next((s for s in sources if s.role in ("B" if role == "E" else "AB")), None)
        page = m.graph.new("source", country=country)
        page.start = base[role]
        press = role == "D" and m.maybe(0.45)
        titles = [
            t.format(c=country.name, a=country.note, y=base[role], b=older.page.title if older else "")
            for t in (PRESS_TITLES if press else TITLES[topic][role])
        ]
        m.random.shuffle(titles)
        m.entitle(page, titles)
        source = Source(page, role, topic, base[role], press=press)
        source.based_on = older if role in "BDE" else None
        sources.append(source)
    return sources, [_dispute(fact, wrong, sources) for fact, wrong in chosen]


def _choose(m: Making, eligible: list[Fact], wanted: int) -> list[tuple[Fact, Entity | int | str | Date]]:
    """Choose facts to dispute, each with a plausible wrong value."""
    m.random.shuffle(eligible)
    chosen: list[tuple[Fact, Entity | int | str | Date]] = []
    for fact in eligible:
        wrong = _wrong(m, fact)
        if wrong is not None:
            chosen.append((fact, wrong))
        if len(chosen) == wanted:
            break
    return chosen


def _dispute(fact: Fact, wrong: Entity | int | str | Date, sources: list[Source]) -> Dispute:
    """Let the sources speak: one is right, the others copied the same mistake."""
    winner = next((s for s in sources if s.role == "C"), None) or next(s for s in sources if s.role == "E")
    claims: list[Claim] = []
    for source in sources:
        claim = Claim(fact, fact.object if source is winner else wrong, source, source is winner)
        source.entries.append(claim)
        claims.append(claim)
    fact.status = "settled"
    fact.home = ""
    reason = REASONS[winner.role].format(w=winner.page.title, y=winner.year)
    if len(claims) > 2:
        reason += " The other works agree only because one was compiled from the other."
    return Dispute(fact, claims, reason)


def _wrong(m: Making, fact: Fact) -> Entity | int | str | Date | None:
    """Draw a plausible value that is not the right one."""
    true = fact.object
    sign = m.choose((-1, 1))
    if isinstance(true, tuple):
        year, month, day = m.date(true[0] + sign * m.random.randint(1, 4))
        return (year, true[1], true[2]) if m.maybe(0.5) else (year, month, day)
    if isinstance(true, int):
        if fact.relation.range == "year":
            return true + sign * m.random.randint(2, 14)
        return true + sign * m.random.randint(max(6, true // 50), max(12, true // 11))
    if isinstance(true, Entity):
        return m.pick((true.sub,), fact.subject.start, oldest=80, but=(true,))
    return None


def write_source(source: Source, random: Random) -> Page:
    """Write a source page: who published it, on what authority, and its entries."""
    page = Page(source.page, random)
    page.heading(source.page.title)
    country = source.page.country
    assert country is not None
    older = source.based_on
    text = random.choice(PRESS_INTRODUCTIONS if source.press else INTRODUCTIONS[source.topic][source.role])
    for is_slot, piece in _split(text, older):
        if is_slot and older is not None:
            page.link(older.page)
        else:
            page.write(piece.format(t=source.page.title, c=country.name, a=country.note, y=source.year))
    page.heading("Corrections" if source.role == "E" else "Entries")
    entries = list(source.entries)
    random.shuffle(entries)
    for claim in entries:
        phrasings = ERRATA if source.role == "E" else ENTRIES
        template = random.choice(phrasings[claim.fact.relation.name])
        start = page.length
        wrong = next((c.value for c in (older.entries if older else []) if c.fact is claim.fact), None)
        _write_entry(page, template, claim, wrong)
        claim.place = Place(source.page.title, start, page.length)
        if claim.wins:
            page.state(claim.fact, start)
        page.write("\n")
    if page.parts and page.parts[-1] == "\n":
        page.parts.pop()
        page.length -= 1
    return page


def _split(text: str, older: Source | None) -> list[tuple[bool, str]]:
    before, slot, after = text.partition("{b}")
    if not slot:
        return [(False, text)]
    middle = (True, "") if older is not None else (False, "older printed works")
    return [(False, before), middle, (False, after)]


def _write_entry(page: Page, template: str, claim: Claim, wrong: Entity | int | str | Date | None) -> None:
    page.write("- ")
    parts: dict[str, Entity | int | str | Date | None] = {"{E}": claim.fact.subject, "{V}": claim.value, "{W}": wrong}
    rest = template
    while rest:
        at = min((rest.find(slot) for slot in parts if slot in rest), default=-1)
        if at < 0:
            page.write(rest)
            return
        if at:
            page.write(rest[:at])
        slot = rest[at : at + 3]
        value = parts[slot]
        if isinstance(value, Entity):
            page.write("The " if article(value) and page.parts[-1] == "- " else article(value))
            page.link(value)
        elif value is not None:
            page.write(show(value, claim.fact.relation.range))
        rest = rest[at + 3 :]
