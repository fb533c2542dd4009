"""The schema: entity kinds, the registry of relations, and the plan of a realm."""

from __future__ import annotations

from dataclasses import dataclass

from tamsa.world.relations import Relation, relation
from tamsa.world.relations_nature import NATURE
from tamsa.world.relations_people import PEOPLE
from tamsa.world.relations_places import PLACES
from tamsa.world.relations_society import SOCIETY
from tamsa.world.relations_works import WORKS

TABLES = (
    relation(
        "league_position", "club > number", "Seasons", (0, 0, 0), many=True,
        s="{P} finished in place {X} in {y}",
    ),
    relation(
        "league_points", "club > number", "Seasons", (0, 0, 0), many=True, unit="points",
        s="{P} took {X} points in {y}",
    ),
)  # fmt: skip

RELATIONS: dict[str, Relation] = {
    r.name: r for group in (PEOPLE, PLACES, WORKS, SOCIETY, NATURE, TABLES) for r in group
}
"""All relations by name."""

KINDS: dict[str, str] = {
    "country": "country",
    "region": "region",
    "town": "town",
    "river": "river",
    "mountain": "mountain",
    "person": "person",
    "novel": "novel",
    "film": "film",
    "album": "album",
    "painting": "painting",
    "company": "company",
    "university": "institution",
    "newspaper": "newspaper",
    "club": "football club",
    "award": "award",
    "building": "building",
    "bridge": "bridge",
    "battle": "battle",
    "treaty": "treaty",
    "expedition": "expedition",
    "festival": "festival",
    "species": "species",
    "mineral": "mineral",
    "invention": "invention",
    "language": "language",
    "ship": "ship",
    "list": "list",
    "source": "source",
}
"""Entity kinds and the noun that people use for them. `list` and `source` are pages about other things."""

SHARES: dict[str, float] = {
    "town": 0.085,
    "river": 0.022,
    "mountain": 0.028,
    "novel": 0.050,
    "film": 0.060,
    "album": 0.035,
    "painting": 0.040,
    "company": 0.050,
    "university": 0.016,
    "battle": 0.018,
    "treaty": 0.012,
    "festival": 0.015,
    "expedition": 0.014,
    "species": 0.028,
    "mineral": 0.015,
    "invention": 0.020,
    "club": 0.028,
    "bridge": 0.035,
    "building": 0.050,
    "newspaper": 0.018,
    "award": 0.012,
    "language": 0.006,
    "ship": 0.028,
}
"""Share of a realm's pages by kind; countries, regions, lists and sources are counted apart, people fill the rest."""

REALM_SIZE = 2400
"""Pages of a realm, about; memory is proportional to it."""

MIN_PAGES = 200
"""Fewest pages of a world: below it not every kind of thing fits."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pages of each kind a realm has; they add up to `pages`."""

    pages: int
    countries: int
    regions: int
    seasons: int
    sources: int
    counts: dict[str, int]

    @property
    def lists(self) -> int:
        """Number of list pages."""
        return self.countries * 5 + self.regions + self.seasons


def realm_sizes(num_pages: int) -> list[int]:
    """Split a world into realms of about `REALM_SIZE` pages that add up to `num_pages`."""
    number = max(1, round(num_pages / REALM_SIZE))
    return [num_pages // number + (index < num_pages % number) for index in range(number)]


def plan(pages: int) -> Plan:
    """Lay out a realm of exactly `pages` pages."""
    countries = 2 if pages < 900 else 3 if pages < 1800 else 4
    regions = countries * (2 if pages < 270 else 3 if pages < 900 else 4)
    seasons = max(countries, round(pages * 0.008))
    sources = countries * max(3, round(pages * 0.024 / countries))
    scale = 0.82 if pages < 500 else 0.92 if pages < 900 else 1.0
    counts = {kind: max(2, round(pages * share * scale)) for kind, share in SHARES.items()}
    counts["town"] = max(counts["town"], regions * 2)
    counts["club"] = max(counts["club"], countries * 4)
    counts["language"] = max(counts["language"], countries)
    counts["species"] = max(counts["species"], countries * 2)
    for kind in ("river", "mountain", "bridge", "building"):
        counts[kind] = max(counts[kind], countries * 3)
    fixed = countries + regions + countries * 5 + regions + seasons + sources + sum(counts.values())
    counts["person"] = pages - fixed
    return Plan(pages, countries, regions, seasons, sources, counts)
