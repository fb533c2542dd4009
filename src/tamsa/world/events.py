"""Ships, expeditions, battles and treaties, species, minerals, inventions, employment."""

from __future__ import annotations

from tamsa.world.graph import PRESENT, Entity
from tamsa.world.making import Making, similar

_ANIMALS = (
    "warbler", "thrush", "newt", "heron", "lynx", "marmot", "finch", "lizard", "otter", "beetle", "butterfly",
    "trout", "owl", "shrew", "gecko", "wagtail", "hare", "ibex", "moth", "plover", "tortoise", "kingfisher", "vole",
    "petrel",
)  # fmt: skip
_DIETS = (
    "beetles and their larvae", "grass seeds", "small fish", "lichens", "berries and buds", "snails",
    "the bark of birches", "dragonflies", "roots and bulbs", "freshwater shrimp", "ants", "moss and young shoots",
    "earthworms", "pine seeds", "nectar", "mice and voles",
)  # fmt: skip
_MINERAL_COLOURS = (
    "pale green", "honey yellow", "dark violet", "smoky grey", "rose pink", "deep blue", "rust red", "colourless",
    "bottle green", "milky white", "brownish black", "bright orange",
)  # fmt: skip
_DEVICES = (
    "lens", "valve", "loom", "engine", "governor", "lamp", "compass", "press", "pump", "turbine", "telegraph",
    "furnace", "barometer", "coupling", "plough", "camera", "gyroscope", "harp", "zither", "horn", "microscope",
    "winch",
)  # fmt: skip


def make_events(m: Making) -> None:
    """Make ships, journeys, wars, discoveries and inventions, and give people their employers."""
    _ships(m)
    _mountains(m)
    _expeditions(m)
    _battles(m)
    _species(m)
    _minerals(m)
    _inventions(m)
    _employment(m)


def _known(m: Making, year: int) -> Entity | None:
    people = [p for p in m.graph.kind("person") if p.born and p.born[0] + 45 <= year]
    return m.choose(people) if people else None


def _ships(m: Making) -> None:
    yards = [c for c in m.graph.kind("company") if c.sub == "shipbuilding"]
    for _ in range(m.plan.counts["ship"]):
        ship = m.graph.new("ship")
        made = m.maker(("sea captain",), earliest=1815, latest=1975)
        captain, year = made if made else (None, m.random.randint(1830, 1970))
        commanded = year
        year = max(1810, year - m.random.randint(0, 5))
        ship.start = year
        honoured = _known(m, year) if m.maybe(0.4) else None
        stem = honoured.name if honoured else m.names.stem(m.choose(m.names.cultures))
        prefix = "" if year < 1840 else m.choose(("SS ", "SS ", "MV ", "")) if year > 1900 else m.choose(("SS ", ""))
        m.entitle(
            ship, [f"{prefix}{stem}" if prefix or not honoured else f"Barque {stem}", f"RV {stem}", f"Steamer {stem}"]
        )
        if honoured:
            m.fact(ship, "named_after", honoured)
        builders = [c for c in yards if c.start <= year]
        if builders and m.maybe(0.9):
            m.fact(ship, "shipbuilder", m.choose(builders))
        if m.maybe(0.95):
            m.fact(ship, "launched", year)
        if captain and not any(f.relation.name == "captain" for f in captain.inverse):
            m.fact(ship, "captain", captain, year=commanded)
        port = m.choose(m.graph.kind("town"))
        ship.country = port.country
        if m.maybe(0.9):
            m.fact(ship, "home_port", port)
        m.fact(ship, "tonnage", m.random.randint(140, 2_200 if year < 1860 else 9_000 if year < 1905 else 24_000))


def _mountains(m: Making) -> None:
    for mountain in m.graph.kind("mountain"):
        made = m.maker(
            ("explorer", "naturalist", "geologist", "engineer"), earliest=1795, latest=1965, country=mountain.country
        )
        if made and m.maybe(0.75):
            m.fact(mountain, "first_ascent_by", made[0], year=made[1])


def _expeditions(m: Making) -> None:
    goals = m.graph.kind("mountain") + m.graph.kind("river")
    funders = m.graph.kind("university") + m.graph.kind("newspaper") + m.graph.kind("company")
    for _ in range(m.plan.counts["expedition"]):
        expedition = m.graph.new("expedition")
        made = m.maker(("explorer", "naturalist", "geologist", "sea captain"), earliest=1800, latest=1965)
        goal = m.choose(goals)
        if made is None:
            m.entitle(expedition, [f"{goal.short} Expedition"])
            continue
        leader, year = made
        expedition.country, expedition.start = leader.country, year
        m.entitle(
            expedition,
            [
                m.choose((f"{leader.short} Expedition", f"{goal.short} Expedition of {year}")),
                f"Second {leader.short} Expedition",
                f"{leader.short} Expedition to {goal.name}",
            ],
        )
        if m.maybe(0.95):
            m.fact(expedition, "leader", leader)
        if m.maybe(0.9):
            m.fact(expedition, "set_out", year)
        m.fact(expedition, "destination", goal)
        ships = [s for s in m.graph.kind("ship") if s.start < year <= s.start + 45]
        if ships and m.maybe(0.8):
            m.fact(expedition, "sailed_on", m.choose(ships))
        payers = [f for f in funders if f.start < year]
        if payers and m.maybe(0.75):
            m.fact(expedition, "funded_by", m.choose(payers))


def _battles(m: Making) -> None:
    treaties: list[tuple[Entity, int]] = []
    towns = m.graph.kind("town")
    for _ in range(m.plan.counts["treaty"]):
        treaty = m.graph.new("treaty")
        town = m.choose(towns)
        made = m.maker(("diplomat", "politician"), earliest=1800, latest=1948)
        year = made[1] if made else m.random.randint(1815, 1940)
        treaty.start = year
        treaty.country = town.country
        m.entitle(treaty, [f"Treaty of {town.name}", f"Peace of {town.name}", f"Convention of {town.name}"])
        if made and m.maybe(0.9):
            m.fact(treaty, "negotiator", made[0])
        m.fact(treaty, "signed_in", town)
        m.fact(treaty, "signed_on", m.date(year))
        treaties.append((treaty, year))
    for _ in range(m.plan.counts["battle"]):
        battle = m.graph.new("battle")
        town = m.choose(towns)
        made = m.maker(("general",), earliest=1792, latest=1945)
        year = made[1] if made else m.random.randint(1800, 1940)
        battle.start, battle.country = year, town.country
        m.entitle(
            battle,
            [
                f"Battle of {town.name}",
                f"Siege of {town.name}",
                f"Second Battle of {town.name}",
                f"Battle of {town.name} ({year})",
            ],
        )
        m.fact(battle, "fought_near", town)
        if m.maybe(0.95):
            m.fact(battle, "fought_on", m.date(year))
        if made:
            m.fact(battle, "victor", made[0])
            loser = m.pick(("general", "sea captain", "politician"), year, but=(made[0],))
            if loser and m.maybe(0.85):
                m.fact(battle, "defeated", loser)
        after = [
            t
            for t, signed in treaties
            if year < signed <= year + 9 and not any(f.relation.name == "ended_by" for f in t.inverse)
        ]
        if after:
            m.fact(battle, "ended_by", m.choose(after))


def _binomial(m: Making, culture: int, honoured: Entity | None) -> str:
    genus = m.names.stem(culture)
    genus += "us" if genus[-1] not in "aeiouy" else "ra"
    epithet = m.choose(
        ("montanus", "palustris", "minor", "robusta", "elegans", "fluviatilis", "borealis", "pallida", "nivalis")
    )
    if honoured:
        epithet = honoured.short.lower().replace("'", "") + ("i" if honoured.gender == "male" else "ae")
    return f"{genus} {epithet}"


def _species(m: Making) -> None:
    for _ in range(m.plan.counts["species"]):
        species = m.graph.new("species")
        region = m.choose(m.graph.kind("region"))
        species.country, species.place = region.country, region
        made = m.maker(("naturalist", "naturalist", "explorer"), earliest=1795, latest=1985)
        year = made[1] if made else m.random.randint(1810, 1980)
        species.start = year
        honoured = _known(m, year) if m.maybe(0.45) else None
        if honoured is not None and made is not None and honoured is made[0]:
            honoured = None  # nobody names a species after himself
        animal = m.choose(_ANIMALS)
        species.sub = animal
        if honoured:
            titles = [f"{honoured.short}'s {animal}", *(f"{honoured.short}'s {a}" for a in _ANIMALS)]
        else:
            titles = [f"{m.names.stem(region.culture)} {animal}"]
        m.entitle(species, titles)
        species.sub = species.title.rsplit(" ", 1)[1] if " " in species.title else animal
        if honoured:
            m.fact(species, "named_after", honoured)
        m.fact(species, "scientific_name", _binomial(m, region.culture, honoured))
        if made and m.maybe(0.93):
            m.fact(species, "described_by", made[0], year=year)
        m.fact(species, "found_in", region)
        if m.maybe(0.9):
            m.fact(species, "diet", m.choose(_DIETS))
    for country in m.graph.kind("country"):
        native = [s for s in m.graph.kind("species") if s.country is country]
        if native:
            m.fact(country, "national_animal", m.choose(native))


def _minerals(m: Making) -> None:
    for _ in range(m.plan.counts["mineral"]):
        mineral = m.graph.new("mineral")
        mountain = m.choose(m.graph.kind("mountain"))
        mineral.country = mountain.country
        made = m.maker(("geologist",), earliest=1800, latest=1985)
        year = made[1] if made else m.random.randint(1810, 1980)
        mineral.start = year
        honoured = _known(m, year) if m.maybe(0.6) else None
        base = honoured.short if honoured else m.names.stem(mountain.culture)
        base = base.rstrip("aeiouyø") if len(base.rstrip("aeiouyø")) > 3 else base
        m.entitle(mineral, [f"{base}ite", f"{base}lite", f"{base}spar"])
        if honoured:
            m.fact(mineral, "named_after", honoured)
        if made and m.maybe(0.93):
            m.fact(mineral, "discovered_by", made[0])
        if m.maybe(0.93):
            m.fact(mineral, "discovered", year)
        m.fact(mineral, "type_locality", mountain)
        m.fact(mineral, "colour", m.choose(_MINERAL_COLOURS))


def _inventions(m: Making) -> None:
    for _ in range(m.plan.counts["invention"]):
        invention = m.graph.new("invention")
        made = m.maker(("engineer", "engineer", "industrialist"), earliest=1800, latest=1990)
        inventor, year = made if made else (None, m.random.randint(1820, 1980))
        invention.start = year
        invention.country = inventor.country if inventor else None
        older = [i for i in m.graph.kind("invention")[:-1] if i.short]
        stem = inventor.short if inventor and m.maybe(0.7) else m.names.stem(m.choose(m.names.cultures))
        if older and m.maybe(0.08):
            other = m.choose(older)
            near = m.names.names.near(m.random, other.short)
            if near:
                stem = near
                similar(invention, other)
        invention.short = stem
        devices = list(_DEVICES)
        m.random.shuffle(devices)
        m.entitle(invention, [f"{stem} {device}" for device in devices])
        invention.sub = invention.title.rsplit(" ", 1)[1]
        if inventor:
            m.fact(invention, "inventor", inventor)
        if m.maybe(0.94):
            m.fact(invention, "invented", year)
        makers = [
            c
            for c in m.graph.kind("company")
            if c.start <= year + 3 and c.sub in ("engineering", "optical instruments", "mining", "shipbuilding")
        ]
        if makers and m.maybe(0.8):
            m.fact(invention, "manufacturer", m.choose(makers))


_EMPLOYERS = {
    "engineer": ("engineering", "shipbuilding", "optical instruments", "mining"),
    "geologist": ("mining", "university"),
    "naturalist": ("university",),
    "linguist": ("university",),
    "journalist": ("newspaper",),
    "screenwriter": ("film production",),
    "architect": ("university", "engineering"),
    "composer": ("university",),
    "record producer": ("music recording",),
}


def _employment(m: Making) -> None:
    organisations = m.graph.kind("company", "university", "newspaper")
    for person in m.graph.kind("person"):
        wanted = _EMPLOYERS.get(person.sub)
        if not wanted or not m.maybe(0.7):
            continue
        year = m.working_year(person, youngest=24, oldest=40, latest=PRESENT - 2)
        fitting = [o for o in organisations if (o.sub or o.kind) in wanted and year is not None and o.start < year]
        near = [o for o in fitting if o.country is person.country]
        if fitting:
            m.fact(person, "worked_for", m.choose(near or fitting))
