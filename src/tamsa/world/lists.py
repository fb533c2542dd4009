"""List pages: complete tables of bridges, mountains, rivers, buildings, rulers, censuses and seasons."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tamsa.world.geography import CENSUS_YEARS
from tamsa.world.graph import PRESENT, Entity, Fact
from tamsa.world.making import Making
from tamsa.world.prose import Page

Row = tuple[tuple[str | int | Entity, ...], tuple[Fact, ...]]


class Listing:
    """A list page: what it lists, and the facts in its columns.

    `columns` maps a column heading to the relation whose value stands in it.
    """

    def __init__(
        self, page: Entity, subject: Entity, kind: str, members: list[Entity], columns: dict[str, str], year: int = 0
    ) -> None:
        self.page = page
        self.subject = subject
        self.kind = kind
        self.members = members
        self.columns = columns
        self.year = year


def make_lists(m: Making) -> list[Listing]:
    """Create the list pages of a realm (their text is written later)."""
    listings: list[Listing] = []

    def add(
        title: str, subject: Entity, kind: str, members: list[Entity], columns: dict[str, str], year: int = 0
    ) -> None:
        page = m.graph.new("list", country=subject.country)
        m.entitle(page, [title])
        page.sub = kind
        listings.append(Listing(page, subject, kind, members, columns, year))

    def of(kind: str, country: Entity) -> list[Entity]:
        return [e for e in m.graph.kind(kind) if e.country is country]

    for country in m.graph.kind("country"):
        name = country.name
        add(
            f"List of bridges in {name}",
            country,
            "bridge",
            of("bridge", country),
            {"Town": "stands_in", "River": "crosses", "Length (m)": "length", "Opened": "opened"},
        )
        # Peaks whose height is disputed are left out, so that the table settles no dispute.
        agreed = [e for e in of("mountain", country) if (f := e.get("height")) is not None and f.status == "asserted"]
        add(
            f"List of mountains of {name}", country, "mountain", agreed, {"Region": "in_region", "Height (m)": "height"}
        )
        add(
            f"List of rivers of {name}",
            country,
            "river",
            of("river", country),
            {"Length (km)": "length", "Source": "source"},
        )
        add(
            f"List of notable buildings in {name}",
            country,
            "building",
            of("building", country),
            {"Town": "stands_in", "Height (m)": "height", "Opened": "opened"},
        )
        add(
            f"List of heads of state of {name}",
            country,
            "ruler",
            [f.object for f in country.all("head_of_state") if isinstance(f.object, Entity)],
            {"head_of_state": "head_of_state"},
        )
    for region in m.graph.kind("region"):
        add(
            f"Census of {region.name}", region, "town", m.towns_of[region], {str(y): "population" for y in CENSUS_YEARS}
        )
    countries = m.graph.kind("country")
    years: dict[Entity, set[int]] = {}
    for number in range(m.plan.seasons):
        country = countries[number % len(countries)]
        taken = years.setdefault(country, set())
        year = m.random.randint(1938, 1999)
        while year in taken:
            year = year + 1 if year < 2003 else 1938
        taken.add(year)
        clubs = of("club", country)
        m.random.shuffle(clubs)
        points = sorted(m.random.sample(range(12, 64), len(clubs)), reverse=True)
        for place, (club, won) in enumerate(zip(clubs, points, strict=True), start=1):
            m.fact(club, "league_position", place, year=year, home="")
            m.fact(club, "league_points", won, year=year, home="")
        add(
            f"{year} {country.name} League",
            country,
            "club",
            clubs,
            {"Place": "league_position", "Points": "league_points"},
            year,
        )
    return listings


def write_list(listing: Listing, random: Random) -> Page:
    """Write a list page."""
    page = Page(listing.page, random)
    page.heading(listing.page.title)
    _WRITERS.get(listing.kind, _write_plain)(page, listing)
    return page


def _value(entity: Entity, relation: str, year: int = 0) -> tuple[str | int | Entity, tuple[Fact, ...]]:
    for fact in entity.facts:
        if fact.relation.name == relation and (not year or fact.year == year) and fact.status == "asserted":
            if isinstance(fact.object, tuple):
                return fact.text, (fact,)
            return (str(fact.object) if fact.relation.range == "year" else fact.object), (fact,)
    return "unknown", ()


def _table(page: Page, listing: Listing, first: str) -> None:
    rows: list[Row] = []
    for member in listing.members:
        cells: list[str | int | Entity] = [member]
        facts: list[Fact] = []
        for heading, relation in listing.columns.items():
            cell, stated = _value(member, relation, int(heading) if heading.isdigit() else listing.year)
            cells.append(cell)
            facts += stated
        rows.append((tuple(cells), tuple(facts)))
    page.table((first, *listing.columns), rows)


def _write_plain(page: Page, listing: Listing) -> None:
    plural = {
        "bridge": "bridges in",
        "mountain": "mountains of",
        "river": "rivers of",
        "building": "notable buildings in",
    }[listing.kind]
    random = page.random
    opening = random.choice(
        (
            f"This is a list of the {plural} ",
            f"The following table lists the {plural} ",
            f"Listed here are the {plural} ",
        )
    )
    page.sentence([opening, listing.subject, ", in alphabetical order."], [])
    if listing.kind == "mountain":
        page.plain("Peaks on whose height the sources disagree are left out.")
    page.paragraph()
    listing.members.sort(key=lambda e: e.title)
    _table(page, listing, listing.kind.capitalize())


def _write_rulers(page: Page, listing: Listing) -> None:
    page.sentence(
        ["The heads of state of ", listing.subject, " since the constitution are listed in order of office."], []
    )
    page.paragraph()
    facts = listing.subject.all("head_of_state")
    rows: list[Row] = []
    for number, fact in enumerate(facts, start=1):
        assert isinstance(fact.object, Entity)
        until = str(fact.until) if fact.until != PRESENT else "in office"
        rows.append(((str(number), fact.object, str(fact.year), until), (fact,)))
    page.table(("Number", "Name", "From", "To"), rows)


def _write_census(page: Page, listing: Listing) -> None:
    random = page.random
    page.sentence(
        [
            random.choice(
                (
                    "The table gives the number of inhabitants of the towns of ",
                    "These are the results of the general census for the towns of ",
                    "Inhabitants were counted four times in the towns of ",
                )
            ),
            listing.subject,
            ".",
        ],
        [],
    )
    page.plain("The census is taken every thirty years.")
    page.paragraph()
    listing.members = sorted(listing.members, key=lambda e: e.title)
    _table(page, listing, "Town")


def _write_season(page: Page, listing: Listing) -> None:
    random = page.random
    page.sentence(
        [
            random.choice(
                (f"The {listing.year} season of the national league of ", f"The {listing.year} championship of ")
            ),
            listing.subject,
            f" was contested by {len(listing.members)} clubs.",
        ],
        [],
    )
    page.plain(
        random.choice(
            (
                "The final table was as follows.",
                "The season ended with the following table.",
                "Final standings are given below.",
            )
        )
    )
    page.paragraph()
    _table(page, listing, "Club")


_WRITERS: dict[str, Callable[[Page, Listing], None]] = {
    "ruler": _write_rulers,
    "town": _write_census,
    "club": _write_season,
}
