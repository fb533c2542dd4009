"""Countries, regions, towns, rivers and mountains of a realm."""

from __future__ import annotations

from tamsa.world.cultures import CULTURES
from tamsa.world.graph import Entity
from tamsa.world.making import Making, similar
from tamsa.world.names import adjective

CENSUS_YEARS = (1901, 1931, 1961, 1991)
CURRENCIES = (
    "crown", "florin", "tallar", "dinara", "lira", "mark", "real", "shell", "reef", "denar", "ducat", "peso",
    "grosch", "rial", "scudo", "thaler", "guilder", "ruvan", "penno", "sol",
)  # fmt: skip


def make_geography(m: Making) -> None:
    """Make the land: countries, their regions, towns on rivers, mountains and where rivers rise and end."""
    for number in range(m.plan.countries):
        country = m.graph.new("country")
        country.culture = m.names.cultures[number % len(m.names.cultures)]
        country.country = country
        country.title = country.name = m.names.land(country.culture)
        country.note = adjective(country.name)
        m.towns_of[country] = []
        m.fact(country, "currency", f"{country.note} {m.choose(CURRENCIES)}")
    countries = m.graph.kind("country")
    for number in range(m.plan.regions):
        country = countries[number % len(countries)]
        region = m.graph.new("region", country=country)
        region.culture = country.culture
        region.title = region.name = m.names.land(country.culture)
        m.towns_of[region] = []
        m.fact(region, "in_country", country)
        m.fact(region, "area", m.random.randint(2_100, 48_000))
    for country in countries:
        own = [f.object for r in m.graph.kind("region") if r.country is country for f in r.all("area")]
        m.fact(country, "area", sum(area for area in own if isinstance(area, int)))
    _make_mountains(m)
    _make_rivers(m)
    _make_towns(m)


def _regions(m: Making, country: Entity) -> list[Entity]:
    return [region for region in m.graph.kind("region") if region.country is country]


def _make_mountains(m: Making) -> None:
    regions = m.graph.kind("region")
    heights: set[int] = set()
    for number in range(m.plan.counts["mountain"]):
        region = regions[number % len(regions)]
        mountain = m.graph.new("mountain", country=region.country, place=region)
        mountain.culture = region.culture
        older = [o for o in m.graph.kind("mountain")[:-1] if o.culture == region.culture and o.short]
        stem = None
        if older and m.maybe(0.08):
            other = m.choose(older)
            stem = m.names.names.near(m.random, other.short)
            if stem:
                similar(mountain, other)
        stem = stem or m.names.stem(region.culture)
        mountain.short = stem
        m.entitle(mountain, [m.choose((f"Mount {stem}", f"Mount {stem}", f"{stem} Peak", f"{stem} Horn"))])
        m.fact(mountain, "in_region", region)
        height = m.random.randint(780, 4_900)
        while height in heights:
            height += 1
        heights.add(height)
        m.fact(mountain, "height", height)


def _make_rivers(m: Making) -> None:
    countries = m.graph.kind("country")
    lengths: set[int] = set()
    for number in range(m.plan.counts["river"]):
        country = countries[number % len(countries)]
        river = m.graph.new("river", country=country)
        river.culture = country.culture
        stem = m.names.stem(country.culture)
        river.short = stem
        m.entitle(river, [f"River {stem}" if CULTURES[country.culture].river_first else f"{stem} River"])
        mountains = [x for x in m.graph.kind("mountain") if x.country is country]
        if mountains and m.maybe(0.85):
            m.fact(river, "source", m.choose(mountains))
        length = m.random.randint(38, 960)
        while length in lengths:
            length += 1
        lengths.add(length)
        river.start = length
        m.fact(river, "length", length)
    for country in countries:
        # A river flows only into a longer one, so that no two rivers flow into each other.
        rivers = sorted((r for r in m.graph.kind("river") if r.country is country), key=lambda r: r.start)
        for index, river in enumerate(rivers[:-1]):
            if m.maybe(0.75):
                m.fact(river, "flows_into", m.choose(rivers[index + 1 :]))
        for river in rivers:
            river.start = 0


def _make_towns(m: Making) -> None:
    regions = m.graph.kind("region")
    rivers_of = {c: [r for r in m.graph.kind("river") if r.country is c] for c in m.graph.kind("country")}
    for number in range(m.plan.counts["town"]):
        region = regions[number % len(regions)]
        assert region.country is not None
        town = m.graph.new("town", country=region.country, place=region)
        town.culture = region.culture
        older = m.towns_of[region.country]
        name = None
        if older and m.maybe(0.07):
            other = m.choose(older)
            name = m.names.names.near(m.random, other.name)
            if name:
                similar(town, other)
                town.title = town.name = name
        if name is None:
            # The word was claimed when it was coined: it is the title.
            town.title = town.name = m.names.town(region.culture)
        m.towns_of[region].append(town)
        m.towns_of[region.country].append(town)
        m.fact(town, "in_region", region)
        if m.maybe(0.8):
            m.fact(town, "on_river", m.choose(rivers_of[region.country]))
        if m.maybe(0.9):
            m.fact(town, "settled_in", m.random.randint(1130, 1690))
        people = int(1_500 * 2 ** (m.random.random() * 7))
        for year in CENSUS_YEARS:
            people = int(people * m.random.uniform(0.93, 1.45)) + m.random.randrange(97)
            m.fact(town, "population", people, year=year, home="S" if m.maybe(0.3) else "")
    for region in regions:
        m.fact(region, "region_seat", m.towns_of[region][0])
    for country in m.graph.kind("country"):
        seats = [r.one("region_seat") for r in _regions(m, country)]
        capital = seats[0]
        assert capital is not None
        m.fact(country, "capital", capital)
    towns = m.graph.kind("town")
    for _ in range(len(towns) // 8):
        first, second = m.choose(towns), m.choose(towns)
        if first.country is not second.country and not any(
            t.get("twin_town") or any(f.relation.name == "twin_town" for f in t.inverse) for t in (first, second)
        ):
            m.fact(first, "twin_town", second, year=m.random.randint(1955, 2000))
