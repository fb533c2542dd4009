"""The first sentences of a page: what the thing is, with the facts that such a sentence carries."""

from __future__ import annotations

from collections.abc import Callable

from tamsa.world.graph import Entity, Fact
from tamsa.world.prose import Page, a_or_an, noun

Piece = str | Entity


def write_lead(page: Page) -> set[int]:
    """Write the lead and return the identities (`id()`) of the facts that it states."""
    pieces, facts = _LEADS.get(page.entity.kind, _thing)(page)
    page.sentence(pieces, facts)
    return {id(fact) for fact in facts}


class _Facts:
    """Picks facts that the subject's page may state and collects those that the lead used."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.entity = page.entity
        self.used: list[Fact] = []

    def get(self, name: str, probability: float = 1.0) -> Fact | None:
        fact = self.entity.get(name)
        if fact is None or "S" not in fact.home or fact.status != "asserted" or self.page.random.random() > probability:
            return None
        self.used.append(fact)
        return fact

    def entity_of(self, name: str, probability: float = 1.0) -> Entity | None:
        fact = self.get(name, probability)
        return fact.object if fact is not None and isinstance(fact.object, Entity) else None

    def text(self, name: str, probability: float = 1.0) -> str:
        fact = self.get(name, probability)
        return fact.text if fact is not None else ""


def _person(page: Page) -> tuple[list[Piece], list[Fact]]:
    person, random = page.entity, page.random
    facts = _Facts(page)
    born, died = facts.text("born_on", 0.75), facts.text("died_on", 0.75)
    facts.get("occupation")
    facts.get("citizen_of")
    assert person.country is not None
    tense = "is" if person.died is None else "was"
    trade = f"{person.country.note} {person.sub}"
    roll = random.random()
    if born and died and roll < 0.75:
        return [person, f" ({born} – {died}) {tense} {a_or_an(trade)}."], facts.used
    if born and not died and roll < 0.6:
        return [person, f" (born {born}) {tense} {a_or_an(trade)}."], facts.used
    town = facts.entity_of("born_in", 0.3)
    life: list[Piece] = []
    if born:
        life += [f", born on {born}"]
        if town is not None:
            life += [" in ", town]
        life += [","]
    elif town is not None:
        life += [", born in ", town, ","]
    if died:
        verb = f"{tense} {a_or_an(trade)} who died on {died}"
        return [person, *life, f" {verb}."], facts.used
    tail = random.choice(
        (
            f" {tense} {a_or_an(trade)}.",
            f" {tense} {a_or_an(person.sub)} from {person.country.name}.",
            f" {tense} {a_or_an(person.sub)} of {person.country.note} nationality.",
        )
    )
    return [person, *life, tail], facts.used


def _made(
    maker: str, dated: str, words: tuple[str, ...], verb: str = "by"
) -> Callable[[Page], tuple[list[Piece], list[Fact]]]:
    """Lead of a work: `X is a 1931 novel by Y`, in several orders."""

    def lead(page: Page) -> tuple[list[Piece], list[Fact]]:
        facts, random = _Facts(page), page.random
        year, author = facts.text(dated, 0.7), facts.entity_of(maker, 0.6)
        word = random.choice(words)
        by: list[Piece] = [f" {verb} ", author] if author is not None else []
        country = page.entity.country
        if year and random.random() < 0.6:
            return [page.entity, f" is {a_or_an(f'{year} {word}')}", *by, "."], facts.used
        nation = f"{country.note} " if country is not None and random.random() < 0.5 else ""
        tail = (f", dating from {year}" if by else f" of {year}") if year else ""
        return [page.entity, f" is {a_or_an(nation + word)}", *by, tail, "."], facts.used

    return lead


def _placed(
    place: str, words: Callable[[Entity], str], dated: str = "", verb: str = "opened"
) -> Callable[[Page], tuple[list[Piece], list[Fact]]]:
    """Lead of a thing that has its place: `X is a museum in Y, opened in 1931`."""

    def lead(page: Page) -> tuple[list[Piece], list[Fact]]:
        facts, random, entity = _Facts(page), page.random, page.entity
        town = facts.entity_of(place, 0.85)
        year = facts.text(dated, 0.4) if dated else ""
        word = words(entity)
        where: list[Piece] = []
        if town is not None:
            where = [" in ", town]
            if entity.country is not None and town.kind != "country" and random.random() < 0.4:
                where.append(f", {entity.country.name}")
        elif entity.country is not None:
            where = [" in ", entity.country]
        roll = random.random()
        if year and roll < 0.5:
            where += [f", {verb} in {year}"]
        elif year:
            return [f"{verb.capitalize()} in {year}, ", entity, f" is {a_or_an(word)}", *where, "."], facts.used
        return [entity, f" is {a_or_an(word)}", *where, "."], facts.used

    return lead


def _country(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    capital, language = facts.entity_of("capital", 0.6), facts.entity_of("official_language", 0.3)
    pieces: list[Piece] = [page.entity, " is a country"]
    if capital is not None:
        pieces += [" whose capital is ", capital]
    if language is not None:
        pieces += [
            " and whose official language is " if capital is not None else " whose official language is ",
            language,
        ]
    return [*pieces, "."], facts.used


def _region(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    country = facts.entity_of("in_country")
    seat = facts.entity_of("region_seat", 0.4)
    pieces: list[Piece] = [page.entity, " is a region of ", country or "the country"]
    if seat is not None:
        pieces += [page.random.choice((", administered from ", ", with its seat at ")), seat]
    return [*pieces, "."], facts.used


def _town(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    region, river = facts.entity_of("in_region", 0.8), facts.entity_of("on_river", 0.35)
    country = page.entity.country
    assert country is not None
    pieces: list[Piece] = [page.entity, " is a town"]
    if river is not None:
        pieces += [" on the ", river]
    if region is not None:
        pieces += [" in ", region, f", {country.name}" if page.random.random() < 0.6 else ""]
    else:
        pieces += [" in ", country]
    return [*pieces, "."], facts.used


def _river(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    length, target = facts.text("length", 0.4), facts.entity_of("flows_into", 0.4)
    assert page.entity.country is not None
    pieces: list[Piece] = [
        page.entity,
        f" is a {length} km long river in " if length else " is a river in ",
        page.entity.country,
    ]
    if target is not None:
        pieces += [", a tributary of the ", target]
    return [*pieces, "."], facts.used


def _award(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    giver, year = facts.entity_of("established_by", 0.7), facts.text("founded", 0.5)
    pieces: list[Piece] = [page.entity, f" is an award in the field of {page.entity.sub}"]
    if giver is not None:
        pieces += [", given by ", giver]
    if year:
        pieces += [f" since {year}" if giver is not None else f", given since {year}"]
    return [*pieces, "."], facts.used


def _battle(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    town, date = facts.entity_of("fought_near", 0.7), facts.text("fought_on", 0.6)
    pieces: list[Piece] = [page.entity]
    if town is not None:
        pieces += [" was fought near ", town]
    elif page.entity.country is not None:
        pieces += [page.random.choice((" was a battle in ", " was an engagement in ")), page.entity.country]
    if date:
        pieces.append(f" on {date}" if town is not None else f", fought on {date}")
    return [*pieces, "."], facts.used


def _treaty(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    town, date = facts.entity_of("signed_in", 0.6), facts.text("signed_on", 0.6)
    pieces: list[Piece] = [page.entity, " was a peace treaty"]
    if town is not None:
        pieces += [" signed in ", town]
    if date:
        pieces += [f" on {date}"] if town is not None else [f" signed on {date}"]
    return [*pieces, "."], facts.used


def _expedition(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    leader, goal = facts.entity_of("leader", 0.6), facts.entity_of("destination", 0.6)
    year = facts.text("set_out", 0.5)
    pieces: list[Piece] = [page.entity, " was a scientific expedition"]
    if goal is not None:
        pieces += [" to ", goal]
    if leader is not None:
        pieces += [" led by ", leader]
    if year:
        pieces += [f" that set out in {year}" if leader is None else f", which set out in {year}"]
    return [*pieces, "."], facts.used


def _species(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    latin, region = facts.text("scientific_name", 0.8), facts.entity_of("found_in", 0.6)
    pieces: list[Piece] = [page.entity, f" ({latin})" if latin else "", f" is a species of {page.entity.sub}"]
    if region is not None:
        pieces += [" found in ", region]
    return [*pieces, "."], facts.used


def _mineral(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    colour, mountain = facts.text("colour", 0.5), facts.entity_of("type_locality", 0.3)
    pieces: list[Piece] = [page.entity, f" is {a_or_an((colour + ' ' if colour else '') + 'mineral')}"]
    if mountain is not None:
        pieces += [" first found on ", mountain]
    return [*pieces, "."], facts.used


def _ship(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    year, yard = facts.text("launched", 0.6), facts.entity_of("shipbuilder", 0.5)
    word = (
        "steamship"
        if page.entity.name.startswith(("SS", "Steamer"))
        else "motor ship"
        if page.entity.name.startswith("MV")
        else "ship"
    )
    pieces: list[Piece] = [page.entity, f" was a {word}"]
    if yard is not None:
        pieces += [" built by ", yard]
    if year:
        pieces += [f" and launched in {year}" if yard is not None else f" launched in {year}"]
    return [*pieces, "."], facts.used


def _language(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    region = facts.entity_of("spoken_in", 0.7)
    where: list[Piece] = [" spoken in ", region] if region is not None else [" of ", page.entity.country or "the coast"]
    return [page.entity, " is a language", *where, "."], facts.used


def _invention(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    year, inventor = facts.text("invented", 0.5), facts.entity_of("inventor", 0.6)
    pieces: list[Piece] = [page.entity, f" is a type of {page.entity.sub}"]
    if inventor is not None:
        pieces += [" invented by ", inventor]
    if year:
        pieces += [f" in {year}" if inventor is not None else f" invented in {year}"]
    return [*pieces, "."], facts.used


def _company(page: Page) -> tuple[list[Piece], list[Fact]]:
    facts = _Facts(page)
    industry, town = facts.text("industry"), facts.entity_of("headquarters", 0.5)
    year = facts.text("founded", 0.4)
    country = page.entity.country
    nation = f"{country.note} " if country is not None and page.random.random() < 0.7 else ""
    pieces: list[Piece] = [page.entity, f" is {a_or_an(nation + 'company')}"]
    if town is not None:
        pieces += [" based in ", town]
    pieces += [f" and active in {industry}" if town is not None else f" active in {industry}"]
    if year:
        pieces += [f", founded in {year}"]
    return [*pieces, "."], facts.used


def _thing(page: Page) -> tuple[list[Piece], list[Fact]]:
    return [page.entity, f" is {a_or_an(noun(page.entity))}."], []


def _show_kind(entity: Entity) -> str:
    return noun(entity)


_LEADS: dict[str, Callable[[Page], tuple[list[Piece], list[Fact]]]] = {
    "person": _person,
    "novel": _made("author", "published", ("novel", "novel", "historical novel", "novel in three parts")),
    "film": _made("director", "released", ("film", "feature film", "drama film", "film drama"), "directed by"),
    "album": _made("artist", "released", ("album", "studio album", "record album")),
    "painting": _made("painter", "painted", ("painting", "oil painting", "painting in oil on canvas")),
    "building": _placed("stands_in", _show_kind, "opened"),
    "bridge": _placed("stands_in", lambda e: "bridge", "opened"),
    "university": _placed("located_in", lambda e: "institution of higher learning", "founded", "founded"),
    "newspaper": _placed("located_in", lambda e: "daily newspaper", "founded", "founded"),
    "club": _placed("located_in", lambda e: "football club", "founded", "founded"),
    "festival": _placed("located_in", lambda e: "yearly festival", "founded", "founded"),
    "mountain": _placed("in_region", lambda e: "mountain"),
    "company": _company,
    "country": _country,
    "region": _region,
    "town": _town,
    "river": _river,
    "award": _award,
    "battle": _battle,
    "treaty": _treaty,
    "expedition": _expedition,
    "species": _species,
    "mineral": _mineral,
    "ship": _ship,
    "language": _language,
    "invention": _invention,
}
