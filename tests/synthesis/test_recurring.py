"""Recurring facts: what one page says becomes a question, what another says answers it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from tamsa.agent.guided.marks import without_marks
from tamsa.agent.guided.prompt import read_reply
from tamsa.agent.react import NOT_FOUND
from tamsa.corpus import Index
from tamsa.errors import ConfigError
from tamsa.synthesis.assembly import Assembly
from tamsa.synthesis.card import Card
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.graph import index_documents
from tamsa.synthesis.held_out import HELD_OUT, HELD_OUT_RECURRING, sentences_of
from tamsa.synthesis.pipeline import synthesize
from tamsa.synthesis.plan import Plan
from tamsa.synthesis.question_source import read_gold
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.recurring.bridges import own_pairs
from tamsa.synthesis.recurring.clauses import X, Y, clause_of
from tamsa.synthesis.recurring.comparisons import comparisons
from tamsa.synthesis.recurring.gathering import Without, gathered_rows
from tamsa.synthesis.recurring.naming import asked, telling_words
from tamsa.synthesis.recurring.paraphrase import paraphrase
from tamsa.synthesis.recurring.rows import Sample
from tamsa.synthesis.recurring.samples import MAX_WORDS, Samples
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.synthesis.recurring.stage import HELD, OVERLAPS, Recurring
from tamsa.synthesis.recurring.wording import Asked, ask, phrase
from tamsa.types import Document
from tests.synthesis.conftest import Studied

FILM = Asked("work", ("film",))
PERSON = Asked("person", ("film director",), human=True)
TOWN = Asked("place", ("town",))
YEAR = Asked("year", ())


@pytest.fixture(scope="module")
def shelf(world: Studied) -> Shelf:
    assert isinstance(world.index, Index)
    return Shelf(index_documents(world.index)(), world.index.mentions)


@pytest.fixture(scope="module")
def samples(shelf: Shelf) -> list[Sample]:
    found = list(Samples(shelf, 3))
    assert len(found) > 100
    return found


def recurring(world: Studied, **options: Any) -> Recurring:
    assert isinstance(world.index, Index)
    return Recurring(index_documents(world.index)(), world.index, **options)


def place(line: Line) -> tuple[str, int]:
    return line.page_id, line.sentence.start


def shown(sample: Sample) -> str:
    return "\n".join(sentence.text for passage in sample.passages for sentence in passage.sentences)


def test_the_reply_copies_what_is_shown_and_reads_back_as_it_was_meant(samples: list[Sample]) -> None:
    for sample in samples:
        reply = read_reply(sample.row()["messages"][-1]["content"], sample.passages)
        assert [(page.id, sentence) for page, sentence in reply.quotes] == [
            (line.page_id, line.sentence) for line in sample.copied
        ]
        assert reply.answer == (sample.answer or NOT_FOUND)


def test_the_answer_stands_in_the_last_line_copied_or_is_the_name_of_its_page(
    shelf: Shelf, samples: list[Sample]
) -> None:
    answered = [sample for sample in samples if sample.answer]
    assert answered
    for sample in answered:
        last = sample.copied[-1]
        assert sample.answer in " ".join(last.text.split()) or sample.answer == shelf.pages[last.page].name


def test_of_a_recurring_fact_the_sentence_that_the_question_was_made_of_is_never_shown(samples: list[Sample]) -> None:
    recurring = [sample for sample in samples if sample.kind != "bridge"]
    assert len(recurring) > 100
    for sample in recurring:
        assert sample.origin is not None
        assert sample.origin.text not in shown(sample)
        assert sample.origin.page not in {line.page for line in sample.copied[-1:]} or not sample.answer


def test_a_bridge_leads_from_one_sentence_to_another_by_a_thing_that_the_question_does_not_name(
    shelf: Shelf, samples: list[Sample]
) -> None:
    bridges = [sample for sample in samples if sample.kind == "bridge"]
    assert len(bridges) > 50
    for sample in bridges:
        first, last = sample.copied
        assert last is sample.origin
        between = (first.things | {first.page}) & (last.things | {last.page})
        names = [shelf.pages[thing].name for thing in between if not shelf.is_value(thing)]
        assert any(name not in sample.question for name in names), sample.question


def test_rules_gather_evidence_in_which_the_answer_is_read(world: Studied, shelf: Shelf, samples: list[Sample]) -> None:
    assert isinstance(world.index, Index)
    of_two = [sample for sample in samples if sample.answer and len(sample.copied) == 2]
    rows = [(sample, row) for sample in of_two[:25] for row in gathered_rows(sample, shelf, world.index, 3)]
    answered = [(sample, row) for sample, row in rows if not row["messages"][-1]["content"].endswith(NOT_FOUND)]
    assert len(answered) > 20
    for sample, row in answered:
        prompt, said = (without_marks(row["messages"][at]["content"]) for at in (1, 2))
        assert said.endswith(f"Answer: {sample.answer}")
        assert sample.answer in prompt
        assert any(line.rpartition(": ")[2] in prompt for line in said.splitlines()[:-1])


def test_nothing_is_gathered_from_a_document_that_is_hidden(world: Studied, samples: list[Sample]) -> None:
    assert isinstance(world.index, Index)
    for sample in samples[:20]:
        found = [hit.id for hit in world.index.search(sample.question, 4)]
        view = Without(world.index, found[:2])
        assert [hit.id for hit in view.search(sample.question, 2)] == found[2:]
        assert view.get(found[0]) is None
        assert view.get(found[2]) == world.index.get(found[2])
        title = world.index.search(sample.question, 1)[0].title
        assert found[0] in world.index.find_title(title)
        assert found[0] not in view.find_title(title)
        assert found[0] in {mention.id for mention in world.index.mentions(f"It is {title}.")}
        assert found[0] not in {mention.id for mention in view.mentions(f"It is {title}.")}


def test_no_question_holds_its_answer(samples: list[Sample]) -> None:
    for sample in samples:
        assert sample.asked_for.casefold() not in sample.question.casefold()
        assert len(sample.question.split()) <= MAX_WORDS
        assert sample.question.endswith("?")
        assert X not in sample.question
        assert Y not in sample.question


def test_nothing_shown_holds_the_answer_of_an_unanswerable_question(samples: list[Sample]) -> None:
    unanswerable = [sample for sample in samples if sample.kind == "unanswerable"]
    assert 0.02 < len(unanswerable) / len(samples) < 0.25
    for sample in unanswerable:
        assert sample.asked_for not in shown(sample)
        assert sample.row()["messages"][-1]["content"].endswith(f"Answer: {NOT_FOUND}")


def test_evidence_is_of_several_pages_in_any_order(samples: list[Sample]) -> None:
    places = Counter(
        [passage.page.id for passage in sample.passages].index(sample.copied[-1].page_id)
        for sample in samples
        if sample.answer
    )
    assert len(places) >= 3
    assert all(2 <= len(sample.passages) <= 9 for sample in samples)


def test_comparisons_follow_from_the_two_lines_copied(shelf: Shelf) -> None:
    compared = list(comparisons(shelf, 3, 30))
    assert compared
    for sample in compared:
        assert len(sample.copied) == 2
        assert all(line.text in shown(sample) for line in sample.copied)
        names = {shelf.pages[line.page].name for line in sample.copied}
        assert sample.answer in names | {"yes", "no"}


def test_the_same_seed_gives_the_same_rows_and_another_others(world: Studied) -> None:
    assert isinstance(world.index, Index)
    made = [list(recurring(world, seed=seed).rows(60)) for seed in (1, 1, 2)]
    assert made[0] == made[1]
    assert len(made[0]) == 60
    assert {row["question"] for row in made[0]} != {row["question"] for row in made[2]}


def test_what_questions_held_out_ask_for_is_asked_for_in_nothing_else(world: Studied, samples: list[Sample]) -> None:
    left_out: Counter[str] = Counter()
    others = {place(line) for sample in samples[:40] for line in sample.copied}
    source = recurring(world, seed=3, held=others, left_out=left_out)
    held = source.held_out(30)
    kept = {place(sample.copied[-1]) for sample in held}
    assert len(held) == len(kept) == 30
    assert not kept & others
    prompts = list(source.prompts(60))
    assert len({sample.question for sample in prompts}) == 60
    for sample in [*held, *prompts]:
        assert sample.answer
        assert len(sample.copied) == 2
    for sample in prompts:
        assert place(sample.copied[-1]) not in kept | others
    questions = {sample.question for sample in held}
    gold = {row["question"]: row for row in source.rows(300)}
    assert len(gold) > 100
    assert not questions & set(gold)
    assert left_out[HELD] > 0


def test_none_held_out_ends_on_a_sentence_that_training_knows(world: Studied) -> None:
    free = recurring(world, seed=3).held_out(10)
    known = {place(sample.copied[-1]) for sample in free}
    again = recurring(world, seed=3).held_out(10, known)
    assert len(again) == 10
    assert not known & {place(sample.copied[-1]) for sample in again}


def test_a_question_that_overlaps_with_an_evaluation_question_is_left_out(
    world: Studied, samples: list[Sample]
) -> None:
    assert isinstance(world.index, Index)
    asked = [{"question": sample.question, "answers": [sample.answer]} for sample in samples[:30]]
    left_out: Counter[str] = Counter()
    rows = recurring(world, seed=3, evaluations=Evaluations(asked), left_out=left_out).rows(200)
    assert not {row["question"] for row in rows} & {item["question"] for item in asked}
    assert left_out[OVERLAPS] >= 30


@pytest.mark.parametrize(
    ("clause", "asked", "wanted"),
    [
        (f"{X} is a 1981 film directed by {Y}", PERSON, {f"Who directed {X}?", f"Which film director directed {X}?"}),
        (f"{Y} directed {X}", PERSON, {f"Who directed {X}?", f"What film director directed {X}?"}),
        (f"{Y} is a 1981 film starring {X}", FILM, {f"Which 1981 film stars {X}?"}),
        (f"{X} moved to {Y} in 1950", TOWN, {f"To which town did {X} move in 1950?"}),
        (f"{X} was born in {Y}", TOWN, {f"In which town was {X} born?", f"Where was {X} born?"}),
        (f"{X} was founded in {Y}", YEAR, {f"When was {X} founded?", f"In what year was {X} founded?"}),
        (f"{X} starred in the film {Y}", FILM, {f"{X} starred in which film?", f"In which film did {X} star?"}),
    ],
)  # fmt: skip
def test_a_clause_is_asked_in_several_ways(clause: str, asked: Asked, wanted: set[str]) -> None:
    made = {ask(clause, asked, Random(seed)) for seed in range(200)}
    assert wanted <= made
    assert len(made) >= 2


@pytest.mark.parametrize(
    ("clause", "asked"),
    [
        (f"{X} stars A, {Y} and B", PERSON),
        (f"{X} is a {Y} player", TOWN),
        (f"{Y} and others founded {X}", PERSON),
        (f"{X} sold {Y} %", Asked("quantity", ())),
    ],
)
def test_what_would_be_ambiguous_is_not_asked(clause: str, asked: Asked) -> None:
    assert {ask(clause, asked, Random(seed)) for seed in range(50)} == {None}


def test_a_name_that_no_page_has_is_asked_for_too() -> None:
    film = Document(
        "f",
        "The Quiet Harbour",
        "The Quiet Harbour is a 1961 film directed by Ona Lindqvist. It was shot in Vell Sound.",
    )
    shelf = Shelf([film], lambda text: [])
    named = {line.text[place.start : place.end]: (place, line) for line in shelf.lines for place in line.places}
    assert {"Ona Lindqvist", "Vell Sound", "1961"} <= set(named)
    person, sound = (asked(shelf, named[name][0].thing, *named[name]) for name in ("Ona Lindqvist", "Vell Sound"))
    assert person.human
    assert not sound.human
    assert sound.kind == "place"
    assert telling_words(shelf, named["Ona Lindqvist"][0].thing) == {"ona", "lindqvist"}
    wanted = {f"Who directed {X}?", f"Where was {X} shot?"}
    pairs = [pair for seed in range(8) for pair in own_pairs(shelf, Random(seed))]
    assert wanted <= {
        ask(clause, asked(shelf, pair.y, place, pair.asking), Random(seed))
        for seed in range(4)
        for pair in pairs
        for place in pair.asking.places
        if place.thing == pair.y
        and pair.x == 0
        and (clause := clause_of(shelf, pair.asking, pair.x, pair.y, Random(seed))) is not None
    }


@pytest.mark.parametrize(
    ("clause", "asked", "wanted"),
    [
        (f"{X} was directed by {Y}", PERSON, {f"the film director who directed {X}"}),
        (f"{Y} is a 1981 film starring {X}", FILM, {f"the 1981 film starring {X}"}),
        (f"{Y} borders {X}", TOWN, {f"the town that borders {X}"}),
        (f"{X} was founded in {Y}", YEAR, set()),
    ],
)
def test_a_thing_is_named_by_a_clause(clause: str, asked: Asked, wanted: set[str]) -> None:
    assert {phrase(clause, asked, Random(seed)) for seed in range(50)} - {None} == wanted


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who starred in the film \ue000?", {"Who acted in the movie \ue000?", "Who was in the film \ue000?"}),
        ("Which 1981 Finnish comedy film is set in Vell?", {"Which film takes place in Vell?"}),
        ("Where is the town that borders Upton?", {"Where is the town that adjoins Upton?"}),
    ],
)
def test_a_question_is_said_in_other_words(question: str, wanted: set[str]) -> None:
    assert wanted <= {paraphrase(question, Random(seed)) for seed in range(300)}


@pytest.mark.parametrize("question", ["Which race was won by Ona Lindqvist?", "Who is Film Song Won?"])
def test_names_and_participles_keep_their_words(question: str) -> None:
    assert {paraphrase(question, Random(seed)) for seed in range(50)} == {question}


def documents_say(world: Studied, gold: GoldQuestion) -> bool:
    """Tell whether the last sentence of the chain, or its page's name, holds the answer."""
    last = gold.chain[-1].evidence
    document = world.index.get(last.document)
    assert document is not None
    said = " ".join(document.text[last.start : last.end].split())
    return gold.answers[0] in said or gold.answers[0] in document.title


def test_the_pipeline_writes_them_and_asks_nothing_that_a_question_held_out_rests_on(
    world: Studied, tmp_path: Path
) -> None:
    pages = (world.folder / "pages.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "pages.jsonl").write_text("".join(pages[:150]))
    docs = (str(tmp_path / "pages.jsonl"),)
    plan = Plan(docs, num_questions=16, held_out=8, modes=("guided",), midtraining=False, recurring=120)
    summary = synthesize(plan, tmp_path / "out")
    rows = pq.read_table(tmp_path / "out" / "sft_recurring.parquet").to_pylist()
    assert summary.rows["sft_recurring.parquet"] == len(rows) == 120
    held = read_gold(tmp_path / "out" / HELD_OUT, world.index)
    own = read_gold(tmp_path / "out" / HELD_OUT_RECURRING, world.index)
    prompts = pq.read_table(tmp_path / "out" / "rl_recurring.parquet").to_pylist()
    assert held
    assert own
    assert summary.rows["rl_recurring.parquet"] == len(prompts) > 0
    asked = {question.question for question in own}
    assert not asked & {row["question"] for row in [*rows, *prompts]}
    for gold in own:
        assert not sentences_of([gold]) <= sentences_of(held)
        assert documents_say(world, gold)


def test_documents_are_gone_through_again_until_little_is_new(world: Studied) -> None:
    few = list(index_documents(world.index)())[:30]
    assert isinstance(world.index, Index)
    once = {sample.question for sample in Samples(Shelf(few, world.index.mentions), 3)}
    rows = list(Recurring(few, world.index, seed=3).rows(1_000_000))
    questions = {row["question"] for row in rows}
    assert len(questions) > 1.5 * len(once)
    assert len(questions) < 1_000_000


def test_the_card_says_where_documents_give_fewer(world: Studied, tmp_path: Path) -> None:
    assert isinstance(world.index, Index)
    card = Card("card", {})
    few = list(index_documents(world.index)())[:12]
    Assembly(tmp_path, [], "[]", [], world.index.get, card, 0).recurring(
        Recurring(few, world.index), 10_000, 2, "guided"
    )
    made = pq.read_table(tmp_path / "sft_recurring.parquet").num_rows
    assert card.notes == [f"Recurring facts: {made:,} of 10,000 samples; the documents give no more that is new."]


def test_a_negative_number_of_them_is_refused() -> None:
    with pytest.raises(ConfigError, match="recurring"):
        Plan(("notes",), recurring=-1)
