"""The last stage: data sets and card, written from the shards in one order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

from tamsa.agent import prompts
from tamsa.synthesis.card import LENGTH_BINS, MAX_SAMPLE_CHARS, NUM_SAMPLES, RATE_BINS, Card, length_bin, rate_bin
from tamsa.synthesis.curation import Graded, by_question, grade, pass_rates
from tamsa.synthesis.datasets.action_tasks import action_tasks, evidence_tasks, sentence_of
from tamsa.synthesis.datasets.files import write_parquet
from tamsa.synthesis.datasets.function_tasks import function_tasks
from tamsa.synthesis.datasets.midtraining import DOCUMENT_SCHEMA, TASK_SCHEMA, Task, document_row, task_row
from tamsa.synthesis.datasets.page_tasks import page_tasks, statement_task, table_tasks
from tamsa.synthesis.datasets.preference import PREFERENCE_SCHEMA, preference_rows
from tamsa.synthesis.datasets.rl import RL_SCHEMA, rl_row
from tamsa.synthesis.datasets.sft import SFT_SCHEMA, sft_rows
from tamsa.synthesis.exploration import DATE
from tamsa.synthesis.explore_stage import Judged
from tamsa.synthesis.graph import Graph
from tamsa.synthesis.lessons import Lesson
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.recurring.stage import Recurring
from tamsa.types import Document, Message, ToolSchema

GetDocument = Callable[[str], Document | None]


@dataclass
class Assembly:
    """Writes the data sets of one synthesis and fills its card.

    Args:
        out: the folder.
        questions: the accepted questions, in order.
        tools: JSON text of the tools' schemas.
        schemas: the same as schemas, for the prompts of reinforcement learning.
        get_document: finds a document by id.
        card: is filled on the way.
        seed: of the mid-training tasks.
    """

    out: Path
    questions: Sequence[GoldQuestion]
    tools: str
    schemas: Sequence[ToolSchema]
    get_document: GetDocument
    card: Card
    seed: int
    rows: dict[str, int] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._by_id = {question.id: question for question in self.questions}
        for question in self.questions:
            self._count_question(question)

    def _count_question(self, question: GoldQuestion) -> None:
        card = self.card
        card.count("kinds", "Questions by kind", question.kind)
        card.count("hops", "Questions by hops", question.hops)
        card.count("difficulty", "Questions by atomic operations", question.difficulty)
        card.count("answer_types", "Answers by type", question.answer_type)
        for relation in question.relations:
            card.count("relations", "Relations asked about", relation)
        for operation in question.operations:
            card.count("operations", "Obfuscations", operation)

    def _write(self, name: str, rows: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> int:
        count = write_parquet(self.out / name, rows, schema)
        self.rows[name] = self.card.data_sets[name] = count
        return count

    # ------------------------------------------------------------------ supervised fine-tuning

    def fine_tuning(self, mode: str, judged: Iterable[Judged], lessons: Iterable[Lesson] = ()) -> int:
        """Write the accepted trajectories of a mode, and return how many there are.

        Args:
            mode: of the trajectories.
            judged: the teacher's.
            lessons: what is to be learned beside them; those of other modes are left to them.
        """
        kept = recovered = tried = 0
        shown: Counter[str] = Counter()

        def rows() -> Iterator[Mapping[str, Any]]:
            nonlocal kept, recovered, tried
            for lesson in lessons:
                if lesson.exploration.mode == mode:
                    who = "the model's own" if lesson.is_own else "the teacher's"
                    self.card.count("lessons", "Lessons on the last round's questions", who)
                    yield from sft_rows(lesson.exploration, lesson.question, self.tools)
            for exploration, verdict in judged:
                tried += 1
                if not verdict.accepted:
                    reason = verdict.reason
                    detail = exploration.failure.rpartition(": ")[2] if exploration.failure else ""
                    self.rejected[f"{reason}: {detail}" if detail else reason] += 1
                    continue
                kept += 1
                recovered += exploration.recoveries > 0
                question = self._by_id[exploration.question_id]
                self.card.count(f"calls_{mode}", f"Calls of a trajectory ({mode})", len(exploration.steps))
                self.card.count("recoveries", "Dead ends recovered from", exploration.recoveries)
                if shown[question.kind] < 1 and mode == "react":
                    shown[question.kind] += 1
                    self.card.samples.append(
                        (f"Trajectory: {question.kind}", _show(exploration.conversations[0].messages))
                    )
                for row in sft_rows(exploration, question, self.tools):
                    title = f"Characters of a sample ({mode})"
                    self.card.count(f"chars_{mode}", title, length_bin(row["num_chars"]), LENGTH_BINS)
                    yield row

        self._write(f"sft_{mode}.parquet", rows(), SFT_SCHEMA)
        self.card.figures[f"accepted_{mode}"] = round(kept / tried, 4) if tried else 0.0
        self.card.figures[f"with_recovery_{mode}"] = round(recovered / kept, 4) if kept else 0.0
        return kept

    def recurring(self, source: Recurring, wanted: int, num_prompts: int, mode: str) -> None:
        """Write reading samples and prompts in the documents' own words.

        Args:
            source: of them.
            wanted: how many samples were asked for; where there are fewer, the card says so.
            num_prompts: prompts at most.
            mode: strategy of the prompts.
        """
        golds = (sample.gold(source.shelf) for sample in source.prompts(num_prompts))
        self._write_prompts("rl_recurring.parquet", ((gold, grade(gold, ())) for gold in golds), mode)
        counted = self._counted(source.rows(wanted), "recurring", "Samples of recurring facts", "kind")
        made = self._write("sft_recurring.parquet", counted, SFT_SCHEMA)
        if made < wanted:
            self.card.notes.append(
                f"Recurring facts: {made:,} of {wanted:,} samples; the documents give no more that is new."
            )

    # ------------------------------------------------------------------ reinforcement learning, preferences

    def prompts_and_pairs(
        self, taught: Iterable[Judged], solved: Sequence[Judged], solvers: Sequence[str], mode: str = "react"
    ) -> list[Graded]:
        """Write prompts with pass rates, and preference pairs; return how the questions were graded.

        Args:
            taught: trajectories of the teacher, those of one question one after another.
            solved: trajectories of the solvers.
            solvers: specs whose answers count as pass rates, weakest first.
            mode: strategy of the prompts.
        """
        rates = pass_rates(solved, solvers)
        groups = by_question(solved)
        graded = [grade(question, rates.get(question.id, ())) for question in self.questions]
        for item in graded:
            self.card.count("pools", "Difficulty pool", item.pool)
            for rate in item.rates:
                title = f"Pass rate of {rate.solver}"
                self.card.count(f"pass_{rate.solver}", title, rate_bin(rate.rate), RATE_BINS)
        for solver in solvers:
            mine = [rate for item in graded for rate in item.rates if rate.solver == solver]
            if mine:
                right, tries = sum(rate.right for rate in mine), sum(rate.tries for rate in mine)
                self.card.figures[f"pass_rate_{solver}"] = round(right / tries, 4)
        self._write_prompts("rl_prompts.parquet", zip(self.questions, graded, strict=True), mode)
        pairs = (
            row
            for key, group in groupby(taught, key=lambda item: item[0].question_id)
            for row in preference_rows(self._by_id[key], [*group, *groups.get(key, ())], self.tools)
        )
        counted = self._counted(pairs, "pairs", "Preference pairs by reason", "reason")
        self._write("preference.parquet", counted, PREFERENCE_SCHEMA)
        return graded

    def _write_prompts(self, name: str, questions: Iterable[tuple[GoldQuestion, Graded]], mode: str) -> None:
        system = prompts.system_prompt(self.schemas, native=False, date=DATE, brief=True, mode=mode)
        rows = (
            rl_row(question, item, [Message("system", system), Message("user", question.question)])
            for question, item in questions
        )
        self._write(name, rows, RL_SCHEMA)

    def _counted(
        self, rows: Iterable[Mapping[str, Any]], name: str, title: str, field_name: str
    ) -> Iterator[Mapping[str, Any]]:
        for row in rows:
            self.card.count(name, title, row[field_name])
            yield row

    # ------------------------------------------------------------------ mid-training

    def mid_training(
        self, documents: Callable[[], Iterable[Document]], graph: Graph | None, judged: Iterable[Judged]
    ) -> None:
        """Write documents and tasks over them.

        Args:
            documents: all documents, in a fixed order.
            graph: their graph, None where there is none.
            judged: trajectories, for the tasks that are cut out of them.
        """
        parent = graph.id if graph is not None else ""
        self._write("mid_documents.parquet", (document_row(item, parent) for item in documents()), DOCUMENT_SCHEMA)
        tasks = self._tasks(documents, graph, judged)
        rows = (task_row(task, parent) for task in tasks)
        self._write("mid_tasks.parquet", self._counted(rows, "tasks", "Mid-training tasks", "task"), TASK_SCHEMA)

    def _tasks(
        self, documents: Callable[[], Iterable[Document]], graph: Graph | None, judged: Iterable[Judged]
    ) -> Iterator[Task]:
        shown: Counter[str] = Counter()
        for task in self._all_tasks(documents, graph, judged):
            if shown[task.kind] < NUM_SAMPLES - 2:
                shown[task.kind] += 1
                self.card.samples.append((f"Mid-training: {task.kind}", _show(task.messages)))
            yield task

    def _all_tasks(
        self, documents: Callable[[], Iterable[Document]], graph: Graph | None, judged: Iterable[Judged]
    ) -> Iterator[Task]:
        if graph is not None:
            for document in documents():
                random = Random(f"{self.seed}/page/{document.id}")
                yield from page_tasks(document, graph.edges_of(document.id), random)
            for table in graph.tables():
                yield from table_tasks(table, Random(f"{self.seed}/table/{table.document}/{table.number}"))
            yield from function_tasks(graph.tables(), self.seed)
        values: dict[str, list[str]] = {}
        for question in self.questions:
            for hop in question.chain:
                values.setdefault(hop.relation, []).append(hop.value)
        for question in self.questions:
            random = Random(f"{self.seed}/question/{question.id}")
            statements = [(hop.evidence.title, sentence_of(hop.evidence, self.get_document)) for hop in question.chain]
            if (task := statement_task(question, [item for item in statements if item[1]])) is not None:
                yield task
            if question.chain:
                yield from evidence_tasks(question, values, self.get_document, random)
        for exploration, verdict in judged:
            if verdict.accepted and exploration.sample == 0:
                question = self._by_id[exploration.question_id]
                random = Random(f"{self.seed}/action/{exploration.id}")
                yield from action_tasks(question, exploration, self.get_document, random)


def _show(messages: Sequence[Message]) -> str:
    text = "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)
    return text if len(text) <= MAX_SAMPLE_CHARS else text[: MAX_SAMPLE_CHARS - 1] + "…"
