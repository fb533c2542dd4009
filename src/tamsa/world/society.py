"""Universities, companies, newspapers, clubs, buildings, bridges, awards, languages, festivals and offices."""

from __future__ import annotations

from tamsa.world.graph import PRESENT, Entity
from tamsa.world.making import Making, similar

INDUSTRIES: tuple[tuple[str, tuple[str, ...], int, int], ...] = (
    (
        "book publishing",
        ("{s} Press", "{s} & Sons Publishers", "{s} Books", "{t} House of Books", "{s} Verlag"),
        1800,
        5,
    ),
    ("film production", ("{s} Pictures", "{s} Film Company", "{t} Studios", "Studio {s}"), 1912, 5),
    ("music recording", ("{s} Records", "{s} Sound", "{t} Gramophone Company", "{s} Music"), 1925, 4),
    ("shipbuilding", ("{s} Shipyards", "{t} Dock Company", "{s} & {s2} Shipbuilders", "{t} Yards"), 1810, 4),
    ("engineering", ("{s} Works", "{s} Engineering", "{t} Machine Company", "{s} & {s2}"), 1815, 5),
    ("brewing", ("{s} Brewery", "{t} Brewing Company", "{s} Ales"), 1800, 2),
    ("textiles", ("{s} Mills", "{t} Weaving Company", "{s} Textiles"), 1800, 2),
    ("mining", ("{t} Mining Company", "{s} Mines", "{s} Minerals"), 1805, 2),
    ("optical instruments", ("{s} Optics", "{t} Optical Works", "{s} Instruments"), 1840, 2),
)
"""Industry, name patterns, earliest year of founding, weight."""

_INVENTION_MAKERS = ("engineering", "optical instruments", "shipbuilding", "mining")
BUILDING_TYPES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("museum", ("{t} Museum of Art", "{n} Gallery", "{t} Picture Gallery", "Museum of {t}", "{n} Museum"), 4),
    ("stadium", ("{n} Park", "{t} Stadium", "{n} Field", "{w} Ground"), 4),
    ("cathedral", ("{t} Cathedral", "{t} Minster", "Cathedral of {t}", "{w} Abbey"), 2),
    ("lighthouse", ("{t} Lighthouse", "{w} Light", "{w} Lighthouse"), 2),
    ("theatre", ("{n} Theatre", "{t} Playhouse", "{w} Theatre", "Theatre of {t}"), 2),
    ("observatory", ("{n} Observatory", "{t} Observatory", "{w} Observatory"), 1),
    ("library", ("{n} Library", "{t} Public Library", "{w} Library"), 1),
)
_COLOURS = (
    "red", "blue", "green", "white", "black", "yellow", "orange", "violet", "sky blue", "maroon", "grey", "gold",
)  # fmt: skip
_THEMES = (
    "lanterns and night music", "kite flying", "the apple harvest", "puppet theatre", "choral singing",
    "the first snow", "horse racing", "storytelling", "woodcarving", "the return of the fishing boats",
    "street theatre", "masked dances", "folk dancing", "bread and baking", "rowing", "old ballads", "glass blowing",
    "bell ringing",
)  # fmt: skip
_FESTIVALS = (
    "{t} Lantern Festival", "{t} Kite Festival", "{t} Harvest Fair", "{t} Music Week", "{t} Winter Fair",
    "{t} Song Week", "{t} Midsummer Festival", "{t} Festival", "{t} Carnival", "{t} River Feast",
)  # fmt: skip
_SCRIPTS = ("Ashkar", "Lineal", "Old Coastal", "Round", "Mirrored", "Knotted", "Barred", "Leaf", "Court", "Pilgrim")


def make_society(m: Making) -> None:
    """Make organisations, buildings and offices; people must exist, and studies are drawn afterwards."""
    _universities(m)
    _companies(m)
    _newspapers(m)
    _buildings(m)
    _bridges(m)
    _clubs(m)
    _festivals(m)
    _languages(m)
    _rulers(m)
    _mayors(m)


def _town(m: Making, country: Entity | None = None) -> Entity:
    return m.choose(m.towns_of[country] if country is not None else m.graph.kind("town"))


def _founded(m: Making, entity: Entity, occupations: tuple[str, ...], earliest: int, latest: int, known: float) -> int:
    """Choose founder and year together, so that the founder was of working age."""
    found = m.maker(occupations, earliest=earliest, latest=latest, country=entity.country)
    year = found[1] if found else m.random.randint(max(earliest, 1790), latest)
    entity.start = year
    if found and m.maybe(known):
        m.fact(entity, "founder", found[0])
    if m.maybe(0.94):
        m.fact(entity, "founded", year)
    return year


def _led(m: Making, entity: Entity, occupations: tuple[str, ...]) -> None:
    year = m.random.randint(1982, 2003)
    if not m.maybe(0.6) or year <= entity.start:
        return
    leader = m.pick(occupations, year, youngest=30, oldest=62, country=entity.country)
    # One person heads one organisation, and is still alive, since the page says "is".
    if leader and leader.died is None and not any(f.relation.name in ("led_by", "mayor") for f in leader.inverse):
        m.fact(entity, "led_by", leader, year=year)


def _universities(m: Making) -> None:
    for _ in range(m.plan.counts["university"]):
        country = m.choose(m.graph.kind("country"))
        town = _town(m, country)
        university = m.graph.new("university", country=country, place=town)
        patterns = [
            f"University of {town.name}",
            f"{town.name} Polytechnic",
            f"{town.name} Academy",
            f"{town.name} College",
        ]
        m.random.shuffle(patterns)
        m.entitle(university, [*patterns, f"{m.names.stem(country.culture)} Institute"])
        if m.maybe(0.4):
            university.start = m.random.randint(1420, 1760)
            m.fact(university, "founded", university.start)
        else:
            _founded(
                m, university, ("politician", "naturalist", "industrialist", "composer", "linguist"), 1795, 1945, 0.9
            )
        m.fact(university, "located_in", town)
        _led(m, university, ("engineer", "naturalist", "geologist", "architect", "composer", "novelist"))


def _companies(m: Making) -> None:
    weighted = [entry for entry in INDUSTRIES for _ in range(entry[3])]
    total = m.plan.counts["company"]
    order = [INDUSTRIES[i] for i in (0, 1, 2, 3, 4)] + [m.choose(weighted) for _ in range(max(0, total - 5))]
    for industry, patterns, earliest, _ in order[:total]:
        country = m.choose(m.graph.kind("country"))
        company = m.graph.new("company", country=country)
        company.sub = industry
        founder = m.maker(("industrialist", "engineer"), earliest=earliest, latest=1990, country=country)
        year = founder[1] if founder else m.random.randint(max(earliest, 1830), 1985)
        home = founder[0].place if founder and founder[0].place and m.maybe(0.4) else None
        town = home or _town(m, country)
        company.country, company.place, company.start = town.country, town, year
        surname = founder[0].short if founder and m.maybe(0.55) else m.names.stem(country.culture)
        older = [c for c in m.graph.kind("company")[:-1] if c.short and c.sub == industry]
        if older and m.maybe(0.10):
            other = m.choose(older)
            near = m.names.names.near(m.random, other.short)
            if near:
                surname = near
                similar(company, other)
        company.short = surname
        second = m.names.stem(country.culture) if "{s2}" in "".join(patterns) else ""
        titles = [p.format(s=surname, t=town.name, s2=second) for p in patterns]
        m.random.shuffle(titles)
        if company.namesakes:
            titles = [title for title in titles if surname in title]
        m.entitle(company, titles)
        if founder and m.maybe(0.88):
            m.fact(company, "founder", founder[0])
        if m.maybe(0.93):
            m.fact(company, "founded", year)
        m.fact(company, "industry", industry)
        if m.maybe(0.95):
            m.fact(company, "headquarters", town)
        _led(m, company, ("industrialist", "engineer"))
    companies = m.graph.kind("company")
    for company in companies:
        larger = [c for c in companies if c.start < company.start and c.sub == company.sub]
        if larger and m.maybe(0.14) and company.start < 1985:
            m.fact(company, "acquired_by", m.choose(larger), year=m.random.randint(company.start + 8, PRESENT - 2))


def _newspapers(m: Making) -> None:
    for _ in range(m.plan.counts["newspaper"]):
        town = _town(m)
        paper = m.graph.new("newspaper", country=town.country, place=town)
        kinds = [
            "Courier",
            "Gazette",
            "Mercury",
            "Post",
            "Observer",
            "Herald",
            "Tribune",
            "Chronicle",
            "Messenger",
            "Echo",
        ]
        m.random.shuffle(kinds)
        m.entitle(paper, [f"{town.name} {kind}" for kind in kinds])
        _founded(m, paper, ("journalist", "novelist", "politician", "industrialist"), 1800, 1975, 0.9)
        m.fact(paper, "located_in", town)
        _led(m, paper, ("journalist", "novelist"))


def _buildings(m: Making) -> None:
    weighted = [entry for entry in BUILDING_TYPES for _ in range(entry[2])]
    total = m.plan.counts["building"]
    clubs = max(1, int(m.plan.counts["club"] * 0.7))
    order = [BUILDING_TYPES[0]] * 2 + [BUILDING_TYPES[1]] * clubs + [BUILDING_TYPES[2]] * 2
    order = order[: total - 2] + [m.choose(weighted) for _ in range(max(2, total - len(order)))]
    heights: set[int] = set()
    for kind, patterns, _ in order[:total]:
        town = _town(m)
        building = m.graph.new("building", country=town.country, place=town)
        building.sub = kind
        first = 1868 if kind == "stadium" else 1800
        made = m.maker(("architect",), earliest=first, latest=1995, country=town.country)
        year = made[1] if made else m.random.randint(first + 20, 1990)
        building.start = year
        honoured = _honoured(m, year, town.country) if m.maybe(0.3) else None
        name = honoured.short if honoured else m.names.stem(town.culture)
        titles = [p.format(t=town.name, w=name if not honoured else f"{name}", n=name) for p in patterns]
        if honoured:
            titles = [title for title in titles if name in title]
        else:
            m.random.shuffle(titles)
        m.entitle(building, titles)
        if honoured and name in building.title:
            m.fact(building, "named_after", honoured)
        m.fact(building, "stands_in", town)
        if m.maybe(0.95):
            m.fact(building, "opened", year)
        if made and m.maybe(0.9):
            m.fact(building, "designed_by", made[0])
        height = m.random.randint(14, 128)
        while height in heights:
            height += 1
        heights.add(height)
        m.fact(building, "height", height)
        if kind in ("stadium", "theatre"):
            m.fact(building, "capacity", m.random.randint(4, 62) * (900 if kind == "stadium" else 30))
    churches = [b for b in m.graph.kind("building") if b.sub == "cathedral"]
    for person in m.graph.kind("person"):
        if person.died is None or not m.maybe(0.22):
            continue
        fitting = [c for c in churches if c.country is person.country and c.start < person.died[0]]
        if fitting:
            m.fact(person, "buried_at", m.choose(fitting))


def _honoured(m: Making, year: int, country: Entity | None) -> Entity | None:
    """A person who was known by a year: at least fifty years after birth."""
    known = [p for p in m.graph.kind("person") if p.born and p.born[0] + 50 <= year and p.country is country]
    return m.choose(known) if known else None


def _bridges(m: Making) -> None:
    lengths: set[int] = set()
    for _ in range(m.plan.counts["bridge"]):
        for _ in range(30):
            town = _town(m)
            if town.one("on_river"):
                break
        river = town.one("on_river")
        bridge = m.graph.new("bridge", country=town.country, place=town)
        made = m.maker(("engineer", "architect"), earliest=1800, latest=1995, country=town.country)
        year = made[1] if made else m.random.randint(1820, 1990)
        bridge.start = year
        honoured = _honoured(m, year, town.country) if m.maybe(0.35) else None
        name = honoured.short if honoured else m.names.stem(town.culture)
        titles = [f"{name} Bridge"] if honoured or m.maybe(0.7) else [f"{town.name} Bridge", f"{name} Bridge"]
        m.entitle(bridge, [*titles, f"{name} Viaduct", f"{name} Crossing"])
        if honoured:
            m.fact(bridge, "named_after", honoured)
        if river:
            m.fact(bridge, "crosses", river)
        m.fact(bridge, "stands_in", town)
        if m.maybe(0.95):
            m.fact(bridge, "opened", year)
        if made and m.maybe(0.9):
            m.fact(bridge, "designed_by", made[0])
        length = m.random.randint(42, 1_480)
        while length in lengths:
            length += 1
        lengths.add(length)
        m.fact(bridge, "length", length)


def _clubs(m: Making) -> None:
    countries = m.graph.kind("country")
    stadiums = [b for b in m.graph.kind("building") if b.sub == "stadium"]
    for number in range(m.plan.counts["club"]):
        country = countries[number % len(countries)]
        town = _town(m, country)
        club = m.graph.new("club", country=country, place=town)
        kinds = ["Rovers", "Athletic", "United", "Wanderers", "Rangers", "Olympic", "Sporting", "Albion"]
        m.random.shuffle(kinds)
        m.entitle(club, [f"{town.name} {kind}" for kind in kinds])
        year = _founded(m, club, ("industrialist", "footballer", "journalist", "engineer"), 1872, 1935, 0.7)
        m.fact(club, "located_in", town)
        near = [s for s in stadiums if s.country is country and s.start >= year]
        if near and m.maybe(0.9):
            ground = m.choose(near)
            stadiums.remove(ground)
            m.fact(club, "ground", ground, year=m.random.randint(ground.start, min(ground.start + 6, PRESENT - 1)))
        first, second = m.random.sample(_COLOURS, 2)
        m.fact(club, "colours", f"{first} and {second}")
    for player in m.by_occupation.get("footballer", ()):
        assert player.born is not None
        year = player.born[0] + 20
        clubs = [c for c in m.graph.kind("club") if c.country is player.country and c.start <= year]
        if clubs and m.maybe(0.9):
            m.fact(player, "plays_for", m.choose(clubs))


def _festivals(m: Making) -> None:
    for _ in range(m.plan.counts["festival"]):
        town = _town(m)
        festival = m.graph.new("festival", country=town.country, place=town)
        titles = [p.format(t=town.name) for p in _FESTIVALS]
        m.random.shuffle(titles)
        m.entitle(festival, titles)
        _founded(m, festival, ("composer", "musician", "novelist", "politician", "actor", "painter"), 1815, 1995, 0.8)
        m.fact(festival, "located_in", town)
        m.fact(festival, "theme", m.choose(_THEMES))


def _languages(m: Making) -> None:
    countries = m.graph.kind("country")
    for number in range(m.plan.counts["language"]):
        country = countries[number % len(countries)]
        language = m.graph.new("language", country=country)
        stem = m.names.stem(country.culture)
        m.entitle(language, [stem + ("ic" if stem[-1] not in "aeiouy" else "n"), stem + "ish"])
        regions = [r for r in m.graph.kind("region") if r.country is country]
        m.fact(language, "spoken_in", m.choose(regions))
        m.fact(language, "script", m.choose(_SCRIPTS))
        m.fact(language, "speakers", m.random.randint(9, 6_400) * 1_000)
        made = m.maker(("linguist",), earliest=1800, latest=1980)
        if made and not any(f.relation.name == "grammar_by" for f in made[0].inverse) and m.maybe(0.9):
            m.fact(language, "grammar_by", made[0], year=made[1])
        if number < len(countries):
            m.fact(country, "official_language", language)


def _rulers(m: Making) -> None:
    for country in m.graph.kind("country"):
        rulers = sorted(
            (p for p in m.graph.kind("person") if p.note == "ruler" and p.country is country and p.born is not None),
            key=lambda p: p.born or (0, 0, 0),
        )
        term = (PRESENT - 1860) / len(rulers)
        starts = [
            1860 + int((index + (m.random.uniform(-0.25, 0.25) if index else 0)) * term) for index in range(len(rulers))
        ]
        starts.append(PRESENT)
        for index, ruler in enumerate(rulers):
            m.fact(country, "head_of_state", ruler, year=starts[index], until=starts[index + 1])


def _mayors(m: Making) -> None:
    for town in m.graph.kind("town"):
        year = m.random.randint(1990, 2003)
        if m.maybe(0.5):
            person = m.pick(
                ("politician", "industrialist", "journalist", "actor", "footballer"),
                year,
                oldest=70,
                country=town.country,
            )
            if (
                person
                and person.died is None
                and not any(f.relation.name in ("led_by", "mayor") for f in person.inverse)
            ):
                m.fact(town, "mayor", person, year=year)


def make_awards(m: Making) -> None:
    """Make awards, named after dead people and won, year by year, by the living; works must exist."""
    givers = m.graph.kind("university") + m.graph.kind("newspaper") + m.graph.kind("company")
    fields = (
        ("Literature", ("novelist",)), ("Film", ("film director", "screenwriter", "actor")),
        ("Science", ("naturalist", "geologist", "engineer")), ("Architecture", ("architect", "engineer")),
        ("Painting", ("painter",)), ("Music", ("composer", "musician")),
    )  # fmt: skip
    givers = [g for g in givers if g.start < 1960]
    for number in range(m.plan.counts["award"]):
        field, occupations = fields[number % len(fields)]
        award = m.graph.new("award")
        giver = m.choose(givers)
        award.country = giver.country
        award.sub = field.lower()
        year = m.random.randint(max(1895, giver.start + 1), 1978)
        award.start = year
        honoured = _honoured(m, year, giver.country)
        name = honoured.short if honoured else m.names.stem(m.names.cultures[0])
        m.entitle(
            award,
            [
                f"{name} {m.choose(('Prize', 'Medal', 'Award'))}",
                f"{name} Prize for {field}",
                f"{name} Medal of {field}",
            ],
        )
        if honoured:
            m.fact(award, "named_after", honoured)
        m.fact(award, "established_by", giver)
        m.fact(award, "founded", year)
        step = m.random.randint(2, 5)
        won: list[Entity] = []
        for edition in range(year, PRESENT, step):
            if len(won) >= 14:
                break
            winner = m.pick(occupations, edition, youngest=26, oldest=84, but=won)
            if winner is not None and len(winner.inverse) < 40:
                won.append(winner)
                m.fact(award, "winner", winner, year=edition, home="O" if m.maybe(0.4) else "")
