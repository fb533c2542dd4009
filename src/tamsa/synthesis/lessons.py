"""Lessons: what a model is taught about the questions that it has tried itself.

A question teaches by how its tries ended. Always good: nothing, since that is what the model does already (drawn from
a model that is always right, its own answers have the gradient zero in the mean). Sometimes good: the model's own, by
rejection sampling; over one question their gradient is that of the logarithm of its pass rate, so that the rarer a good
answer, the more it teaches. Never good: the teacher's, and where the model reads, the teacher's reading of the very
prompt that it failed on. (Rejection sampling: arXiv 2510.24701, section 3.3; on a model's own answers: STaR,
2203.14465; the teacher's word where the learner went: DAgger, 1011.0686.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tamsa.agent.guided import MODE
from tamsa.agent.react import NOT_FOUND
from tamsa.corpus import SearchIndex
from tamsa.synthesis.curation import PassRate, by_question
from tamsa.synthesis.exploration import Conversation, Exploration, TeacherExplorer
from tamsa.synthesis.explore_stage import Judged
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher import PROFILE
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.teacher.reading import OracleReader
from tamsa.synthesis.verdicts import Verdict, judge_trajectory
from tamsa.types import Message

OWN_PER_QUESTION = 2
"""The model's own answers to one question that it learns from."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A trajectory to learn from."""

    question: GoldQuestion
    exploration: Exploration
    is_own: bool
    """Whether the model's own; else the teacher's."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A question after a model has tried it."""

    question: GoldQuestion
    num_tries: int
    num_right: int
    """Tries with the right answer."""
    num_good: int
    """Tries that are as they should be: accepted by every check, and a reader has copied what carries the answer."""
    lessons: tuple[Lesson, ...]

    def rate(self, model: str) -> PassRate:
        """Return the pass rate that steers: how often the model did well, not how often it hit."""
        return PassRate(model, self.num_good, self.num_tries)


class Tutor:
    """Makes lessons of tries over one index.

    Args:
        index: the documents.
        mode: how the questions were tried.
        seed: of the teacher's habits.
        habits: how often it strays.
    """

    def __init__(self, index: SearchIndex, *, mode: str, seed: int, habits: Habits | None = None) -> None:
        self._index, self._mode = index, mode
        self._teacher = None if mode == MODE else TeacherExplorer(index, seed=seed, mode=mode, habits=habits)

    def learn(self, questions: Iterable[GoldQuestion], judged: Iterable[Judged]) -> Iterator[Tried]:
        """Yield what became of each question that was tried, in their order, with its lessons.

        Args:
            questions: others than those that were tried are passed over.
            judged: the tries with their verdicts.
        """
        groups: Mapping[str, list[Judged]] = by_question(judged)
        for question in questions:
            if tries := groups.get(question.id):
                good = [item for item in tries if self._is_good(question, *item)]
                lessons = tuple(self._lessons(question, tries, good))
                yield Tried(question, len(tries), sum(v.correct for _, v in tries), len(good), lessons)

    def _lessons(self, question: GoldQuestion, tries: Sequence[Judged], good: Sequence[Judged]) -> Iterator[Lesson]:
        if len(good) == len(tries):
            return
        distinct: dict[tuple[str, ...], Exploration] = {}
        for exploration, _ in sorted(good, key=lambda item: (-round(item[1].score, 3), len(item[0].steps))):
            distinct.setdefault(_said(exploration), exploration)
        for exploration in list(distinct.values())[:OWN_PER_QUESTION]:
            yield Lesson(question, exploration, is_own=True)
        shown = self._shown(question, tries) if not good else None
        if shown is not None:
            yield Lesson(question, shown, is_own=False)

    def _is_good(self, question: GoldQuestion, exploration: Exploration, verdict: Verdict) -> bool:
        """Tell whether a try is one to learn from.

        Of a reader: it says what the teacher would at this prompt, and copies what that rests on. A right answer alone
        may be a guess of the rules, said again, which they cite in its place.
        """
        if exploration.mode != MODE:
            return verdict.accepted
        if not exploration.conversations or not verdict["format"].passed:
            return False
        *_, asked, said = exploration.conversations[-1].messages
        reader = OracleReader(question, self._index.get, PROFILE)
        if not reader.approves(asked.content, said.content):
            return False
        refuses = _answer(reader.answer(asked.content)) == NOT_FOUND
        return exploration.report["answer"] == NOT_FOUND if refuses else verdict.correct

    def _shown(self, question: GoldQuestion, tries: Sequence[Judged]) -> Exploration | None:
        """Return what the teacher does where the model failed; None where it can do no better."""
        if self._teacher is not None:
            done = self._teacher.explore(question)
            return done if judge_trajectory(question, done).accepted else None
        failed = next((exploration for exploration, _ in tries if exploration.conversations), None)
        if failed is None:
            return None
        *opening, _ = failed.conversations[-1].messages
        reader = OracleReader(question, self._index.get, PROFILE)
        said = reader.answer(opening[-1].content)
        answer = _answer(said)
        if answer == NOT_FOUND and any(verdict.correct for _, verdict in tries):
            return None  # the right answer is there, by other facts than those of the chain
        return replace(
            failed,
            model=reader.name,
            conversations=(Conversation((*opening, Message("assistant", said))),),
            report={**failed.report, "answer": answer},
            correct=answer in question.answers,
        )


def count(tried: Sequence[Tried]) -> dict[str, Any]:
    """Count questions and what they taught: `asked`, shares of tries that are `right` and `good`, `known` without a
    lesson, lessons of the model's `own` and of the `oracle`."""
    lessons = [lesson for item in tried for lesson in item.lessons]
    tries = sum(item.num_tries for item in tried)
    return {
        "asked": len(tried),
        "right": round(sum(item.num_right for item in tried) / max(1, tries), 4),
        "good": round(sum(item.num_good for item in tried) / max(1, tries), 4),
        "known": sum(item.num_good == item.num_tries for item in tried),
        "own": sum(lesson.is_own for lesson in lessons),
        "oracle": sum(not lesson.is_own for lesson in lessons),
    }


def _answer(reply: str) -> str:
    """Return the answer of a reply of the teacher."""
    return reply.rpartition("Answer: ")[2]


def _said(exploration: Exploration) -> tuple[str, ...]:
    talks = exploration.conversations
    return tuple(m.content for talk in talks for m in talk.messages if m.role == "assistant")
