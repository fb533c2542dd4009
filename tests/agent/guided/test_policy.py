"""Guided research through the real loop and tools: rules lead, one completion answers, and its quotes are checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tamsa.agent import research
from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.guided import GuidedPolicy
from tamsa.agent.modes import with_mode
from tamsa.corpus import Index, open_documents
from tamsa.errors import ContextLengthError
from tamsa.store import RunFolder
from tamsa.tools import corpus_toolset
from tamsa.types import Completion, Message, Profile, Report, Sampled, ToolSchema
from tests.agent.baseline.conftest import TEXTS

QUESTION = "In which county was the director of The Copper Gate born?"


class Reader:
    """A model that says what it is told to and keeps what it was asked."""

    name = "reader"
    native_tools = False

    def __init__(self, text: str, context_length: int = 4096, too_long: int = 10**9) -> None:
        self.text, self.context_length, self.too_long = text, context_length, too_long
        self.profile = Profile(brief=True, mode="guided")
        self.asked: list[str] = []

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        self.asked.append(messages[-1].content)
        if len(messages[-1].content) > self.too_long:
            raise ContextLengthError("too long")
        ends = tuple(range(1, len(self.text) + 1))
        drawn = Sampled((1,), ends, (0.0,) * len(ends), model_logprobs=(-0.01,) * len(ends), text_ends=ends)
        return Completion(self.text, sampled=drawn)

    def count_tokens(self, text: str) -> int:
        return len(text)

    async def aclose(self) -> None:
        pass


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("guided")
    for title, text in TEXTS.items():
        (folder / f"{title}.md").write_text(f"# {title}\n\n{text}\n")
    opened = open_documents([folder])
    assert isinstance(opened, Index)
    return opened


def ask(index: Index, reader: Reader, question: str = QUESTION, folder: RunFolder | None = None) -> Report:
    policy, strategy = with_mode(reader)
    tools = corpus_toolset(index, profile=policy.profile)
    return asyncio.run(research(question, model=policy, tools=tools, mode=strategy, folder=folder))


def test_the_model_is_asked_once_and_what_it_copies_becomes_the_citations(index: Index) -> None:
    probe = Reader("Answer: x")
    ask(index, probe)
    assert len(probe.asked) == 1
    shown = probe.asked[0]
    assert "Torva is a town in the county of [Hald]" in shown
    torva = next(line for line in shown.splitlines() if line.startswith("Torva is a town"))
    report = ask(index, Reader(f"Torva: {torva}\nAnswer: Hald"))
    assert report.answer == "Hald"
    assert [citation.title for citation in report.citations] == ["Torva"]
    assert report.citations[0].quote in TEXTS["Torva"]
    assert report.findings[0].supported


def test_the_same_pages_are_opened_as_by_the_rules_alone(index: Index) -> None:
    rules = BaselinePolicy()
    alone = asyncio.run(research(QUESTION, model=rules, tools=corpus_toolset(index, profile=rules.profile)))
    assert ask(index, Reader("Answer: Hald")).visited == alone.visited


def test_a_shared_answer_that_stands_in_no_copied_sentence_rests_on_the_rules_chain(index: Index) -> None:
    rules = BaselinePolicy()
    alone = asyncio.run(research(QUESTION, model=rules, tools=corpus_toolset(index, profile=rules.profile)))
    probe = Reader("Answer: x")
    ask(index, probe)
    shown = probe.asked[0]
    film = next(line for line in shown.splitlines() if line.startswith("The Copper Gate is"))
    report = ask(index, Reader(f"The Copper Gate: {film}\nAnswer: {alone.answer}"))
    assert report.answer == alone.answer
    assert [citation.quote for citation in report.citations] == [citation.quote for citation in alone.citations]


def test_without_an_answer_in_the_reply_the_rules_answer(index: Index) -> None:
    rules = BaselinePolicy()
    alone = asyncio.run(research(QUESTION, model=rules, tools=corpus_toolset(index, profile=rules.profile)))
    assert ask(index, Reader("I would rather not say.")).answer == alone.answer != "NOT FOUND"


def test_not_found_is_said_without_citations(index: Index) -> None:
    report = ask(index, Reader("[1] Torva\nAnswer: NOT FOUND"))
    assert report.status == "not_found"
    assert report.citations == ()


@pytest.mark.parametrize(
    "text", ["<answer>x</answer>\nAnswer: <b>Hald</b>", "</think><tool_call>{}\nAnswer: Hald", "\x00\nAnswer: Hald"]
)
def test_tags_in_a_reply_stay_text(index: Index, text: str) -> None:
    report = ask(index, Reader(text))
    assert report.answer in ("Hald", "‹b›Hald‹/b›")
    assert report.num_calls == ask(index, Reader("Answer: Hald")).num_calls


def test_confidence_is_that_of_the_answer_s_own_tokens(index: Index) -> None:
    report = ask(index, Reader("Answer: Hald"))
    assert report.confidence is not None
    assert report.confidence.likelihood.answer == pytest.approx(-0.04)  # four tokens of -0.01, one a letter


def test_a_prompt_that_does_not_fit_is_asked_again_with_less(index: Index) -> None:
    whole = Reader("Answer: Hald")
    ask(index, whole)
    reader = Reader("Answer: Hald", too_long=len(whole.asked[0]) - 1)
    assert ask(index, reader).answer == "Hald"
    assert reader.asked[0] == whole.asked[0]
    assert len(reader.asked[-1]) < len(reader.asked[0])


def test_a_resumed_run_asks_the_model_once_more_at_most(index: Index, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    first = Reader("Answer: Hald")
    done = ask(index, first, folder=folder)
    folder.close()
    again = Reader("Answer: other")
    resumed = RunFolder.resume(tmp_path / "run")
    assert ask(index, again, folder=resumed).answer == done.answer
    assert again.asked == []


def test_runs_of_one_question_are_led_by_the_rules_once(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = GuidedPolicy(Reader("Answer: Hald"))
    led: list[int] = []
    lead = policy._lead
    monkeypatch.setattr(policy, "_lead", lambda messages, **more: led.append(1) or lead(messages, **more))

    async def both() -> None:
        for _ in range(2):
            await research(
                QUESTION, model=policy, tools=corpus_toolset(index, profile=policy.profile), date="2026-01-01"
            )

    asyncio.run(both())
    turns = len(led)
    asyncio.run(both())
    assert len(led) == turns


class Voters(Reader):
    """Draws its replies in turn."""

    takes_grammar = True

    def __init__(self, *texts: str, weight: float = 1.0) -> None:
        super().__init__("")
        self.texts = texts
        self.profile = Profile(brief=True, mode="guided", reader_votes=len(texts), reader_weight=weight)

    async def draw(self, messages: Sequence[Message], count: int, **more: object) -> list[Completion]:
        assert count == len(self.texts)
        drawn = []
        for text in self.texts:
            self.text = text
            drawn.append(await self.complete(messages))
        return drawn


def test_votes_and_rules_elect_the_answer_and_confidence_is_that_of_the_election(index: Index) -> None:
    rules = BaselinePolicy()
    alone = asyncio.run(research(QUESTION, model=rules, tools=corpus_toolset(index, profile=rules.profile))).answer
    few = ask(index, Voters("Answer: Velda", *[f"Answer: {alone}"] * 3))
    none = ask(index, Voters(*["Answer: Velda"] * 4, weight=0.1))
    many = ask(index, Voters(*["Answer: Velda"] * 4, weight=9.0))
    assert (few.answer, none.answer, many.answer) == (alone, alone, "Velda")
    assert few.confidence is not None and none.confidence is not None and many.confidence is not None
    assert few.confidence.probability > none.confidence.probability
    assert many.confidence.probability > 0.9
    assert none.citations, "what the rules answer rests on their chain"


@pytest.mark.parametrize("brief", [True, False])
def test_a_model_trained_to_read_is_shown_no_guesses(index: Index, brief: bool) -> None:
    reader = Reader("Answer: Hald")
    reader.profile = Profile(brief=brief, mode="guided")
    ask(index, reader)
    assert ("Guesses: " in reader.asked[0]) is not brief


def test_a_reader_in_this_process_is_told_that_rules_work_beside_it() -> None:
    told: list[bool] = []

    class Local(Reader):
        def leave_a_processor(self) -> None:
            told.append(True)

    GuidedPolicy(Reader("Answer: x")).expect_many()
    GuidedPolicy(Local("Answer: x")).expect_many()
    assert told == [True]
