"""Pages: exact offsets, links that resolve, clean prose, varied phrasing."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict

import pytest

from tamsa.types import Document, Link, Section
from tamsa.world.graph import Entity, Fact
from tamsa.world.names import Names
from tamsa.world.prose import compile_template
from tamsa.world.realm import Realm
from tamsa.world.schema import KINDS, RELATIONS
from tests.world.conftest import Built


def test_pages_are_documents(any_world: Built) -> None:
    for page in any_world.pages.values():
        sections = tuple(Section(**s) for s in page["sections"])
        links = tuple(Link(**link) for link in page["links"])
        document = Document(page["id"], page["title"], page["text"], sections, links, date=page["date"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", document.date or "")
        assert document.text.strip() == document.text


def test_links_are_exact_and_resolve(any_world: Built) -> None:
    ids = {page["id"]: page["title"] for page in any_world.pages.values()}
    assert len(ids) == len(any_world.pages)
    for page in any_world.pages.values():
        last = 0
        for link in page["links"]:
            assert last <= link["start"] < link["end"] <= len(page["text"])
            last = link["end"]
            shown = page["text"][link["start"] : link["end"]]
            target = ids[link["target"]]
            assert target == shown or target.startswith(f"{shown} ("), (page["title"], shown, target)
            assert link["target"] != page["id"]


def test_links_of_several_realms_resolve(world: Built) -> None:
    ids = {page["id"] for page in world.pages.values()}
    assert all(link["target"] in ids for page in world.pages.values() for link in page["links"])


def test_sections_tile_the_text(any_world: Built) -> None:
    for page in any_world.pages.values():
        sections = page["sections"]
        assert sections[0]["start"] == 0
        assert sections[0]["title"] == page["title"]
        assert sections[-1]["end"] == len(page["text"])
        for before, after in itertools.pairwise(sections):
            assert page["text"][before["end"] : after["start"]] == "\n\n"
            assert page["text"].startswith(f"## {after['title']}\n\n", after["start"])


def test_stated_facts_stand_where_they_are_said_to(any_world: Built) -> None:
    """The range of each statement names the other end (an entity by name, a value as written)."""
    for record in any_world.oracle.records:
        if record["relation"] in ("instance_of", "namesake_of"):
            continue
        assert record["pages"], record
        for place in record["pages"]:
            said = any_world.pages[place["title"]]["text"][place["start"] : place["end"]]
            ends = [record["subject"], record["object"]] if record["object_id"] else [record["object"]]
            here = place["title"]
            for end in ends:
                if end != here and record["relation"] not in ("citizen_of", "occupation"):
                    assert end.split(" (")[0] in said or end in here, (record, said)
            if record["relation"] == "citizen_of":
                assert record["object"][:4] in said


_FLAWS = {
    "slot": r"[{}\[\]]",
    "double space": r"(?<=\S)  +",
    "a before vowel": r"\b[Aa] [aeiouAEIOU](?!ni|u)\w+",
    "an before consonant": r"\b[Aa]n (?![aeiouAEIOUøåöÖ]|18|11|8|hour)\w+",
    "doubled word": r"\b(the|in|of|was|and|a|by|is) \1\b",
    "missing space": r"[a-z]\.[A-Z]",
    "space before comma": r" [,.]",
    "two commas": r",,|\.\.|,\.",
    "None": r"\bNone\b",
    "lower-case start": r"(?<=[a-z]\. )[a-z]",
    "lower-case entry": r"\n- [a-z]",
    "possessive": r"s's\b",
}


@pytest.mark.parametrize("flaw", list(_FLAWS))
def test_prose_is_clean(world: Built, flaw: str) -> None:
    found = []
    for page in world.pages.values():
        for match in re.finditer(_FLAWS[flaw], page["text"]):
            found.append((page["title"], page["text"][max(0, match.start() - 40) : match.end() + 30]))
    assert not found, found[:5]


def test_tables_are_even(world: Built) -> None:
    tables = 0
    for page in world.pages.values():
        rows = [line for line in page["text"].split("\n") if line.startswith("|")]
        tables += bool(rows)
        for row, following in itertools.pairwise(rows):
            assert row.count("|") == following.count("|"), page["title"]
        if rows:
            assert set(rows[1]) <= set("|- ")
    assert tables > len(world.pages) / 30


def test_the_dead_were_and_the_living_are(world: Built) -> None:
    died = {r["subject"] for r in world.oracle.records if r["relation"] == "died_on"}
    for title, kind in world.oracle.kind.items():
        if kind != "person":
            continue
        lead = world.pages[title]["text"].split("\n")[0]
        if title in died:
            assert " was " in lead, lead
        born = world.oracle.out[title, "born_on"]
        if born and int(born[0]["value"][:4]) > 1975:
            assert " is " in lead, lead


def test_names_never_collide(world: Built) -> None:
    folded = Counter(page["title"].casefold() for page in world.pages.values())
    assert max(folded.values()) == 1
    by_name: dict[str, list[str]] = defaultdict(list)
    for title in world.pages:
        if world.oracle.kind[title] not in ("list", "source"):
            by_name[title.split(" (")[0].casefold()].append(title)
    marked = {(r["subject"], r["object"]) for r in world.oracle.records if r["relation"] == "namesake_of"}
    shared = [titles for titles in by_name.values() if len(titles) > 1]
    assert shared, "a world has pages that share a name on purpose"
    for titles in shared:
        if any("Battle" in title for title in titles):
            continue
        assert all(any((a, b) in marked for b in titles if b != a) for a in titles), titles
    assert world.manifest["num_namesakes"] == len(marked) > 100


# --------------------------------------------------------------------------- variety


@pytest.fixture(scope="module")
def used() -> tuple[Counter[tuple[str, int]], list[str]]:
    """Phrasings used and sentence openings over one realm."""
    realm = Realm(5, 0, 2400, Names(), [])
    counts: Counter[tuple[str, int]] = Counter()
    texts: list[str] = []
    for page, _ in realm.pages():
        counts.update(page.used)
        texts.append("".join(page.parts))
    return counts, texts


def test_each_relation_is_told_in_many_ways(used: tuple[Counter[tuple[str, int]], list[str]]) -> None:
    counts, _ = used
    ways: Counter[str] = Counter(name for name, _ in counts)
    total: Counter[str] = Counter()
    for (name, _), number in counts.items():
        total[name] += number
    common = [name for name in ways if total[name] >= 60 and not name.endswith("+")]
    assert len(common) >= 40
    for name in common:
        assert ways[name] >= 5, name
        most = max(number for (key, _), number in counts.items() if key == name)
        assert most <= 0.55 * total[name], name


def test_sentences_do_not_all_open_alike(used: tuple[Counter[tuple[str, int]], list[str]]) -> None:
    _, texts = used
    runs = sentences = 0
    for text in texts:
        for paragraph in text.split("\n\n"):
            if paragraph.startswith(("|", "#", "-")):
                continue
            openings = [s.split(" ", 1)[0] for s in re.split(r"(?<=\.) ", paragraph)]
            sentences += len(openings)
            runs += sum(a == b == c for a, b, c in zip(openings, openings[1:], openings[2:], strict=False))
    assert sentences > 5000
    assert runs < 0.02 * sentences


def test_the_schema_is_wide() -> None:
    assert len(KINDS) - 2 >= 12
    assert len(RELATIONS) >= 40
    for relation in RELATIONS.values():
        if relation.section == "Seasons":
            continue
        assert len(set(relation.s)) >= 5, relation.name
        assert (
            relation.literal
            or relation.name == "in_country"
            or relation.name == "citizen_of"
            or len(set(relation.o)) >= 5
        ), relation.name
        for end in relation.domain.split("|"):
            assert end in KINDS
        for template in (*relation.s, *relation.o):
            slots = {text for is_slot, text in compile_template(template) if is_slot}
            assert slots <= {"P", "P's", "X", "X's", "y", "z", "unit", "his", "a X"}, template
        for template in (*relation.np, *relation.q, *relation.inp, *relation.iq):
            assert template.count("{X}") == 1, template
        assert all(q.endswith("?") for q in (*relation.q, *relation.iq))


def test_facts_fit_the_schema() -> None:
    realm = Realm(6, 0, 900, Names(), [])
    for fact in realm.graph.facts:
        assert isinstance(fact, Fact)
        kind = fact.object.kind if isinstance(fact.object, Entity) else fact.relation.range
        assert fact.relation.admits(fact.subject.kind, kind), fact
