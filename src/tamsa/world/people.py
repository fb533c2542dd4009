"""People of a realm: lives, families, names, education."""

from __future__ import annotations

from tamsa.world.graph import PRESENT, Entity
from tamsa.world.making import Making, similar

OCCUPATIONS: tuple[tuple[str, int, int, int], ...] = (
    ("novelist", 11, 1770, 1965),
    ("film director", 9, 1888, 1965),
    ("screenwriter", 4, 1888, 1968),
    ("actor", 7, 1888, 1975),
    ("composer", 5, 1850, 1960),
    ("musician", 8, 1905, 1972),
    ("record producer", 2, 1910, 1965),
    ("painter", 9, 1770, 1955),
    ("architect", 7, 1770, 1950),
    ("engineer", 9, 1770, 1955),
    ("explorer", 5, 1770, 1905),
    ("naturalist", 6, 1770, 1950),
    ("geologist", 5, 1775, 1950),
    ("politician", 6, 1790, 1955),
    ("general", 5, 1765, 1890),
    ("industrialist", 10, 1770, 1950),
    ("footballer", 5, 1895, 1975),
    ("linguist", 3, 1775, 1945),
    ("sea captain", 5, 1775, 1935),
    ("diplomat", 4, 1770, 1945),
    ("journalist", 4, 1780, 1965),
)
"""Occupation, weight, earliest and latest year of birth."""

_TEACHES = {
    "novelist": ("novelist", "journalist"),
    "film director": ("film director",),
    "composer": ("composer",),
    "musician": ("musician", "composer"),
    "painter": ("painter",),
    "architect": ("architect", "engineer"),
    "engineer": ("engineer", "architect"),
    "naturalist": ("naturalist", "explorer"),
    "geologist": ("geologist", "naturalist"),
    "linguist": ("linguist",),
    "actor": ("actor",),
}
_UNSCHOOLED = frozenset(("footballer", "actor", "musician", "sea captain"))


def make_people(m: Making) -> None:
    """Make the people of a realm, oldest first, with parents and spouses among those made before."""
    lives = _lives(m)
    couples: list[tuple[Entity, Entity, int, str]] = []
    single: dict[str, list[Entity]] = {"male": [], "female": []}
    named: dict[int, list[Entity]] = {}
    for birth, occupation, number in lives:
        country = m.graph.kind("country")[number % m.plan.countries]
        person = m.graph.new("person", country=country)
        person.culture = country.culture
        person.sub = occupation
        person.born = m.date(birth)
        parents = _parents(m, person, couples)
        # A head of state must live through the term that starts about fifty years after birth.
        span = max(80 if occupation.endswith("!") else 34, min(98, int(m.random.gauss(71, 12))))
        person.sub = occupation.rstrip("!")
        person.note = "ruler" if occupation.endswith("!") else ""
        if birth + span < PRESENT:
            person.died = m.date(birth + span)
        person.gender = "female" if m.maybe(0.43) else "male"
        _name(m, person, parents[0] if parents else None, named)
        m.by_occupation.setdefault(person.sub, []).append(person)
        _tell_life(m, person, parents)
        _marry(m, person, parents, single, couples)


def _lives(m: Making) -> list[tuple[int, str, int]]:
    """Draw (year of birth, occupation, country number) of everybody, spread evenly over the centuries."""
    total = m.plan.counts["person"]
    lives: list[tuple[int, str, int]] = []
    rulers = max(7, min(22, total // (5 * m.plan.countries)))
    for country in range(m.plan.countries):
        for index in range(rulers):
            term = (PRESENT - 1860) / rulers
            start = 1860 + int(index * term)
            lives.append((start - m.random.randint(40, 50), "politician!", country))
    rest = total - len(lives)
    weight = sum(o[1] for o in OCCUPATIONS)
    wanted: list[tuple[str, int, int]] = []
    carry = 0.0
    for name, share, earliest, latest in OCCUPATIONS:
        carry += rest * share / weight
        count = int(carry)
        carry -= count
        for index in range(count):
            year = earliest + int((index + m.random.random()) * (latest - earliest) / count)
            wanted.append((name, year, m.random.randrange(m.plan.countries)))
    while len(wanted) < rest:
        name, _, earliest, latest = m.choose(OCCUPATIONS)
        wanted.append((name, m.random.randint(earliest, latest), m.random.randrange(m.plan.countries)))
    lives += [(year, name, country) for name, year, country in wanted[:rest]]
    lives.sort()
    return lives


def _parents(m: Making, child: Entity, couples: list[tuple[Entity, Entity, int, str]]) -> tuple[Entity, Entity] | None:
    if not m.maybe(0.45):
        return None
    assert child.born is not None
    year = child.born[0]
    for _ in range(14):
        if not couples:
            return None
        father, mother, wed, _ = m.choose(couples)
        assert mother.born is not None and father.born is not None
        if (
            father.country is child.country
            and wed < year <= wed + 20
            and year - mother.born[0] <= 45
            and year - father.born[0] <= 62
            and (father.died is None or father.died[0] > year)
            and (mother.died is None or mother.died[0] > year)
        ):
            return father, mother
    return None


def _name(m: Making, person: Entity, father: Entity | None, named: dict[int, list[Entity]]) -> None:
    names = m.names
    known = named.setdefault(person.culture, [])
    if father is None and known and m.maybe(0.10):
        other = m.choose(known)
        if other.gender == person.gender and not other.namesakes and other.sub != person.sub:
            given = other.name.rsplit(" ", 1)[0]
            if m.maybe(0.5):
                titles = (f"{other.name} ({other.sub})", f"{other.name} ({person.sub})")
                if all(names.names.claim(title) for title in titles):
                    other.title, person.title = titles
                    person.name, person.short = other.name, other.short
                    similar(person, other)
                    known.append(person)
                    return
            else:
                surname = names.near_surname(person.culture, other.short)
                if names.names.claim(f"{given} {surname}"):
                    person.title = person.name = f"{given} {surname}"
                    person.short = surname
                    similar(person, other)
                    known.append(person)
                    return
    surname = father.short if father is not None else names.surname(person.culture)
    for attempt in range(400):
        given = names.given(person.culture, person.gender)
        if attempt > 12:
            surname = names.surname(person.culture) if father is None else surname
        if attempt > 40:
            given = f"{given} {names.given(person.culture, person.gender)}"
        if names.names.claim(f"{given} {surname}"):
            person.title = person.name = f"{given} {surname}"
            person.short = surname
            known.append(person)
            return
    raise AssertionError("no free name for a person")


def _tell_life(m: Making, person: Entity, parents: tuple[Entity, Entity] | None) -> None:
    country, born = person.country, person.born
    assert country is not None and born is not None
    towns = m.towns_of[country]
    home = m.choose(towns)
    person.place = home
    m.fact(person, "occupation", person.sub)
    m.fact(person, "citizen_of", country)
    if m.maybe(0.94):
        m.fact(person, "born_on", born)
    if m.maybe(0.94):
        m.fact(person, "born_in", home)
    if parents is not None:
        father, mother = parents
        if m.maybe(0.9):
            m.fact(person, "father", father)
        if m.maybe(0.7):
            m.fact(person, "mother", mother)
    if person.died is not None:
        if m.maybe(0.9):
            m.fact(person, "died_on", person.died)
        if m.maybe(0.85):
            others = m.graph.kind("town")
            m.fact(person, "died_in", m.choose(towns) if m.maybe(0.8) else m.choose(others))
    teachers = _TEACHES.get(person.sub)
    if teachers and m.maybe(0.6):
        teacher = m.pick(teachers, born[0] + 20, youngest=32, oldest=70, but=(person,))
        if teacher is not None:
            m.fact(person, "student_of", teacher)


def _marry(
    m: Making, person: Entity, parents: tuple[Entity, Entity] | None, single: dict[str, list[Entity]],
    couples: list[tuple[Entity, Entity, int, str]],
) -> None:  # fmt: skip
    assert person.born is not None
    birth = person.born[0]
    pool = single["male" if person.gender == "female" else "female"]
    for other in reversed(pool[-40:]):
        assert other.born is not None
        if birth - other.born[0] > 14:
            break
        if other.short == person.short or not (other.country is person.country or m.maybe(0.05)) or m.maybe(0.4):
            continue
        year = birth + m.random.randint(21, 36)
        if year >= PRESENT or not (m.alive(person, year + 1) and m.alive(other, year + 1)):
            continue
        pool.remove(other)
        husband, wife = (person, other) if person.gender == "male" else (other, person)
        if m.maybe(0.9):
            m.fact(person, "spouse", other, year=year)
        couples.append((husband, wife, year, ""))
        return
    single[person.gender].append(person)


def educate(m: Making) -> None:
    """Send people to universities that existed when they were eighteen, now and then abroad."""
    universities = m.graph.kind("university")
    for person in m.graph.kind("person"):
        assert person.born is not None
        if not m.maybe(0.2 if person.sub in _UNSCHOOLED else 0.75):
            continue
        year = person.born[0] + 18
        open_ = [u for u in universities if u.start <= year]
        if m.foreign and m.maybe(0.12):
            open_ = [u for u in m.foreign if u.start <= year] or open_
        elif m.maybe(0.7):
            open_ = [u for u in open_ if u.country is person.country] or open_
        if open_ and m.alive(person, year + 3):
            m.fact(person, "studied_at", m.choose(open_))
