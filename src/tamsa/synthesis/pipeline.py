"""The pipeline of synthesis: documents in, data sets out, every step resumable.

    documents ▶ index ▶ graph ▶ questions ▶ explorations ▶ verdicts ▶ data sets ▶ card

Stages meet at files. Index and graph are built under a temporary name; each shard of work is a file that appears
whole, in order. A run that was killed goes on where it stood and ends in the same bits.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tamsa.agent.budget import Budget
from tamsa.corpus import Index, open_documents
from tamsa.errors import ConfigError, InputError
from tamsa.scoring.judge import Judge
from tamsa.store import make_folder, read_jsonl, write_json
from tamsa.synthesis.assembly import Assembly
from tamsa.synthesis.card import Card
from tamsa.synthesis.checks.checker import REASONS
from tamsa.synthesis.closed_book_stage import MAX_ASKED
from tamsa.synthesis.datasets.sft import tools_json
from tamsa.synthesis.decontamination import Evaluations
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.exploration import TeacherExplorer
from tamsa.synthesis.explore_stage import (
    QUESTIONS_PER_SHARD,
    SOLVED_PER_SHARD,
    Judged,
    Solver,
    TeachJob,
    question_shards,
    read_judged,
)
from tamsa.synthesis.flywheel import Steering
from tamsa.synthesis.graph import Graph, build_graph, build_memory, index_documents
from tamsa.synthesis.held_out import HELD_OUT, HELD_OUT_RECURRING, apart, hold_out, sentences_of
from tamsa.synthesis.lessons import Tried, count
from tamsa.synthesis.plan import OnProgress, Plan, Summary
from tamsa.synthesis.question_source import COUNTED, QuestionSource, write_gold
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.recurring.stage import Recurring
from tamsa.synthesis.selection import select_documents
from tamsa.synthesis.shards import Crew, Shards
from tamsa.synthesis.shortfall import left_out_of, why_fewer
from tamsa.types import Document, Model

SAMPLES_PER_PROMPT = 4
"""Of reading samples in the documents' own words to a prompt in them."""


@dataclass
class Synthesis:
    """One run of the pipeline over a folder.

    Args:
        plan: what to make.
        out: folder of the data sets.
        crew: who does the work; the result does not depend on it.
        solvers: the models that the plan names (solvers, writer, closed book), opened, by spec.
        runner: keeps the event loop of the models' connections.
        judge: the judge that the plan names.
        budget: limits of one run of a solver.
        concurrency: runs of a solver side by side.
        steering: what an earlier round asks for.
        tried: questions of an earlier round that a model has tried, with what that teaches.
        kept_out: questions that earlier rounds keep for evaluation.
        shared: folder of index and graph, where several rounds share them; the folder of the data sets by default.
        on_progress: called as the work goes on.
    """

    plan: Plan
    out: Path
    crew: Crew = field(default_factory=Crew)
    solvers: Mapping[str, Model] = field(default_factory=dict)
    runner: asyncio.Runner | None = None
    judge: Judge | None = None
    budget: Budget | None = None
    concurrency: int = 4
    steering: Steering | None = None
    tried: Sequence[Tried] = ()
    kept_out: Sequence[GoldQuestion] = ()
    shared: Path | None = None
    on_progress: OnProgress = lambda stage, done, total: None
    _held: list[GoldQuestion] = field(default_factory=list, init=False)

    def run(self) -> Summary:
        """Do what has not been done.

        Raises:
            InputError: the plan does not fit the documents, or the folder holds another plan's work, or another
                process works in it.
            ConfigError: a solver that the plan names is not given, or the cluster is not there.
            StorageError: the folder cannot be written.
        """
        missing = [spec for spec in self.plan.solvers if spec not in self.solvers]
        if missing:
            raise ConfigError(f"solvers: {missing[0]} is not opened")
        self.crew.check()
        if not (self.out / "plan.json").exists():  # a mistyped path must not claim the folder
            self._check_inputs()
        make_folder(self.out)
        with self.plan.claim(self.out):
            if (self.out / "summary.json").exists():
                return Summary.read(self.out)
            return self._make()

    def _make(self) -> Summary:
        paths, left_out = select_documents(self.plan.docs)
        card = Card("Data card", self.plan.to_json())
        card.left_out.update(Counter(f"file: {reason}" for _, reason in left_out))
        index = self._index(paths)
        graph = None
        try:
            card.left_out.update(Counter(f"document: {reason[:80]}" for _, reason in index.skipped))
            card.sources["documents"] = index.num_documents
            if self.plan.questions is None or self.plan.midtraining:
                graph = self._graph(index, self._memory(index, card))
                card.sources |= {"graph": graph.id, "edges": graph.num_edges, "tables": graph.num_tables}
            refused: Counter[str] = Counter()
            source = QuestionSource(
                self.plan,
                self.out,
                self.base,
                self.crew,
                self.solvers,
                self.runner,
                self.judge,
                self.budget,
                self.concurrency,
                self.steering,
                self.on_progress,
            )
            questions = source.read(index, graph, refused)
            if graph is not None and self.plan.questions is None:
                card.left_out.update(left_out_of(Domain(graph, index.get)))
            self._describe(card, graph, questions, refused)
            return self._assemble(card, index, graph, self._hold_out(card, questions), refused)
        finally:
            if graph is not None:
                graph.close()
            index.close()

    def _check_inputs(self) -> None:
        """Read what can be read of the plan's files without an index."""
        select_documents(self.plan.docs)
        Evaluations.read(*self.plan.decontaminate)
        if self.plan.questions is not None:
            for _ in read_jsonl(Path(self.plan.questions)):
                pass

    @property
    def base(self) -> Path:
        """Folder of index and graph."""
        return self.shared or self.out

    # ------------------------------------------------------------------ stages

    def _index(self, paths: Sequence[Path]) -> Index:
        """Open the index of the documents; what was not built whole is built anew, so that its order is the same."""
        folder = self.base / "index"
        if not folder.exists():
            make_folder(self.base)
            unfinished = self.base / "index.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            built = open_documents(
                paths,
                out=unfinished,
                on_progress=lambda progress: self.on_progress("index", progress.done, progress.total),
            )
            if not unfinished.exists():  # an index that was built before
                shutil.copytree(paths[0], unfinished)
            built.close()
            unfinished.rename(folder)
        return Index.open(folder)

    def _memory(self, index: Index, card: Card) -> Path | None:
        """Let the writer read what the documents state; None where there is none, or it finds nothing."""
        if self.plan.writer is None:
            return None
        model = self.solvers.get(self.plan.writer)
        if model is None or self.runner is None:
            raise ConfigError(f"writer {self.plan.writer}: give the model and a runner, which keeps its event loop")
        path = self.base / "memory.jsonl"
        total = index.num_documents
        counts = self.runner.run(
            build_memory(
                model,
                self._documents(index),
                path,
                concurrency=self.concurrency,
                on_read=lambda done: self.on_progress("read statements", done, total),
            )
        )
        card.figures["statements_read_by_model"] = counts["statements"]
        dropped = {name: number for name, number in counts.items() if name not in ("documents", "statements")}
        card.left_out.update({f"statement: {reason}": number for reason, number in dropped.items()})
        return path if counts["statements"] else None

    def _graph(self, index: Index, memory: Path | None) -> Graph:
        folder = self.base / "graph"
        return build_graph(
            index_documents(index),
            folder,
            memory=memory,
            processes=self.crew.workers,
            on_progress=lambda stage, done, total: self.on_progress(f"graph: {stage}", done, total),
        )

    def taught(self, mode: str, questions: Sequence[GoldQuestion]) -> Iterator[Judged]:
        """Yield the teacher's trajectories in a mode, made where they are not there yet."""
        job = TeachJob(str(self.base / "index"), mode, self.plan.seed, self.plan.samples, self.plan.habits)
        shards = Shards(self.out / "shards", f"teacher-{mode}")
        yield from self._records(f"explore {mode}", shards, job, questions, QUESTIONS_PER_SHARD, self.crew)

    def solved(self, spec: str, index: Index, questions: Sequence[GoldQuestion]) -> Iterator[Judged]:
        """Yield a solver's trajectories, made where they are not there yet."""
        number = self.plan.solvers.index(spec)
        if self.runner is None:
            raise ConfigError(f"solver {spec}: give a runner, which keeps the event loop of its connections")
        solver = Solver(
            self.solvers[spec],
            self.runner,
            index,
            self.plan.solver_samples,
            concurrency=self.concurrency,
            budget=self.budget,
            judge=self.judge,
        )
        shards = Shards(self.out / "shards", f"solver-{number}")
        tried = questions[: self.plan.solver_questions]
        yield from self._records(f"solve {spec}", shards, solver, tried, SOLVED_PER_SHARD, Crew())

    def _records(
        self,
        stage: str,
        shards: Shards,
        job: TeachJob | Solver,
        questions: Sequence[GoldQuestion],
        size: int,
        crew: Crew,
    ) -> Iterator[Judged]:
        def tell(number: int) -> None:
            self.on_progress(stage, min(len(questions), (number + 1) * size), len(questions))

        for records in shards.run(job, question_shards(questions, size), crew, tell):
            yield from map(read_judged, records)

    # ------------------------------------------------------------------ data sets

    def _hold_out(self, card: Card, questions: list[GoldQuestion]) -> list[GoldQuestion]:
        """Write the questions that no data set may see, and return the others."""
        earlier = apart(questions, self.kept_out)
        if len(earlier) < len(questions):
            card.left_out["question: held out by an earlier round, or same facts"] = len(questions) - len(earlier)
        if not self.plan.held_out:
            return earlier
        kept, held, dropped = hold_out(earlier, self.plan.held_out)
        self._held.extend(held)
        if not kept:
            raise InputError(f"held_out = {self.plan.held_out}: the documents gave only {len(questions)} questions")
        write_gold(self.out / HELD_OUT, held)
        card.figures["questions_held_out"] = len(held)
        card.left_out.update({"question: same facts as one held out": dropped} if dropped else {})
        return kept

    @property
    def _num_prompts(self) -> int:
        """Prompts in the documents' own words: one for every so many samples."""
        return -(-self.plan.recurring // SAMPLES_PER_PROMPT)

    def _recurring(self, index: Index, card: Card) -> Recurring:
        """Read the documents for what is asked in their own words; nothing that a question held out rests on is."""
        evaluations = Evaluations.read(*self.plan.decontaminate) if self.plan.decontaminate else None
        totals = {"read": index.num_documents, "prompts": self._num_prompts, "write": self.plan.recurring}
        return Recurring(
            self._documents(index),
            index,
            seed=self.plan.seed,
            held=sentences_of([*self._held, *self.kept_out]),
            evaluations=evaluations,
            on_progress=lambda stage, done: self.on_progress(f"recurring: {stage}", done, totals[stage]),
            left_out=card.left_out,
        )

    def _describe(
        self, card: Card, graph: Graph | None, questions: Sequence[GoldQuestion], refused: Counter[str]
    ) -> None:
        outcomes = dict(refused)
        drawn, tested, survived, asked, unread, over_passages = (outcomes.pop(name, 0) for name in COUNTED)
        if drawn:
            card.figures["questions_drawn"] = drawn
        if tested:
            card.figures["survive_shortcut_test"] = round(survived / tested, 4)
        if asked:
            card.figures["asked_without_documents"] = asked
            card.figures["known_without_documents"] = round(outcomes.get("closed_book", 0) / asked, 4)
            card.figures["replies_not_read_without_documents"] = unread
        card.figures["questions"] = len(questions)
        if written := outcomes.pop("written", 0):
            card.figures["questions_written_by_model"] = written
        if over_passages:
            card.figures["questions_written_over_passages"] = over_passages
        card.left_out.update({f"question: {reason}": number for reason, number in outcomes.items() if number})
        card.meanings = {f"question: {reason}": meaning for reason, meaning in REASONS.items()}
        unwritten = self.plan.passages - over_passages
        if unwritten > 0:
            card.notes.append(f"The model wrote {over_passages} of {self.plan.passages} questions over passages.")
        wanted = self.plan.num_questions - unwritten
        if self.plan.questions is None and graph is not None and len(questions) < wanted:
            known = asked > 0 and outcomes.get("closed_book", 0) + len(questions) >= MAX_ASKED * wanted
            card.notes.append(why_fewer(graph, len(questions), wanted, drawn, MAX_ASKED if known else None))
        for question in questions[:40:4]:
            card.samples.append((f"Question: {question.kind}", f"{question.question}\n\n{question.answers[0]}"))

    def _assemble(
        self,
        card: Card,
        index: Index,
        graph: Graph | None,
        questions: list[GoldQuestion],
        refused: Counter[str],
    ) -> Summary:
        schemas = TeacherExplorer(index, seed=0).tools.schemas
        assembly = Assembly(self.out, questions, tools_json(schemas), schemas, index.get, card, self.plan.seed)
        lessons = [lesson for item in self.tried for lesson in item.lessons]
        kept = {mode: assembly.fine_tuning(mode, self.taught(mode, questions), lessons) for mode in self.plan.modes}
        solved = [item for spec in self.plan.solvers for item in self.solved(spec, index, questions)]
        first = self.plan.modes[0]
        react = self.taught("react", questions) if "react" in self.plan.modes else iter(())
        names = [self.solvers[spec].name for spec in self.plan.solvers]
        assembly.prompts_and_pairs(react, solved, names, first)
        if self.plan.recurring:
            recurring = self._recurring(index, card)
            if self.plan.held_out:
                held = recurring.held_out(self.plan.held_out, sentences_of(questions))
                write_gold(self.out / HELD_OUT_RECURRING, (sample.gold(recurring.shelf) for sample in held))
                card.figures["recurring_held_out"] = len(held)
            assembly.recurring(recurring, self.plan.recurring, self._num_prompts, first)
        if self.plan.midtraining:
            trajectories = self.taught("react", questions) if "react" in self.plan.modes else iter(())
            assembly.mid_training(lambda: self._documents(index), graph, trajectories)
        card.left_out.update({f"trajectory: {reason}": number for reason, number in assembly.rejected.items()})
        if self.tried:
            found = count(self.tried)
            card.figures |= {f"tried_{name}": value for name, value in found.items()}
            card.notes.append(
                f"{found['asked']} questions of the last round tried: {100 * found['right']:.0f}% of the tries right, "
                f"{100 * found['good']:.0f}% good; lessons: {found['own']} own, {found['oracle']} of the teacher."
            )
        if "react" not in self.plan.modes:
            card.notes.append("No react trajectories were asked for: no preference pairs, no tasks cut out of them.")
        card.write(self.out)
        summary = Summary(
            self.out,
            len(questions),
            kept,
            dict(sorted(assembly.rejected.items())),
            {name: count for name, count in sorted(refused.items()) if name not in COUNTED},
            assembly.rows,
            tuple(card.notes),
        )
        write_json(self.out / "summary.json", summary.to_json())
        return summary

    @staticmethod
    def _documents(index: Index) -> Iterable[Document]:
        return index_documents(index)()


def synthesize(
    plan: Plan, out: Path, *, workers: int = 1, ray: str | None = None, on_progress: OnProgress | None = None
) -> Summary:
    """Run the pipeline without solvers, or what of it has not been done.

    Args:
        plan: what to make.
        out: folder of the data sets.
        workers: processes, or actors of the cluster; the result does not depend on it.
        ray: address of a Ray cluster that shares this machine's folders.
        on_progress: called as the work goes on.

    Raises:
        InputError: the plan does not fit the documents, or the folder holds another plan's work.
        ConfigError: the cluster is not there.
        StorageError: it cannot be written.
    """
    work = Synthesis(plan, out, Crew(workers, ray))
    if on_progress is not None:
        work.on_progress = on_progress
    return work.run()
