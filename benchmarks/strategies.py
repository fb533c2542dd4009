"""Strategies compared: context and pages found on long runs, with one policy that speaks every format.

The policy is rules over the search tool: it keeps a list of documents worth opening, opens the best one each turn, and
searches again by what it has read. In `react` it reads the whole conversation. In `iter` it sees its own report and the
last observation, so what it knows must stand in the report; in `fold` it folds finished steps into a line that says the
same. Whatever it forgets because of a format shows in the pages that it finds.

Usage: python benchmarks/strategies.py [--questions 300] [--steps 100] [--out FILE] [--traces FILE [--only-traces]]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from tamsa.agent import Budget, research
from tamsa.agent.heavy import research_heavy
from tamsa.agent.react import render_call
from tamsa.corpus import Index
from tamsa.corpus.analysis import terms
from tamsa.eval import read_questions
from tamsa.llm import ModelSettings, ScriptedModel
from tamsa.store import RunFolder, read_jsonl
from tamsa.synthesis.question_source import read_gold
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher import OracleTeacher
from tamsa.tools import corpus_toolset, page_chars
from tamsa.types import Completion, Message, Model
from tamsa.world import build_world

MODES = ("react", "iter", "fold")
KEPT = 60
"""Documents worth opening that a report carries on."""
FOLDED = 20
"""The same for a folded line."""
FOLD_EVERY = 5
"""Steps that are folded together."""
PAGE_CHARS = 4_000
DATE = "2026-11-25"
SHOWN = 300
"""Characters of a record that a trace shows."""
RECORDS = 16
"""Records of a run that it shows; more are left out in the middle."""
SAYS = {
    "react": "The whole conversation. Played by the teacher of the synthesis, which knows the chain.",
    "iter": "A workspace: question, report, last action and its result; the report is written anew each turn. Teacher.",
    "fold": "Finished steps folded into a line. Played by the rules of this benchmark, which open the best document.",
    "heavy": "Four agents side by side, two played by the teacher and two by the rules: no more than half agree, so "
    "the reports go to a synthesis, played by a rule too (the most quotes are right). Shown are the first "
    "and the last agent, and what the synthesis wrote.",
}
_HIT = re.compile(r"^\d+\. (?P<title>.+?) \(id: (?P<id>[^)\n]+)\)\n   (?P<snippet>.*)$", re.MULTILINE)
_NAMED = re.compile(r"^Documents named in the query: (.*)$", re.MULTILINE)
_PAGE = re.compile(r"^(?P<title>.+?) \(id: (?P<id>[^)\n]+)\)(?:, [^\n]*)?\n(?P<text>.*?)(?=\nLinks: |\Z)", re.DOTALL)
_LINKS = re.compile(r"^Links: (.*)$", re.MULTILINE)
_ITEM = re.compile(r"(?P<title>[^;]+?) \(id: (?P<id>[^)]+)\)")
_RESPONSE = re.compile(r"<tool_response>\n(.*?)\n</tool_response>", re.DOTALL)
_STEP = re.compile(r"\A\[step (\d+)\]\n")
_VISIT = re.compile(r'"visit", "arguments": \{"ids": \["([^"]+)"')
_NAME = re.compile(r"[A-Z][\w'’.-]*(?:\s+(?:of|the|de|and|&)?\s*[A-Z][\w'’.-]*)*")
_KNOWN = re.compile(r"opened: (?P<opened>[^\n]*?)\s+worth opening: (?P<queue>[^\n<]*)")


@dataclass
class Knowledge:
    """What the policy knows, and how it is written into a report and read back."""

    question: str
    opened: list[str] = field(default_factory=list)
    queue: dict[str, float] = field(default_factory=dict)
    """Document id -> worth."""

    def __post_init__(self) -> None:
        self._terms = set(terms(self.question))

    def worth(self, text: str) -> float:
        """Say how much of the question a text speaks of, in [0, 1)."""
        found = self._terms & set(terms(text))
        return len(found) / (1 + len(self._terms))

    def offer(self, key: str, worth: float) -> None:
        """Note a document that may be worth opening."""
        if key not in self.opened:
            self.queue[key] = max(self.queue.get(key, 0.0), round(worth, 3))

    def read(self, observation: str) -> None:
        """Take in what a search or a visit gave."""
        for match in _NAMED.finditer(observation):
            for item in _ITEM.finditer(match[1]):
                self.offer(item["id"].strip(), 2.0)
        for rank, hit in enumerate(_HIT.finditer(observation)):
            self.offer(hit["id"].strip(), self.worth(hit["title"] + " " + hit["snippet"]) + 0.5 / (1 + rank))
        if not _HIT.search(observation) and (page := _PAGE.search(observation)):
            sentences = re.split(r"(?<=[.!?])\s+|\n+", page["text"])
            for links in _LINKS.finditer(observation):
                for item in _ITEM.finditer(links[1]):
                    near = max((self.worth(s) for s in sentences if item["title"].strip() in s), default=0.0)
                    self.offer(item["id"].strip(), 0.3 + near)

    def note_visits(self, text: str) -> None:
        """Take note of the documents that an earlier turn asked for."""
        for key in _VISIT.findall(text):
            if key not in self.opened:
                self.opened.append(key)
            self.queue.pop(key, None)

    def next(self) -> str | None:
        """Take the best document that is not open yet."""
        best = max(self.queue, key=lambda key: (self.queue[key], key), default=None)
        if best is not None:
            del self.queue[best]
            self.opened.append(best)
        return best

    def write(self, opened: Sequence[str], kept: int) -> str:
        """Write documents opened and the best of those worth opening."""
        best = sorted(self.queue.items(), key=lambda item: (-item[1], item[0]))[:kept]
        return f"opened: {' | '.join(opened)}\nworth opening: {' | '.join(f'{k} = {w:g}' for k, w in best)}"

    def recall(self, text: str) -> None:
        """Read back what an earlier report or folded line says."""
        for match in _KNOWN.finditer(text):
            for key in filter(None, match["opened"].split(" | ")):
                if key not in self.opened:
                    self.opened.append(key)
                self.queue.pop(key, None)
            for item in filter(None, match["queue"].split(" | ")):
                key, _, worth = item.rpartition(" = ")
                self.offer(key, float(worth))


def policy(mode: str, question: str, num_steps: int):
    """Make the policy for one run in one format. Outside `react`, whose prompt only grows, it remembers nothing."""
    whole, num_read = Knowledge(question), 1

    def decide(messages: Sequence[Message]) -> str:
        nonlocal num_read
        known, unread = (whole, messages[num_read:]) if mode == "react" else (Knowledge(question), messages[1:])
        num_read = len(messages)
        step = 1
        for message in unread:
            known.recall(message.content)
            known.note_visits(message.content)
            if label := _STEP.match(message.content):
                step = int(label[1]) + 1
            for observation in _RESPONSE.findall(message.content):
                known.read(observation)
        if not known.opened and not known.queue:
            call = render_call("search", {"queries": [question, *_NAME.findall(question)][:5]})
        else:
            key = known.next() if len(known.opened) < num_steps - 2 else None
            if key is None:
                return f"<answer>{known.opened[-1] if known.opened else 'NOT FOUND'}</answer>"
            call = render_call("visit", {"ids": [key], "page": 1})
        extra = ""
        if mode == "iter":
            extra = f"<report>\n{known.write(known.opened, KEPT)}\n</report>\n"
        elif mode == "fold" and step > FOLD_EVERY and step % FOLD_EVERY == 0:
            line = known.write(known.opened[-FOLD_EVERY - 1 :], FOLDED)
            extra = f'<fold steps="{step - FOLD_EVERY}-{step - 1}">{line}</fold>\n'
        return f"<think>Open the most promising document.</think>\n{extra}{call}"

    return decide


async def run_one(question, mode: str, index: Index, num_steps: int, folder: RunFolder | None = None) -> dict:
    """Run one question; return the largest prompt and the recall of supporting pages."""
    model = ScriptedModel(policy(mode, question.question, num_steps), ModelSettings(context_length=1_000_000))
    largest = 0
    complete = model.complete

    async def measured(messages, **options):
        nonlocal largest
        largest = max(largest, sum(model.count_tokens(m.content) for m in messages))
        return await complete(messages, **options)

    model.complete = measured  # type: ignore[method-assign]
    report = await research(
        question.question,
        model=model,
        tools=corpus_toolset(index, page_chars=PAGE_CHARS),
        budget=Budget(max_calls=10_000, max_tokens=10**12),
        mode=mode,
        folder=folder,
        date=DATE,
    )
    titles = {index.get(key).title for key in report.visited}  # type: ignore[union-attr]
    wanted = set(question.supporting_titles)
    return {
        "largest_prompt": largest,
        "num_steps": report.num_steps,
        "visited_recall": len(titles & wanted) / len(wanted) if wanted else None,
    }


def summarise(rows: list[dict]) -> dict:
    recalls = [row["visited_recall"] for row in rows if row["visited_recall"] is not None]
    return {
        "runs": len(rows),
        "steps_median": median(row["num_steps"] for row in rows),
        "largest_prompt_median": median(row["largest_prompt"] for row in rows),
        "largest_prompt_max": max(row["largest_prompt"] for row in rows),
        "visited_recall": mean(recalls),
        "visited_recall_se": stdev(recalls) / math.sqrt(len(recalls)),
    }


class Crowd:
    """Four agents of two kinds, told apart by the task that asks, and the synthesis of their reports."""

    name = "crowd"
    native_tools = False

    def __init__(self, gold: GoldQuestion, index: Index) -> None:
        rules = [ScriptedModel(policy("react", gold.question, 9), ModelSettings()) for _ in range(2)]
        self._agents: list[Model] = [*(OracleTeacher(gold, index, seed=seed) for seed in (1, 2)), *rules]
        self.context_length, self.profile = 1_000_000, self._agents[-1].profile
        self._tasks: dict[object, Model] = {}

    def count_tokens(self, text: str) -> int:
        """Count as the rules do."""
        return self._agents[-1].count_tokens(text)

    async def aclose(self) -> None:
        """Do nothing."""

    async def complete(self, messages: Sequence[Message], **options: Any) -> Completion:
        """Answer as the agent that asks would."""
        if "reports of several researchers" in messages[0].content:
            return Completion(synthesise(messages[1].content))
        task = asyncio.current_task()
        if task not in self._tasks:
            self._tasks[task] = self._agents[len(self._tasks)]
        return await self._tasks[task].complete(messages, **options)


def synthesise(reports: str) -> str:
    """Write the answer of the report with the most quotes, and why it was preferred."""
    found = re.split(r"^Report \d+:\n", reports, flags=re.MULTILINE)[1:]
    best = max(found, key=lambda report: report.count("“"))
    answers = [report.removeprefix("Answer: ").partition("\n")[0].strip() for report in found]
    answer = best.removeprefix("Answer: ").partition("\n")[0].strip()
    lines = [answer]
    for claim, document, quote in re.findall(r"^- (.*)\n  \[(.*?)\] “(.*)”$", best, flags=re.MULTILINE):
        lines.append(f'<finding>{claim}<quote doc="{document}">{quote}</quote></finding>')
    others = ", ".join(sorted({other for other in answers if other != answer}))
    lines[-1] = lines[-1].replace("</finding>", f"<settlement>{others}: without quotes.</settlement></finding>")
    return f"<think>{len(found)} reports.</think><answer>{chr(10).join(lines)}</answer>"


async def trace(gold: GoldQuestion, mode: str, index: Index, folder: RunFolder) -> None:
    """Run one question in a folder: `react` and `iter` by the teacher, `fold` by the rules, `heavy` by both."""
    if mode == "heavy":
        tools = lambda: corpus_toolset(index, page_chars=PAGE_CHARS)  # noqa: E731
        await research_heavy(gold.question, model=Crowd(gold, index), make_tools=tools, folder=folder, date=DATE)
        return
    if mode == "fold":
        model: Model = ScriptedModel(policy(mode, gold.question, 9), ModelSettings(context_length=1_000_000))
        tools_ = corpus_toolset(index, page_chars=PAGE_CHARS)
    else:
        model = OracleTeacher(gold, index, seed=1, mode=mode)
        tools_ = corpus_toolset(index, page_chars=page_chars(model), profile=model.profile)
    await research(gold.question, model=model, tools=tools_, mode=mode, folder=folder, date=DATE)


def shown(journal: Path, *, final: bool = False) -> list[str]:
    """Write the turns and observations of a journal in short, or its final answer alone, as lines of Markdown."""
    kinds = ("final",) if final else ("completion", "observation", "summary")
    records = [record for record in read_jsonl(journal) if record["kind"] in kinds]
    lines = []
    for number, record in enumerate(records):
        if number == RECORDS - 1 < len(records) - 1:
            lines += [f"… {len(records) - RECORDS} more …", ""]
        if number < RECORDS - 1 or number == len(records) - 1:
            text = record["answer"] if final else record["text"]
            cut = record["kind"] == "observation" and len(text) >= SHOWN
            lines += [f"*{record['kind']}*", "", "```", text[:SHOWN] + " …" if cut else text, "```", ""]
    return lines


def write_traces(index: Index, gold: GoldQuestion, path: Path) -> None:
    """Write one run of each strategy on the same question as Markdown, each record in short."""
    lines = [f"# {gold.question}", ""]
    for mode, says in SAYS.items():
        lines += [f"## {mode}", "", says, ""]
        with tempfile.TemporaryDirectory() as place:
            run = RunFolder.create(Path(place) / mode, {"question": gold.question})
            asyncio.run(trace(gold, mode, index, run))
            run.close()
            folder = Path(place) / mode
            if mode == "heavy":
                for number in (1, 4):
                    lines += [f"Agent {number}:", "", *shown(folder / "agents" / str(number) / "steps.jsonl")]
                lines += ["The synthesis, whose quotes are looked up once more:", ""]
            lines += shown(folder / "steps.jsonl", final=mode == "heavy")
    path.write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--pages", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=4242)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--traces", type=Path, help="write one run of each mode here")
    parser.add_argument("--only-traces", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        world = Path(place) / "world"
        build_world(world, num_pages=options.pages, seed=options.seed, num_questions=options.questions)
        index = Index.build(read_jsonl(world / "pages.jsonl"), Path(place) / "index")
        questions = read_questions(world / "questions.jsonl")[: options.questions]
        if options.traces:
            golds = read_gold(world / "questions.jsonl", index)
            write_traces(index, next(g for g in golds if g.kind == "chain" and g.hops == 3), options.traces)
        results = {}
        for mode in () if options.only_traces else MODES:
            rows = [asyncio.run(run_one(question, mode, index, options.steps)) for question in questions]
            results[mode] = summarise(rows)
            print(mode, json.dumps(results[mode]), flush=True)
        index.close()
    if options.out:
        options.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
