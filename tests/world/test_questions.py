"""Gold questions: right, unique, supported by their pages, balanced."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tamsa.world import build_world
from tamsa.world.questions import KINDS
from tests.world.conftest import Built


def test_answers_follow_from_the_facts(world: Built) -> None:
    """An oracle that shares no code with the generator finds the one answer to every question."""
    assert len(world.questions) == 1200
    for question in world.questions:
        assert world.oracle.answer(question["query"]) in question["answers"], question


def test_answers_follow_from_the_facts_in_worlds_of_any_size(any_world: Built) -> None:
    for question in any_world.questions:
        assert any_world.oracle.answer(question["query"]) in question["answers"], question


def test_all_kinds_have_their_share(world: Built) -> None:
    counts = Counter(question["kind"] for question in world.questions)
    assert set(counts) == set(KINDS)
    assert counts == world.manifest["question_kinds"]
    for kind, count in counts.items():
        assert count == (500 if kind == "chain" else 100), kind
    hops = Counter(question["hops"] for question in world.questions if question["kind"] == "chain")
    assert hops == {1: 100, 2: 100, 3: 100, 4: 100, 5: 100}


def test_small_worlds_have_all_kinds(any_world: Built) -> None:
    assert set(any_world.manifest["question_kinds"]) == set(KINDS)
    assert len(any_world.questions) == 240


def test_questions_are_distinct_and_well_formed(world: Built) -> None:
    texts = [question["question"] for question in world.questions]
    assert len(set(texts)) == len(texts)
    assert len({question["id"] for question in world.questions}) == len(texts)
    for text in texts:
        assert text[0].isupper() and text[-1] in "?.", text
        assert not re.search(r"[{}\[\]]|  |\bthe the\b|\bNone\b|\bthe that\b", text), text


def test_supporting_pages_contain_the_facts(world: Built) -> None:
    for question in world.questions:
        assert question["supporting_titles"]
        assert len(set(question["supporting_titles"])) == len(question["supporting_titles"])
        for title in question["supporting_titles"]:
            assert title in world.pages
        assert len(question["chain"]) == len(question["evidence"])
        for (subject, relation, target, page), place, places in zip(
            question["chain"], question["evidence"], question["stated_on"], strict=True
        ):
            assert page == place["title"]
            assert page in places
            assert page in question["supporting_titles"]
            text = world.pages[page]["text"]
            said = text[place["start"] : place["end"]]
            assert said
            assert target.split(" (")[0] in text or relation in ("occupation", "citizen_of"), (
                question["question"],
                target,
                said,
            )
            assert subject.split(" (")[0] in text + page
            stated = world.oracle.out[subject, relation]
            assert any(p["title"] == page and p["start"] == place["start"] for r in stated for p in r["pages"])


def test_the_question_does_not_give_its_answer_away(world: Built) -> None:
    for question in world.questions:
        if question["kind"] in ("chain", "intersection", "superlative"):
            assert not re.search(rf"\b{re.escape(question['answers'][0])}\b", question["question"]), question[
                "question"
            ]


def test_later_hops_are_not_named(world: Built) -> None:
    """In a chain only the first thing is named; the rest is reached by reading."""
    for question in world.questions:
        if question["kind"] == "chain" and question["hops"] >= 2:
            start = question["query"]["start"]
            passed = {end for subject, _, target, _ in question["chain"] for end in (subject, target)} - {start}
            for title in passed:
                name = title.split(" (")[0]
                if name in start or start.split(" (")[0] in name:
                    continue
                assert not re.search(rf"\b{re.escape(name)}\b", question["question"]), (name, question["question"])


def test_conflicts_need_settling(world: Built) -> None:
    found = 0
    for question in world.questions:
        if question["kind"] != "conflict":
            assert "settlement" not in question
            continue
        found += 1
        settlement = question["settlement"]
        winners = [claim for claim in settlement["claims"] if claim["wins"]]
        losers = [claim for claim in settlement["claims"] if not claim["wins"]]
        assert [claim["title"] for claim in winners] == [settlement["winner"]]
        assert losers and settlement["reason"]
        for claim in settlement["claims"]:
            assert claim["title"] in question["supporting_titles"]
            said = world.pages[claim["title"]]["text"][claim["start"] : claim["end"]]
            assert claim["value"] in said
            assert world.pages[claim["title"]]["date"].startswith(str(claim["date"]))
            if not claim["wins"] and question["hops"] == 1:
                assert claim["value"] not in question["answers"]
    assert found


def test_neither_the_newest_nor_the_majority_always_wins(world: Built) -> None:
    """Authority must be read: no rule of thumb on dates or counts settles all conflicts."""
    newest = oldest = outvoted = total = 0
    for question in world.questions:
        if question["kind"] == "conflict":
            claims = question["settlement"]["claims"]
            win = next(claim for claim in claims if claim["wins"])
            total += 1
            newest += win["date"] == max(claim["date"] for claim in claims)
            oldest += win["date"] == min(claim["date"] for claim in claims)
            outvoted += len(claims) > 2
    assert 0.2 * total < newest < 0.9 * total
    assert oldest > 0.1 * total
    assert outvoted > 0.1 * total


def test_yes_and_no_are_balanced(world: Built) -> None:
    answers = Counter(q["answers"][0] for q in world.questions if q["query"]["op"] == "same")
    assert 0.3 < answers["yes"] / (answers["yes"] + answers["no"]) < 0.7


def test_unanswerable_facts_are_absent(world: Built) -> None:
    for question in world.questions:
        if question["kind"] == "unanswerable":
            assert question["answers"] == ["NOT FOUND"]
            assert len(question["supporting_titles"]) >= 1


def test_wording_varies(world: Built) -> None:
    openings = Counter(" ".join(q["question"].split()[:2]) for q in world.questions)
    assert len(openings) > 60
    assert max(openings.values()) < 0.15 * len(world.questions)


def test_forms_of_answers(world: Built) -> None:
    for question in world.questions:
        first = question["answers"][0]
        assert len(set(question["answers"])) == len(question["answers"])
        if re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4}", first):
            assert any(re.fullmatch(r"\d{4}-\d\d-\d\d", form) for form in question["answers"])
        if re.fullmatch(r"\d{1,3}(,\d{3})+", first):
            assert first.replace(",", "") in question["answers"]


def test_no_questions_and_too_many(tmp_path: Path) -> None:
    none = build_world(tmp_path / "none", num_pages=200, seed=1, num_questions=0)
    assert none.num_questions == 0
    assert (tmp_path / "none" / "questions.jsonl").read_bytes() == b""
    many = build_world(tmp_path / "many", num_pages=200, seed=1, num_questions=6_000)
    assert 1_000 < many.num_questions <= 6_000
