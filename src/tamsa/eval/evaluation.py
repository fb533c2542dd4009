"""Running a question file through the agent: side by side, resumable, every failure counted.

The folder of an evaluation:

    eval.json           what is evaluated; a resumed evaluation must agree with it
    runs/NAME/          one run folder per question, as of `tamsa research`; failure.json where it failed
    verdicts.jsonl      the judge's verdicts, append-only
    predictions.jsonl   one line per question, in their order
    scores.json         the figures
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tamsa import __version__
from tamsa.agent import Budget
from tamsa.agent import research as run_agent
from tamsa.corpus.interface import SearchIndex
from tamsa.errors import (
    ConfigError,
    InputError,
    ModelAuthError,
    ModelError,
    ModelUnavailableError,
    StorageError,
    TamsaError,
)
from tamsa.eval.provenance import commit, shaping
from tamsa.eval.questions import Question, digest, folder_names
from tamsa.eval.results import Result, Verdict, is_unanswerable, score
from tamsa.eval.scores import Scores
from tamsa.scoring.judge import Judge, UnparsedVerdictError
from tamsa.store import Journal, RunFolder, make_folder, new_id, read_json, write_atomic, write_json
from tamsa.tools import Toolset
from tamsa.types import SCHEMA_VERSION, Model, Report

log = logging.getLogger(__name__)
_FATAL = (ModelAuthError, ConfigError, StorageError)
"""Errors that would meet every further question too: the evaluation stops and can be resumed."""
_RANKED = 5


class Research(Protocol):
    """The agent's loop, or a stand-in for it; `tamsa.agent.research` by default."""

    async def __call__(
        self,
        question: str,
        *,
        model: Model,
        tools: Toolset,
        budget: Budget | None = None,
        folder: RunFolder | None = None,
        date: str | None = None,
        mode: str = "react",
    ) -> Report:
        """Research one question."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an evaluation is, after each question."""

    done: int
    total: int
    failed: int
    em: float
    """Mean so far."""
    f1: float
    """Mean so far."""
    last: Result


async def evaluate(
    questions: Sequence[Question],
    *,
    index: SearchIndex,
    tools: Callable[[], Toolset],
    model: Model,
    mode: str = "react",
    out: Path | None = None,
    budget: Budget | None = None,
    concurrency: int = 4,
    limit: int | None = None,
    resume: bool = False,
    judge: Judge | None = None,
    corpus: str = "",
    settings: Mapping[str, Any] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    research: Research = run_agent,
) -> Scores:
    """Run the agent on each question and score its reports.

    A run that fails is data: it counts as wrong, with its reason. Only what would meet every question
    (a refused key, a wrong option, a full disk, an endpoint that stays down) ends the evaluation; with
    `out` it can then be resumed, and gives the scores that it would have given uninterrupted.

    Args:
        questions: what to ask, with distinct ids.
        index: the documents, for the recall of plain search and the check of citations.
        tools: makes the tools of one run.
        model: answers all runs; the caller closes it.
        mode: strategy of the runs.
        out: folder of the evaluation; None keeps nothing.
        budget: limits of one run.
        concurrency: runs side by side.
        limit: only the first so many questions.
        resume: continue what `out` holds: finished runs are kept, half ones continued, failed ones tried again.
        judge: an LLM judge beside the metrics.
        corpus: what the documents are called in the scores.
        settings: JSON values to record beside the scores, without secrets; those that answers depend on
            (`provenance.shaping`) must be the same on resume.
        on_progress: called after each question.
        research: the loop to evaluate.

    Raises:
        InputError: no questions, or `out` holds another evaluation or one not to be resumed.
        ModelAuthError, ModelUnavailableError, ConfigError, StorageError: as above.
    """
    if not questions or (limit is not None and limit < 1):
        raise InputError("there is no question to evaluate; give at least one, and a limit of at least 1")
    if concurrency < 1:
        raise ConfigError(f"concurrency = {concurrency}: choose at least 1")
    names = folder_names(questions)
    if len(names) != len(questions):
        raise InputError("two questions have the same id; give each its own")
    identity: dict[str, Any] = {
        "questions": digest(questions),
        "model": model.name,
        "mode": mode,
        "corpus": corpus,
        "budget": asdict(budget or Budget()),
    }
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "id": new_id(),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "date": time.strftime("%Y-%m-%d"),
        **identity,
        "settings": dict(settings or {}),
    }
    with contextlib.ExitStack() as stack:
        if out is not None:
            stack.enter_context(_locked(make_folder(out)))
            manifest = _open_folder(out, manifest, identity, resume=resume)
        run = _Evaluation(index, tools, model, budget, research, out, names, manifest, judge)
        if out is not None and judge is not None:
            run.verdicts = stack.enter_context(Journal(out / "verdicts.jsonl"))
        results = await run.all(questions[:limit], concurrency, on_progress)
    about = {
        "schema_version": SCHEMA_VERSION,
        "id": manifest["id"],
        "model": model.name,
        "mode": mode,
        "corpus": corpus,
        "judge_model": judge.name if judge is not None else None,
        "version": __version__,
        "commit": await asyncio.to_thread(commit),
        "created": manifest["created"],
        "questions": identity["questions"],
        "budget": manifest["budget"],
        "settings": manifest["settings"],
    }
    scores = Scores.of(results, about)
    if out is not None:
        rows = (json.dumps(result.to_json(), ensure_ascii=False) + "\n" for result in results)
        write_atomic(out / "predictions.jsonl", "".join(rows).encode("utf-8", "replace"))
        write_json(out / "scores.json", scores.to_json())
    return scores


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second evaluation out of a folder; the lock ends with the process, however it ends."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                f"{folder}: another evaluation is writing here; wait for it or choose another --out"
            ) from None
        yield
    finally:
        os.close(handle)


def _open_folder(out: Path, manifest: dict[str, Any], identity: Mapping[str, Any], *, resume: bool) -> dict[str, Any]:
    """Write the manifest, or check that the one found is of the same evaluation."""
    path = out / "eval.json"
    if not path.exists():
        write_json(path, manifest)
        return manifest
    if not resume:
        raise InputError(f"{out}: holds an evaluation already; continue it with --resume or choose another --out")
    found = read_json(path)
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA_VERSION:
        raise InputError(f"{path}: not an evaluation of this version of Tamsa; choose another --out")
    begun = {**found, **shaping(found.get("settings") or {})}
    for name, value in {**identity, **shaping(manifest["settings"])}.items():
        if begun.get(name) != value:
            shown = "others" if name == "questions" else repr(begun.get(name))
            raise InputError(f"{out}: was begun with {name} {shown}; choose another --out, or the same {name}")
    return {**manifest, **found}


class _Evaluation:
    def __init__(
        self,
        index: SearchIndex,
        tools: Callable[[], Toolset],
        model: Model,
        budget: Budget | None,
        research: Research,
        out: Path | None,
        names: Mapping[str, str],
        manifest: Mapping[str, Any],
        judge: Judge | None,
    ) -> None:
        self._index = index
        self._tools = tools
        self._model = model
        self._budget = budget
        self._research = research
        self._out = out
        self._names = names
        self._manifest = manifest
        self._judge = judge
        self._unavailable = 0  # runs in a row that found the endpoint down
        self.verdicts: Journal | None = None

    async def all(
        self, questions: Sequence[Question], concurrency: int, on_progress: Callable[[Progress], None] | None
    ) -> list[Result]:
        """Run and score the questions; results come in their order."""
        known = self._known_verdicts()
        results: list[Result | None] = [None] * len(questions)
        queue = iter(enumerate(questions))
        done = failed = 0
        em = f1 = 0.0

        async def work() -> None:
            nonlocal done, failed, em, f1
            for position, question in queue:
                result = await self._one(question, known, patience=max(5, 2 * concurrency))
                results[position] = result
                done += 1
                failed += result.failure is not None
                em += result.em
                f1 += result.f1
                if on_progress is not None:
                    on_progress(Progress(done, len(questions), failed, em / done, f1 / done, result))

        tasks = [asyncio.create_task(work()) for _ in range(min(concurrency, len(questions)))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [result for result in results if result is not None]

    async def _one(self, question: Question, known: Mapping[tuple[str, str], Verdict], patience: int) -> Result:
        report: Mapping[str, Any] | None = None
        failure: str | None = None
        path = self._out / "runs" / self._names[question.id] if self._out is not None else None
        try:
            report = await self._report(question, path)
            self._unavailable = 0
        except _FATAL:
            raise
        except TamsaError as error:
            failure = str(error)
            self._unavailable = self._unavailable + 1 if isinstance(error, ModelUnavailableError) else 0
        except Exception as error:  # a fault of ours in one run must not lose the others
            log.exception("question %s failed", question.id)
            failure = f"internal error: {type(error).__name__}: {error}"
        if path is not None:
            self._note_failure(path, failure)
        if self._unavailable >= patience:
            raise ModelUnavailableError(
                f"the last {self._unavailable} questions found no answer at the model's endpoint ({failure}); "
                "mend it, then continue with --resume"
            )
        result = await asyncio.to_thread(self._score, question, report, failure)
        if self._judge is not None:
            result = replace(result, judge=await self._verdict(self._judge, question, result, known))
        return result

    async def _report(self, question: Question, path: Path | None) -> Mapping[str, Any]:
        """Run the agent, or take up what an earlier process has left."""
        if path is None:
            return (await self._run(question, None)).to_json()
        if (path / "report.json").is_file():
            report = read_json(path / "report.json")
            if not isinstance(report, dict):
                raise InputError(f"{path / 'report.json'}: not a report; delete the folder {path} and resume")
            return report
        if (path / "run.json").exists():
            folder = RunFolder.resume(path)
        else:
            folder = RunFolder.create(
                path,
                {
                    "question": question.question,
                    "question_id": question.id,
                    "model": self._model.name,
                    "parent": self._manifest["id"],
                    "date": self._manifest["date"],
                    "settings": self._manifest["settings"],
                    "budget": self._manifest["budget"],
                    "versions": {"tamsa": __version__},
                },
            )
        try:
            report = (await self._run(question, folder)).to_json()
            if not (path / "report.json").exists():  # a stand-in for the loop that does not write it
                folder.write("report.json", json.dumps(report, ensure_ascii=False) + "\n")
        finally:
            folder.close()
        return report

    async def _run(self, question: Question, folder: RunFolder | None) -> Report:
        return await self._research(
            question.question,
            model=self._model,
            tools=self._tools(),
            budget=self._budget,
            folder=folder,
            date=self._manifest["date"],
            mode=self._manifest["mode"],
        )

    @staticmethod
    def _note_failure(path: Path, failure: str | None) -> None:
        note = path / "failure.json"
        if failure is not None and path.is_dir():
            write_json(note, {"schema_version": SCHEMA_VERSION, "failure": failure})
        elif failure is None:
            note.unlink(missing_ok=True)

    def _score(self, question: Question, report: Mapping[str, Any] | None, failure: str | None) -> Result:
        titles = [hit.title for hit in self._index.search(question.question, _RANKED)]
        return score(question, report, failure, titles, self._index.get)

    # ------------------------------------------------------------------ judge

    def _known_verdicts(self) -> dict[tuple[str, str], Verdict]:
        records = self.verdicts.records if self.verdicts is not None else ()
        name = self._judge.name if self._judge is not None else ""
        return {
            (str(record["id"]), str(record["answer"])): Verdict(bool(record["correct"]), str(record["reason"]))
            for record in records
            if record.get("judge") == name
        }

    async def _verdict(
        self, judge: Judge, question: Question, result: Result, known: Mapping[tuple[str, str], Verdict]
    ) -> Verdict:
        if result.failure is not None:
            return Verdict(False, "the run failed")
        if is_unanswerable(question) or result.status == "not_found":
            return Verdict(bool(result.em), f"status {result.status}")
        if (earlier := known.get((question.id, result.answer))) is not None:
            return earlier
        try:
            judgement = await judge.judge(question.question, question.answers, result.answer)
        except UnparsedVerdictError as error:
            return Verdict(None, str(error))
        except ModelError as error:
            if isinstance(error, _FATAL):
                raise
            return Verdict(None, str(error))
        if self.verdicts is not None:
            self.verdicts.append(
                {
                    "id": question.id,
                    "answer": result.answer,
                    "judge": judge.name,
                    "correct": judgement.correct,
                    "reason": judgement.reason,
                }
            )
        return Verdict(judgement.correct, judgement.reason)
