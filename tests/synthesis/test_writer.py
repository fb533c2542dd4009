"""A model may change the words of a question and what stands for a name; it cannot change the answer."""

from __future__ import annotations

import json
from random import Random

import pytest

from tamsa.llm import ScriptedModel
from tamsa.synthesis.checks.checker import recomputed, stated
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.forms import entity, follow
from tamsa.synthesis.questions.draft import Draft, finish
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.things import hop_of
from tamsa.synthesis.values import item_of
from tamsa.synthesis.writer import Writer, altered, read_object
from tests.synthesis.small_graph import small_domain, small_graph

GRAPH = small_graph()


@pytest.fixture(scope="module")
def domain() -> Domain:
    return small_domain(GRAPH)


@pytest.fixture(scope="module")
def question(domain: Domain) -> GoldQuestion:
    (edge,) = domain.edges_of("The_Amber_Road", "set_in")
    form = follow(entity("The Amber Road", "The_Amber_Road"), "set_in")
    made = finish(Draft("chain", "Where is The Amber Road set?", form, item_of(edge), (hop_of(edge),)), domain)
    assert isinstance(made, GoldQuestion)
    return made


def says(text: str) -> str:
    return json.dumps({"question": text})


async def test_a_faithful_wording_is_taken(domain: Domain, question: GoldQuestion) -> None:
    model = ScriptedModel(["<think>Hm.</think>" + says("In what place does the story of The Amber Road unfold?")])
    written = await Writer(model, domain).reword(question)
    assert not written.reason and written.question.question.startswith("In what place")
    assert (written.question.form, written.question.answers) == (question.form, question.answers)
    assert written.question.id != question.id and recomputed(written.question, domain)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Sure! Where does it take place?", "not one JSON object"),
        ('{"question": 3}', "not one JSON object"),
        (says("In what place does the film unfold?"), "is missing"),
        (says("In what place does The Amber Road by Orson Welles unfold?"), "is new"),
        (says("In what place does the 1931 work The Amber Road unfold?"), "numbers and dates"),
        (says("Does The Amber Road unfold in Aldham?"), "is new"),
        (says("where is the amber road set ?"), "is the old one"),
        (says("In what place does The Amber Road unfold"), "ends with"),
        (says("The Amber Road " * 60 + "?"), "90 words"),
    ],
)
async def test_an_unfaithful_wording_is_refused(
    domain: Domain, question: GoldQuestion, reply: str, reason: str
) -> None:
    written = await Writer(ScriptedModel([reply] * 3), domain, max_retries=2).reword(question)
    assert written.question == question and reason in written.reason


async def test_the_model_may_try_again(domain: Domain, question: GoldQuestion) -> None:
    model = ScriptedModel(["no", says("In what place does The Amber Road unfold?")])
    assert not (await Writer(model, domain).reword(question)).reason


def test_the_answer_must_not_be_named(question: GoldQuestion) -> None:
    lower = GoldQuestion.from_json({**question.to_json(), "answers": ["green hills"]})
    assert "names the answer" in altered(lower, "Is The Amber Road set in green hills?")


def test_a_question_without_names_is_held_by_its_other_words(question: GoldQuestion) -> None:
    text = "Which is the tallest of the towers listed there?"
    nameless = GoldQuestion.from_json({**question.to_json(), "question": text})
    assert "too little" in altered(nameless, "Who is it?")
    assert altered(nameless, "Of the towers listed there, which one is tallest?") == ""


async def test_escalation_keeps_the_answer_and_hides_the_name(domain: Domain, question: GoldQuestion) -> None:
    edges = {edge.relation: edge.id for edge in domain.edges_of("The_Amber_Road")}
    name = "The Amber Road"
    script = [
        json.dumps({"tool": "facts", "name": name}),
        json.dumps({"tool": "describe", "name": name, "facts": [edges["director"], edges["released"]], "vague": True}),
        json.dumps({"tool": "done"}),
    ]
    written = await Writer(ScriptedModel(script), domain).escalate(question, Random(1))
    harder = written.question
    assert not written.reason and name not in harder.question and "Director Ason" in harder.question
    assert harder.answers == question.answers and harder.difficulty > question.difficulty
    assert {"description", "vague_date"} <= set(harder.operations)
    assert recomputed(harder, domain) and stated(harder, domain) and len(harder.chain) == 3


async def test_what_is_not_proven_is_refused_and_said_so(domain: Domain, question: GoldQuestion) -> None:
    edges = {edge.relation: edge.id for edge in domain.edges_of("The_Amber_Road")}
    seen: list[str] = []
    script = iter(
        [
            "I would rather not.",
            json.dumps({"tool": "erase", "name": "The Amber Road"}),
            json.dumps({"tool": "facts", "name": "Citizen Kane"}),
            json.dumps({"tool": "describe", "name": "The Amber Road", "facts": [edges["released"], edges["director"]]}),
            json.dumps({"tool": "describe", "name": "The Amber Road", "facts": ["e999999", "e0"]}),
            json.dumps({"tool": "describe", "name": "The Amber Road", "facts": [edges["set_in"], edges["released"]]}),
            json.dumps({"tool": "bridge", "name": "The Amber Road", "fact": edges["director"]}),
            json.dumps({"tool": "done"}),
        ]
    )

    def policy(messages):  # type: ignore[no-untyped-def]
        seen.append(messages[-1].content)
        return next(script)

    written = await Writer(ScriptedModel(policy), domain).escalate(question, Random(1))
    assert written.question == question and written.reason
    assert all(text.startswith("Refused") for text in seen[1:]), seen


async def test_a_silent_model_ends_after_its_turns(domain: Domain, question: GoldQuestion) -> None:
    calls = []

    def policy(messages):  # type: ignore[no-untyped-def]
        calls.append(len(messages))
        return ""

    written = await Writer(ScriptedModel(policy), domain, max_turns=3).escalate(question, Random(1))
    assert written.question == question and len(calls) == 3


def test_one_object_is_read_and_no_other() -> None:
    assert read_object('x {"a": 1} y') == {"a": 1}
    assert read_object("<think>{no}</think>{}") == {}
    for text in ("", "[1]", '{"a": 1} {"b": 2}', "{", '"a"'):
        assert read_object(text) is None


def test_a_deeply_nested_reply_is_no_object() -> None:
    assert read_object('{"a":' * 20_000 + "1" + "}" * 20_000) is None


async def test_a_wording_with_lone_surrogates_can_be_written(domain: Domain, question: GoldQuestion) -> None:
    text = "\ud800 " + question.question.replace("?", ", please?")
    written = await Writer(ScriptedModel([says(text)]), domain, max_retries=0).reword(question)
    assert not written.reason and written.question.question.encode()
