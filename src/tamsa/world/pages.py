"""Composes the page of an entity: lead, sections of facts, asides, tables."""

from __future__ import annotations

from random import Random

from tamsa.world.asides import ASIDES, expand
from tamsa.world.graph import PRESENT, Entity, Fact, show
from tamsa.world.leads import write_lead
from tamsa.world.prose import Page, a_or_an, article, noun

_ORDER = (
    "Early life", "Education", "Career", "Office", "Works", "Background", "Discovery", "Taxonomy", "History",
    "Construction", "Preparation", "Negotiation", "Journey", "Geography", "Location", "Course", "Dimensions",
    "Production", "Cast", "Plot", "Description", "Business", "Leadership", "Service", "Ground", "Identity", "Name",
    "Properties", "Occurrence", "Distribution", "Behaviour", "Signing", "Battle", "Aftermath", "Release",
    "Provenance", "Programme", "Exploration", "Government", "Economy", "Population", "Culture", "Buildings", "People",
    "In the arts", "Writing", "Speakers", "Recognition", "Personal life", "Legacy", "Death",
)  # fmt: skip
_RANK = {name: index for index, name in enumerate(_ORDER)}
O_SECTION: dict[str, str] = {
    "born_in": "People", "died_in": "People", "buried_at": "People", "studied_at": "People", "worked_for": "People",
    "plays_for": "People", "student_of": "Legacy", "father": "Personal life", "mother": "Personal life",
    "spouse": "Personal life", "head_of_state": "Office", "mayor": "Office", "led_by": "Office",
    "capital": "Government", "region_seat": "Government", "official_language": "Speakers", "in_region": "Geography",
    "on_river": "Geography", "twin_town": "Culture", "source": "Geography", "flows_into": "Course",
    "first_ascent_by": "Career", "crosses": "Geography", "stands_in": "Buildings", "designed_by": "Works",
    "author": "Works", "publisher": "Business", "set_in": "In the arts", "dedicated_to": "Legacy",
    "director": "Works", "screenwriter": "Works", "composer": "Works", "starring": "Works", "studio": "Business",
    "based_on": "Legacy", "artist": "Works", "producer": "Works", "label": "Business", "recorded_in": "In the arts",
    "painter": "Works", "depicts": "In the arts", "held_by": "Provenance", "winner": "Recognition",
    "founder": "Career", "headquarters": "Economy", "acquired_by": "Business", "located_in": "Culture",
    "ground": "Service", "established_by": "Legacy", "named_after": "Legacy", "shipbuilder": "Business",
    "captain": "Career", "home_port": "Economy", "inventor": "Works", "manufacturer": "Business",
    "spoken_in": "Culture", "grammar_by": "Works", "described_by": "Works", "found_in": "Geography",
    "national_animal": "Culture", "discovered_by": "Works", "type_locality": "Geography", "fought_near": "History",
    "victor": "Career", "defeated": "Career", "ended_by": "History", "signed_in": "History", "negotiator": "Career",
    "leader": "Career", "destination": "Exploration", "sailed_on": "Service", "funded_by": "Leadership",
}  # fmt: skip
_TABLES: dict[str, tuple[str, str, str]] = {
    "director": ("Filmography", "Film", "released"),
    "author": ("Novels", "Novel", "published"),
    "artist": ("Discography", "Album", "released"),
    "painter": ("Paintings", "Painting", "painted"),
    "shipbuilder": ("Ships built", "Ship", "launched"),
    "publisher": ("Selected books", "Novel", "published"),
}
_SOLE_SECTION = {"person": "Life", "company": "Company"}


def write_page(entity: Entity, random: Random) -> Page:
    """Write the page of an entity other than a list or a source."""
    page = Page(entity, random)
    page.heading(entity.title)
    told = write_lead(page)
    sections: dict[str, list[tuple[Fact, str]]] = {}
    tables: list[tuple[str, list[Fact]]] = []
    for name in _TABLES:
        rows = [f for f in entity.inverse if f.relation.name == name]
        if len(rows) >= 3 and all(f.status == "asserted" for f in rows) and random.random() < 0.8:
            tables.append((name, rows))
    tabled = {id(f) for _, rows in tables for f in rows}
    for fact in entity.facts:
        if "S" in fact.home and id(fact) not in told and fact.status == "asserted":
            sections.setdefault(fact.relation.section, []).append((fact, "s"))
    for fact in entity.inverse:
        if "O" in fact.home and id(fact) not in told and fact.status == "asserted":
            if id(fact) in tabled and random.random() < 0.8:
                continue
            sections.setdefault(O_SECTION.get(fact.relation.name, fact.relation.section), []).append((fact, "o"))
    if entity.kind == "award":
        winners = entity.all("winner")
        if winners:
            tables.append(("winner", winners))
    total = sum(len(items) for items in sections.values())
    headed = total >= 5
    ordered = sorted(sections, key=lambda name: _RANK.get(name, 99))
    with_heading = [name for name in ordered if headed and (len(sections[name]) > 1 or random.random() < 0.6)]
    without = [name for name in ordered if name not in with_heading]
    num_asides = random.choice((0, 1, 1, 2))
    early = random.randint(0, num_asides)
    if without:
        page.paragraph()
        for name in without:
            _write_facts(page, sections[name])
    for _ in range(early):
        _write_aside(page)
    for name in with_heading:
        page.heading(name)
        _write_facts(page, sections[name])
    _write_disputes(page)
    for _ in range(num_asides - early):
        _write_aside(page)
    if entity.namesakes and random.random() < 0.7:
        other = random.choice(entity.namesakes)
        if other.name == entity.name:
            hint: list[str | Entity] = [
                f"{_capital_name(page)} should not be confused with ",
                f"{_what(other)} of the same name, ",
            ]
            page.sentence(
                [*hint, other, "."]
                if other.title == other.name
                else ["For ", f"{_what(other)} of the same name, see ", other, "."],
                [],
            )
        else:
            page.sentence(
                [f"{_capital_name(page)} should not be confused with ", other, f", {_what(other, entity.kind)}."], []
            )
    for name, rows in tables:
        _write_table(page, name, rows)
    return page


def _capital_name(page: Page) -> str:
    text = article(page.entity) + (page.entity.short if page.entity.kind == "person" else page.entity.name)
    return text[0].upper() + text[1:]


def _what(entity: Entity, kind: str = "") -> str:
    if entity.kind == "person":
        return f"the {entity.country.note if entity.country else ''} {entity.sub}"
    if entity.kind in ("film", "novel"):
        return f"the {entity.kind}"
    return f"another {noun(entity)}" if entity.kind == kind else a_or_an(noun(entity))


GROUPS: dict[str, tuple[str, ...]] = {
    "studied_at": ("{P's} students included {L}", "Among the alumni of {P} are {L}", "{L} studied at {P}"),
    "born_in": ("{P} is the birthplace of {L}", "Natives of {P} include {L}", "{L} were born in {P}"),
    "died_in": ("{L} died in {P}", "The last years of {L} were spent in {P}, where they died"),
    "buried_at": ("{P} holds the graves of {L}", "{L} are buried at {P}"),
    "worked_for": ("{P's} staff included {L}", "{L} worked for {P}", "{P} employed {L}"),
    "plays_for": ("{P's} players included {L}", "{L} played for {P}"),
    "stands_in": ("{P's} landmarks include {L}", "{L} stand in {P}", "Sights of {P} are {L}"),
    "headquarters": ("{P} is home to the companies {L}", "{L} have their headquarters in {P}"),
    "on_river": ("{P} flows through {L}", "On the banks of {P} stand {L}"),
    "crosses": ("{P} is crossed by {L}", "{L} lead across {P}"),
    "designed_by": ("{P's} designs include {L}", "{P} designed {L}", "{L} were built to the plans of {P}"),
    "director": ("{P} directed {L}", "{P's} films include {L}"),
    "author": ("{P} wrote {L}", "{P} is the author of {L}", "{P's} novels include {L}"),
    "painter": ("{P} painted {L}", "{P's} paintings include {L}"),
    "artist": ("{P} recorded {L}", "{P's} albums include {L}"),
    "composer": ("{P} composed the music of {L}", "{P} wrote the scores of {L}"),
    "screenwriter": ("{P} wrote the screenplays of {L}",),
    "starring": ("{P} played the leading part in {L}", "{P} starred in {L}"),
    "studio": ("{P} produced {L}", "{P's} productions include {L}"),
    "publisher": ("{P} published {L}", "{P's} list includes {L}"),
    "label": ("{P} issued {L}", "{P's} catalogue includes {L}"),
    "shipbuilder": ("{P} built {L}", "{P's} ships include {L}"),
    "held_by": ("{P's} collection includes {L}", "{L} hang in {P}"),
    "set_in": ("{L} are set in {P}", "{P} is the setting of {L}"),
    "found_in": ("The wildlife of {P} includes {L}", "{L} live in {P}"),
    "in_region": ("{P} takes in {L}", "Within {P} lie {L}"),
    "inventor": ("{P's} inventions include {L}", "{P} invented {L}"),
    "father": ("{P's} children included {L}", "{P} was the father of {L}"),
    "mother": ("{P's} children included {L}", "{P} was the mother of {L}"),
    "student_of": ("{P's} pupils included {L}", "{P} taught {L}"),
    "founder": ("{P} founded {L}", "{L} were founded by {P}"),
    "named_after": ("{L} are named after {P}", "{P} gave a name to {L}"),
    "described_by": ("{P} described {L}",),
    "discovered_by": ("{P} discovered {L}",),
    "manufacturer": ("{P} manufactured {L}", "{P's} products include {L}"),
    "home_port": ("{P} was the home port of {L}",),
    "depicts": ("{P} is shown in the paintings {L}",),
    "leader": ("{P} led {L}",),
    "type_locality": ("{P} is the type locality of {L}",),
}
"""How several facts of one relation are told at once on the page of their common object."""


def _write_facts(page: Page, items: list[tuple[Fact, str]]) -> None:
    random = page.random
    random.shuffle(items)
    items.sort(key=lambda item: item[0].year or item[0].subject.start or 0)
    groups: dict[str, list[Fact]] = {}
    for fact, side in items:
        if side == "o" and fact.relation.name in GROUPS:
            groups.setdefault(fact.relation.name, []).append(fact)
    grouped: set[int] = set()
    for name, facts in groups.items():
        if len(facts) < 2 or (len(facts) == 2 and random.random() < 0.4):
            continue
        index = 0
        while len(facts) - index >= 2:
            size = min(random.randint(2, 4), len(facts) - index)
            page.enumerate_facts(random.choice(GROUPS[name]), facts[index : index + size], "o")
            grouped.update(id(fact) for fact in facts[index : index + size])
            index += size
            if random.random() < 0.25:
                break
    items = [item for item in items if id(item[0]) not in grouped]
    index = 0
    since = 0
    while index < len(items):
        fact, side = items[index]
        follow = items[index + 1] if index + 1 < len(items) else None
        if since >= 5:
            page.paragraph()
            since = 0
        index += 2 if page.say(fact, side, follow=follow) else 1
        since += 1
        if random.random() < 0.16:
            _write_aside(page)


_DISPUTED = {
    "born_on": ("The sources do not agree on the date of birth", "Different dates of birth are found in print"),
    "height": ("The height is given differently in different works", "Published heights do not agree"),
    "founded": ("The year of foundation is given differently by the sources", "Accounts of the founding year differ"),
    "designed_by": (
        "More than one name has been put forward as that of the designer",
        "The sources name different designers",
    ),
    "painter": ("The attribution of the work has been disputed", "Different painters have been named"),
    "settled_in": ("The year of the charter is reported differently", "Sources differ on the year of the charter"),
    "inventor": ("The invention has been credited to more than one person", "Sources disagree on who the inventor was"),
}


def _write_disputes(page: Page) -> None:
    for fact in page.entity.facts:
        if fact.status == "settled" and fact.relation.name in _DISPUTED and page.random.random() < 0.8:
            page.plain(page.random.choice(_DISPUTED[fact.relation.name]) + ".")


def _write_aside(page: Page) -> None:
    """Write a sentence of colour, none of them twice on a page."""
    options = [text for text in ASIDES.get(page.entity.kind, ()) if text not in page.asides]
    if options:
        text = page.random.choice(options)
        page.asides.add(text)
        page.plain(expand(text, page.random))


def _write_table(page: Page, name: str, rows: list[Fact]) -> None:
    if name == "winner":
        page.heading("Winners")
        page.table(
            ("Year", "Winner", "Profession"),
            [((str(f.year), f.object, f.object.sub), (f,)) for f in rows if isinstance(f.object, Entity)],
        )
        return
    title, column, dated = _TABLES[name]
    page.heading(title)
    body: list[tuple[int, tuple[str | int | Entity, ...], tuple[Fact, ...]]] = []
    for fact in rows:
        year = fact.subject.get(dated)
        known = year is not None and year.status == "asserted"
        shown = show(year.object, "year") if year is not None and known else "unknown"
        facts = (fact, year) if year is not None and known else (fact,)
        body.append((fact.subject.start if known else PRESENT, (shown, fact.subject), facts))
    body.sort(key=lambda row: row[0])
    page.table(("Year", column), [(cells, facts) for _, cells, facts in body])
