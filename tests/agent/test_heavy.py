"""Heavy mode: agents side by side, agreement, synthesis, resume."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tamsa.agent.heavy import as_answer, majority, research_heavy
from tamsa.agent.react import parse_answer, render_call
from tamsa.errors import CorruptError, ModelUnavailableError
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder
from tamsa.tools import Offer, ask_tool, corpus_toolset
from tamsa.types import Citation, Finding, Report
from tests.library import make_library

QUESTION = "When was Velm Ford founded?"
VISIT = render_call("visit", {"ids": ["ford.md", "almanac.md"]})
RIGHT = "<answer>1203<finding>founded<quote doc='ford.md'>It was founded in 1203</quote></finding></answer>"
WRONG = "<answer>1210<finding>founded<quote doc='almanac.md'>Velm Ford was founded in 1210</quote></finding></answer>"
SETTLED = (
    "<answer>1203<finding>founded in 1203<quote doc='ford.md'>It was founded in 1203</quote>"
    "<quote doc='almanac.md' stance='against'>Velm Ford was founded in 1210</quote>"
    "<settlement>later surveys</settlement></finding></answer>"
)


class Crowd:
    """Agents whose answers are dealt out in the order in which they come to answer."""

    def __init__(self, answers: list[str], *, delay_s: float = 0.0, slow: int = 0) -> None:
        self.answers = answers
        self.delay_s = delay_s
        self.slow = slow
        self.dealt = 0
        self.at_once = self.most_at_once = 0
        self.synthesised: list[str] = []

    async def __call__(self, messages: Any) -> str:
        if "reports of several researchers" in messages[0].content:
            self.synthesised.append(messages[1].content)
            return SETTLED
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.delay_s)
        self.at_once -= 1
        if len(messages) == 2:
            return VISIT
        self.dealt += 1
        answer = self.answers[self.dealt - 1]
        if self.dealt > len(self.answers) - self.slow:
            await asyncio.sleep(30)
        return answer


async def heavy(path: Path, crowd: Any, **options: Any) -> Report:
    folder = RunFolder.resume(path) if path.exists() else RunFolder.create(path, {"question": QUESTION})
    try:
        return await research_heavy(
            QUESTION,
            model=ScriptedModel(crowd, ModelSettings()),
            make_tools=lambda: corpus_toolset(make_library()),
            folder=folder,
            **options,
        )
    finally:
        folder.close()


async def test_disagreeing_agents_are_settled_by_a_synthesis(tmp_path: Path) -> None:
    crowd = Crowd([RIGHT, WRONG, WRONG, RIGHT])
    report = await heavy(tmp_path / "run", crowd)
    assert report.answer == "1203"
    assert report.findings[0].disputed and report.findings[0].settlement == "later surveys"
    assert report.num_steps == 8 and report.visited == ("ford.md", "almanac.md")
    assert crowd.synthesised[0].count("Report ") == 4
    assert sorted(p.name for p in (tmp_path / "run" / "agents").iterdir()) == ["1", "2", "3", "4"]


async def test_more_than_half_in_agreement_stop_the_rest(tmp_path: Path) -> None:
    crowd = Crowd([RIGHT, RIGHT, RIGHT, WRONG], slow=1)
    report = await heavy(tmp_path / "run", crowd)
    assert len(list((tmp_path / "run" / "agents").glob("*/report.json"))) == 3
    assert report.answer == "1203"
    assert crowd.synthesised == []
    assert report.notes[0] == "3 agents: 1203 (3)"


async def test_without_synthesis_most_agents_win(tmp_path: Path) -> None:
    report = await heavy(tmp_path / "run", Crowd([WRONG, RIGHT, WRONG, RIGHT, WRONG]), num_agents=5, synthesize=False)
    assert report.answer == "1210"


async def test_agents_run_side_by_side(tmp_path: Path) -> None:
    crowd = Crowd([RIGHT, WRONG] * 10, delay_s=0.05)
    await heavy(tmp_path / "run", crowd, num_agents=20)
    assert crowd.most_at_once == 20


async def test_unreadable_synthesis_falls_back_on_the_vote(tmp_path: Path) -> None:
    class Dumb(Crowd):
        async def __call__(self, messages: Any) -> str:
            return "hm" if "several researchers" in messages[0].content else await super().__call__(messages)

    report = await heavy(tmp_path / "run", Dumb([WRONG, RIGHT, RIGHT, WRONG]))
    assert report.answer in ("1203", "1210")
    assert any("no readable answer" in note for note in report.notes)


async def test_reports_beyond_the_context_fall_back_on_the_vote(tmp_path: Path) -> None:
    class Narrow(Crowd):
        async def __call__(self, messages: Any) -> Any:
            return (
                {"error": "context"}
                if "several researchers" in messages[0].content
                else await super().__call__(messages)
            )

    report = await heavy(tmp_path / "run", Narrow([WRONG, RIGHT, RIGHT, WRONG]))
    assert report.answer in ("1203", "1210") and report.citations
    assert any("do not fit the model's context" in note for note in report.notes)


async def test_one_failing_agent_does_not_stop_the_others(tmp_path: Path) -> None:
    class Failing(Crowd):
        async def __call__(self, messages: Any) -> Any:
            answer = await super().__call__(messages)
            return {"error": "unavailable"} if self.dealt == 1 and answer == WRONG else answer

    report = await heavy(tmp_path / "run", Failing([WRONG, RIGHT, RIGHT, RIGHT]))
    assert report.answer == "1203"
    assert report.notes[0] == "3 agents: 1203 (3)"
    assert report.notes[1].startswith("an agent failed: ")


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "final"},
        {"kind": "final", "seconds": 1, "answer": 5, "notes": []},
        {"kind": "final", "seconds": 1, "answer": "x", "notes": [], "usage": {"a": 1}},
        {"kind": "agreement", "seconds": 1, "agents": ["../../x"]},
        {"kind": "plan", "seconds": 1, "usage": {}},
    ],
)
async def test_journal_of_another_form_is_refused(tmp_path: Path, record: dict[str, Any]) -> None:
    RunFolder.create(tmp_path / "run", {"question": QUESTION}).close()
    (tmp_path / "run" / "steps.jsonl").write_text(json.dumps(record) + "\n")
    with pytest.raises(CorruptError, match="record 1 is not of a run's form"):
        await heavy(tmp_path / "run", Crowd([RIGHT] * 4))


async def test_failed_synthesis_resumes_without_new_research(tmp_path: Path) -> None:
    class Down(Crowd):
        async def __call__(self, messages: Any) -> Any:
            if "several researchers" in messages[0].content:
                return {"error": "unavailable"}
            return await super().__call__(messages)

    with pytest.raises(ModelUnavailableError):
        await heavy(tmp_path / "run", Down([RIGHT, WRONG, RIGHT, WRONG]))
    crowd = Crowd([])
    assert (await heavy(tmp_path / "run", crowd)).answer == "1203"
    assert crowd.dealt == 0
    steps = (tmp_path / "run" / "steps.jsonl").read_text().splitlines()
    assert [json.loads(line)["kind"] for line in steps] == ["final"]


async def test_one_message_reaches_every_agent_and_the_synthesis(tmp_path: Path) -> None:
    class Steered(Crowd):
        sent = False

        async def __call__(self, messages: Any) -> str:
            if len(messages) == 2 and "several researchers" not in messages[0].content and not self.sent:
                self.sent = True
                RunFolder.send(tmp_path / "run", "Only surveys count.")
            return await super().__call__(messages)

    crowd = Steered([RIGHT, WRONG, RIGHT, WRONG])
    await heavy(tmp_path / "run", crowd)
    assert "Only surveys count." in crowd.synthesised[0]
    told = [path.read_text().count("Only surveys count.") for path in (tmp_path / "run").glob("agents/*/steps.jsonl")]
    assert told == [1, 1, 1, 1]


async def test_one_plan_is_reviewed_and_followed_by_every_agent(tmp_path: Path) -> None:
    class Planned(Crowd):
        async def __call__(self, messages: Any) -> str:
            if "your plan and nothing else" in messages[-1].content:
                return "<plan>[open] Look at the town</plan>"
            if "several researchers" not in messages[0].content:
                assert "[open] Look at the almanac" in messages[2].content
                answer = await Crowd.__call__(self, [messages[0], *messages[2:]])
                return answer if answer == VISIT else f"<plan>[confirmed] Look at the almanac</plan>{answer}"
            return await super().__call__(messages)

    shown: list[str] = []

    def review(plan: str) -> str:
        shown.append(plan)
        return plan.replace("town", "almanac")

    report = await heavy(tmp_path / "run", Planned([RIGHT, WRONG, RIGHT, WRONG]), review_plan=review)
    assert shown == ["[open] Look at the town"]
    assert [(item.text, item.status) for item in report.plan] == [("Look at the almanac", "confirmed")]
    (tmp_path / "run" / "report.json").unlink()
    assert (await heavy(tmp_path / "run", Crowd([]), review_plan=review)).plan == report.plan
    assert len(shown) == 1


async def test_agents_ask_the_person_one_question_together(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return "the town"

    class Curious(Crowd):
        async def __call__(self, messages: Any) -> str:
            if len(messages) == 2 and "several researchers" not in messages[0].content:
                return render_call("ask", {"question": "Which one?"})
            if len(messages) == 4:
                assert "the town" in messages[-1].content
                return VISIT
            return await super().__call__(messages)

    offer = Offer((ask_tool(reply),))
    folder = RunFolder.create(tmp_path / "run", {"question": QUESTION})
    report = await research_heavy(
        QUESTION,
        model=ScriptedModel(Curious([RIGHT, WRONG, RIGHT, WRONG]), ModelSettings()),
        make_tools=lambda: corpus_toolset(make_library(), offers=[offer, Offer(notes=("python is not offered: x",))]),
        folder=folder,
    )
    folder.close()
    assert asked == ["Which one?"]
    assert report.answer == "1203"
    assert report.notes[1:] == ("python is not offered: x",)


def test_quote_of_a_document_with_any_name_survives_the_vote() -> None:
    key = 'a>b"c<d stance="against"'
    report = Report(
        QUESTION,
        "x",
        "answered",
        findings=(Finding("claim", True, (1,)),),
        citations=(Citation(1, key, "t", "", 0, 9, "the words"),),
    )
    (quote,) = parse_answer(as_answer(report)).claims[0].quotes
    assert (quote.document, quote.text, quote.against) == (key, "the words", False)


def test_majority_needs_support_and_more_than_half() -> None:
    def report(answer: str, quote: str) -> Report:
        return Report(QUESTION, answer, "answered", findings=(Finding("x", bool(quote)),))

    one, bare = report("1203", "q"), report("1203", "")
    assert majority({1: one, 2: one}, 4) == []
    assert majority({1: one, 2: one, 4: one}, 4) == [1, 2, 4]
    assert majority({1: bare, 2: bare, 3: bare}, 4) == []


async def test_report_written_back_as_an_answer_is_read_the_same(tmp_path: Path) -> None:
    report = await heavy(tmp_path / "run", Crowd([RIGHT, WRONG, WRONG, RIGHT]))
    answer = parse_answer(as_answer(report))
    assert answer.text == report.answer
    assert [claim.text for claim in answer.claims] == [finding.claim for finding in report.findings]
    assert [re.sub(r"\s+", " ", q.text) for q in answer.claims[0].quotes] == [c.quote for c in report.citations]
