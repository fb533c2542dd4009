from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tamsa.agent.react import parse_answer, parse_turn
from tamsa.corpus import Index
from tamsa.synthesis.exploration import TeacherExplorer
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.synthesis.teacher.facts import state_claim
from tamsa.synthesis.teacher.needs import found, places
from tamsa.synthesis.teacher.rehearsal import Rehearsal
from tamsa.synthesis.teacher.sight import Sight
from tamsa.synthesis.teacher.wording import base_name, nouns_of, wording
from tamsa.synthesis.verdicts import judge_trajectory
from tamsa.tools.pages import page_bounds
from tamsa.types import Document
from tamsa.world.schema import RELATIONS
from tests.synthesis.conftest import Studied


def test_teacher_reaches_the_right_answer_through_tools(world: Studied) -> None:
    right = [e for e in world.explorations if e.correct]
    assert len(right) >= 0.95 * len(world.explorations)
    assert all(e.failure for e in world.explorations if not e.correct), "a wrong answer without a reason"
    assert {q.kind for q, e in world.pairs() if e.correct} == {q.kind for q in world.questions}


def test_a_third_of_the_trajectories_recover_from_a_dead_end(world: Studied) -> None:
    right = [e for e in world.explorations if e.correct]
    assert sum(e.recoveries > 0 for e in right) >= 0.3 * len(right)


def test_every_finding_is_quoted_from_a_page_that_was_opened(world: Studied) -> None:
    for question, exploration in world.pairs():
        if not exploration.correct:
            continue
        visited = set(exploration.report["visited"])
        assert not exploration.report["notes"], (question.id, exploration.report["notes"])
        for finding in exploration.report["findings"]:
            assert finding["supported"], (question.id, finding)
        for citation in exploration.report["citations"]:
            assert citation["document"] in visited, (question.id, citation)


def test_nothing_is_said_before_it_is_seen(world: Studied) -> None:
    """The names that the question leaves out turn up in a thought or a call only after an observation held them."""
    for question, exploration in world.pairs():
        if question.kind in ("comparison", "counting"):
            continue
        context = question.question.casefold()
        ends = {base_name(end) for hop in question.chain for end in (hop.subject, hop.value, found(hop))}
        names = {name for name in ends if len(name) > 3}
        for message in exploration.conversations[0].messages[2:]:
            if message.role == "assistant":
                for name in names:
                    if re.search(rf"\b{re.escape(name.casefold())}\b", message.content.casefold()):
                        assert name.casefold() in context, (question.id, name, message.content)
            context += message.content.casefold()


def test_a_page_said_not_to_help_does_not_state_the_fact(world: Studied) -> None:
    for question, exploration in world.pairs():
        right = {place.title for hop in question.chain for place in places(hop)}
        if question.settlement or len(question.chain) != 1 or question.kind == "unanswerable":
            continue
        for message in exploration.conversations[0].messages:
            if message.role == "assistant":
                for title in re.findall(r"(?:\. |<think>)([^.]*?) does not say it\.", message.content):
                    assert title not in right, (question.id, title)


def test_every_turn_is_read_as_it_was_meant(world: Studied) -> None:
    kinds: Counter[str] = Counter()
    for exploration in world.explorations:
        said = [m for m in exploration.conversations[0].messages if m.role == "assistant"]
        for message in said:
            turn = parse_turn(message.content)
            assert not turn.problems and not turn.rest
            assert bool(turn.calls) != (turn.answer is not None)
            kinds.update(call.name for call in turn.calls)
        assert parse_answer(parse_turn(said[-1].content).answer or "").text
    assert kinds["search"] and kinds["visit"]


def test_the_same_seed_gives_the_same_trajectory_and_another_one_does_not(world: Studied) -> None:
    again = TeacherExplorer(world.index, seed=7)
    other = TeacherExplorer(world.index, seed=8)
    changed = 0
    for question, exploration in list(world.pairs())[:24]:
        assert again.explore(question) == exploration
        changed += other.explore(question).conversations != exploration.conversations
    assert changed >= 6


def test_the_workspace_of_iter_holds_what_the_next_step_needs(world: Studied) -> None:
    """In `iter` every turn is a conversation of its own; its names stand in that workspace."""
    explorer = TeacherExplorer(world.index, seed=7, mode="iter")
    for question in world.questions[:40]:
        exploration = explorer.explore(question)
        if not exploration.correct:
            continue
        assert exploration.report["status"] == ("not_found" if question.kind == "unanswerable" else "answered")
        for conversation in exploration.conversations:
            shown = conversation.messages[-2].content.casefold()
            turn = parse_turn(conversation.messages[-1].content)
            for call in turn.calls:
                for key in call.arguments.get("ids", ()):
                    if call.name == "visit" and "Try " not in turn.thought:
                        assert base_name(key).casefold() in shown, (question.id, key, turn.thought)


def test_nouns_are_those_of_which_the_question_says_something() -> None:
    for question, nouns in (
        ("Take the park that is in the place where Ole Orne died. Who designed that park?", ["park"]),
        ("Which film was produced by the ice hockey player who died in Aldham?", ["film", "ice hockey player"]),
        ("Who is the Norlish film director that was born in Bry?", ["film director"]),
        ("When was Ada Orne born?", []),
    ):
        assert nouns_of(question) == nouns


def test_a_name_is_used_as_it_was_shown_where_its_page_bears_another(tmp_path: Path) -> None:
    pages = [
        ("Tom Bray", "Tom Bray (born 3 May 1971) is a footballer who plays for Coast Football Club."),
        ("Gull Suns", "Coast Football Club is a football club based in Aldham. It was founded in 1950."),
    ]
    documents = [Document(title.replace(" ", "_"), title, text) for title, text in pages]
    index = Index.build(documents, tmp_path / "index")
    first, second = documents

    def stated(document: Document, words: str) -> Evidence:
        at = document.text.index(words)
        return Evidence(document.id, document.title, at, at + len(words))

    chain = (
        Hop("Tom Bray", first.id, "plays_for", "Coast Football Club", second.id, stated(first, first.text)),
        Hop("Gull Suns", second.id, "founded", "1950", None, stated(second, "It was founded in 1950.")),
    )
    question = GoldQuestion("q1", "When was the club of Tom Bray founded?", ("1950",), "chain", 2, "year", chain)
    for seed in range(12):
        exploration = TeacherExplorer(index, seed=seed).explore(question)
        assert judge_trajectory(question, exploration).accepted, exploration
    index.close()


def test_a_sentence_that_runs_over_two_pages_is_read_on_both(tmp_path: Path) -> None:
    """The page is cut after an abbreviation in the sentence; on the next one the teacher has seen it whole."""
    filler = "It is told in many books that the town was rich in wool and poor in water. "
    sentence = "The mill was built for the town by Dr. Ada Orne and her many sons and daughters in the year 1911."
    mill = Document("mill", "Orne Mill", f"Orne Mill is a mill in Aldham. {filler * 20}{sentence} {filler * 3}")
    index = Index.build([mill, Document("aldham", "Aldham", "Aldham is a town.")], tmp_path / "index")
    at = mill.text.index(sentence)
    place = Evidence("mill", "Orne Mill", at, at + len(sentence))
    assert all(not (low <= at and at + len(sentence) <= high) for low, high in page_bounds(mill.text, 1600))
    hop = Hop("Orne Mill", "mill", "builder", "Ada Orne", None, place)
    question = GoldQuestion("q2", "Who built Orne Mill?", ("Ada Orne",), "chain", 1, "entity", (hop,))
    for seed in range(6):
        exploration = TeacherExplorer(index, seed=seed).explore(question)
        assert judge_trajectory(question, exploration).accepted, exploration
    assert Rehearsal(index).lost(question) == ""
    index.close()


@pytest.fixture
def writers(tmp_path: Path) -> Iterator[tuple[Index, GoldQuestion]]:
    """Forty people of Aldham, of whom one is a writer: the question's own words do not find the page."""
    others = [
        Document(f"p{n}", f"Person {n}", f"Person {n} lived in Aldham. Aldham writer born Aldham born writer.")
        for n in range(40)
    ]
    page = Document(
        "ole", "Ole Vint", "Ole Vint (1771–1802) told quiet maritime mysteries, ghost stories; native of Aldham."
    )
    index = Index.build([page, *others, Document("aldham", "Aldham", "Aldham is a town.")], tmp_path / "index")
    hop = Hop("Ole Vint", "ole", "born_in", "Aldham", "aldham", Evidence("ole", "Ole Vint", 0, len(page.text)), True)
    yield index, GoldQuestion("q3", "Which writer was born in Aldham?", ("Ole Vint",), "chain", 1, "entity", (hop,))
    index.close()


def test_other_words_are_tried_but_no_name_and_no_number_that_was_not_shown(
    writers: tuple[Index, GoldQuestion],
) -> None:
    index, question = writers
    assert all(hit.id != "ole" for hit in index.search(question.question, 5))
    for seed in range(6):
        exploration = TeacherExplorer(index, seed=seed).explore(question)
        assert judge_trajectory(question, exploration).accepted, exploration
        asked = [query for step in exploration.steps for query in step["arguments"].get("queries", ())]
        assert any("mysteries" in query for query in asked), asked
        assert not any(word in query for query in asked for word in ("Ole", "Vint", "1771", "1802")), asked


def test_what_no_search_shows_is_out_of_reach(writers: tuple[Index, GoldQuestion], tmp_path: Path) -> None:
    index, question = writers
    assert Rehearsal(index).lost(question) == ""
    page = Document("ole", "Ole Vint", "Ole Vint. Aldham.")
    twins = [Document(f"p{n}", f"Person {n}", "Aldham. Aldham. Writer born.") for n in range(40)]
    with_twins = Index.build([page, *twins], tmp_path / "twins")
    hop = replace(question.chain[0], evidence=Evidence("ole", "Ole Vint", 0, len(page.text)))
    lost = Rehearsal(with_twins).lost(replace(question, chain=(hop,)))
    assert "not reached" in lost
    with_twins.close()


def test_a_unit_is_said_once() -> None:
    place = Evidence("f", "Ferry", 0, 1)
    for value, said in (("94 minutes", "94 minutes."), ("94", "94 minutes.")):
        assert state_claim(Hop("Ferry", "f", "running_time", value, None, place), "").endswith(said)


def test_a_query_does_not_hold_a_name_by_chance(writers: tuple[Index, GoldQuestion]) -> None:
    index, question = writers
    hop = replace(question.chain[0], subject="Aldham Writer", subject_id=None)
    sight = Sight(replace(question, chain=(hop,)), index.get, index.find_title, 1600, "which writer was born there?")
    assert sight.gives_away("born in aldham writer") and not sight.gives_away("writer born")
    sight.take("1. Aldham Writer: a person")
    assert not sight.gives_away("aldham writer")


def test_every_relation_of_the_world_has_words() -> None:
    for name in [*RELATIONS, "column:home_ground", "made_by", "nonsense"]:
        words = wording(name)
        assert "{X}" in words.forward and "{X}" in words.backward, name
        assert "{P}" in words.claim and "{V}" in words.claim, name
        assert not re.search(r"\{(?!X\}|P\}|V\})", words.forward + words.backward + words.claim), name
        assert words.key
