"""Fit how the baseline weighs the signs of what may be the answer.

The baseline runs on questions whose answers are known. Where it answers from candidates, every candidate is one
alternative, described by its signs (`tamsa.agent.baseline.judging`), and those that match an answer are right. The
weights maximise the likelihood of a right one (a softmax over the candidates, each set by its share and in it each
question alike, with a small L2 penalty on the weights and on what sets those for dates and numbers apart from those for
names).
A set with hardly any unanswerable question says nothing of when to refuse: there the refusal is no alternative.
Evaluation data has no part in it.

Usage: python benchmarks/answer_choice.py --on QUESTIONS DOCS SHARE [--on QUESTIONS DOCS SHARE ...] [--every N]
           [--test QUESTIONS DOCS] [--out FILE]
Prints, by set: exact match with the weights as they stand, out of fold with those fitted, and how often a right answer
is among the candidates; then the weights fitted on everything.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from choice_fit import fit_choices

from tamsa.agent.baseline import BaselinePolicy
from tamsa.agent.baseline.answering import Conclusion
from tamsa.agent.baseline.judging import VALUES
from tamsa.agent.baseline.weights import WEIGHTS
from tamsa.agent.react import NOT_FOUND, parse_turn
from tamsa.corpus import Index, open_documents
from tamsa.scoring.metrics import exact_match
from tamsa.tools.corpus import CorpusTools
from tamsa.types import Message

SIGNS = list(WEIGHTS)
FOLDS = 3
MAX_TURNS = 60
MIN_UNANSWERABLE = 0.05
"""Share of unanswerable questions from which on a set tells when to refuse."""


@dataclass
class Question:
    """One question: signs of its candidates `[C, S]`, which are right `[C]`, and whether a value is asked for.

    No candidates where the answer is settled otherwise; `right_now` says whether it is right.
    """

    signs: np.ndarray
    right: np.ndarray
    valued: bool
    right_now: bool

    @property
    def rows(self) -> np.ndarray:
        """Signs, and the same again where a date or a number is asked for, `[C, 2 S]`."""
        return np.hstack([self.signs, self.signs * self.valued])

    def without_refusal(self) -> Question:
        """Return the question without its refusal, unless that is right."""
        kept = (self.signs[:, SIGNS.index("refusal")] == 0) | self.right
        return Question(self.signs[kept], self.right[kept], self.valued, self.right_now)


def run(index: Index, question: str) -> list[Message]:
    """Run the baseline on a question and return the conversation up to its answer."""
    policy = BaselinePolicy()
    tools = CorpusTools(index, profile=policy.profile)
    messages = [Message("system", ""), Message("user", question)]
    for number in range(MAX_TURNS):
        text = policy.decide(messages)
        turn = parse_turn(text)
        if turn.answer is not None:
            break
        messages.append(Message("assistant", text))
        for place, call in enumerate(turn.calls):
            done = getattr(tools, call.name)(**call.arguments)
            result = asyncio.run(done) if inspect.iscoroutine(done) else done
            key = f"call_{number}_{place}"
            messages.append(Message("tool", result.text, tool_call_id=key, name=call.name, data=result.data))
    return messages


def described(messages: Sequence[Message], answers: Sequence[str]) -> Question:
    """Describe the candidates of a conversation."""
    state, question, plan = BaselinePolicy().read(messages)
    conclusion = Conclusion(state, question, plan)
    outcome = conclusion.outcome
    right_now = bool(exact_match(outcome.text or NOT_FOUND, answers))
    judged = conclusion.judged if outcome.source not in ("comparison", "table", "unknown") else []
    texts = [conclusion.text_of(item) or NOT_FOUND for item in judged]
    signs = np.array([[item.signs.get(name, 0.0) for name in SIGNS] for item in judged]).reshape(-1, len(SIGNS))
    right = np.array([bool(exact_match(text, answers)) for text in texts], bool)
    return Question(signs, right, question.kind in VALUES, right_now)


def collect(questions: Path, documents: Path, every: int) -> list[Question]:
    """Describe the candidates of every n-th question of a file."""
    asked = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    with TemporaryDirectory() as folder:
        index = open_documents([documents], out=Path(folder) / "index")
        found = [described(run(index, item["question"]), item["answers"]) for item in asked[::every]]
        index.close()
    unanswerable = sum(NOT_FOUND in item["answers"] for item in asked) / len(asked)
    if unanswerable < MIN_UNANSWERABLE:
        found = [question.without_refusal() for question in found]
    return found


def fit(sets: Sequence[Sequence[Question]], weights: Sequence[float]) -> np.ndarray:
    """Return the likeliest weights `[2 S]`, each set counting by its weight and in it each question alike."""
    told = [[question for question in questions if question.right.any()] for questions in sets]
    kept = [question for questions in told for question in questions]
    shares = [
        weight / len(questions) / sum(weights)
        for questions, weight in zip(told, weights, strict=True)
        for _ in questions
    ]
    return fit_choices([question.rows for question in kept], [question.right for question in kept], shares)


def is_right(question: Question, weights: np.ndarray) -> bool:
    """Tell whether the candidate of the most worth is right."""
    return bool(question.right[np.argmax(question.rows @ weights)]) if len(question.right) else question.right_now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", nargs=3, action="append", required=True, metavar=("QUESTIONS", "DOCS", "SHARE"))
    parser.add_argument("--test", nargs=2, action="append", default=[], metavar=("QUESTIONS", "DOCS"))
    parser.add_argument("--every", type=int, default=1, help="fit on every n-th question")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sets = [collect(Path(questions), Path(documents), options.every) for questions, documents, _ in options.on]
    shares = [float(share) for _, _, share in options.on]
    folds = [
        fit([[question for at, question in enumerate(found) if at % FOLDS != fold] for found in sets], shares)
        for fold in range(FOLDS)
    ]
    for (questions, _, _), found in zip(options.on, sets, strict=True):
        apart = [is_right(question, folds[at % FOLDS]) for at, question in enumerate(found)]
        report(questions, found, apart, "out of fold")
    fitted = fit(sets, shares)
    for questions, documents in options.test:
        found = collect(Path(questions), Path(documents), 1)
        report(questions, found, [is_right(question, fitted) for question in found], "fitted")
    names, values = fitted[: len(SIGNS)], fitted[: len(SIGNS)] + fitted[len(SIGNS) :]
    weights = {name: (round(float(a), 2), round(float(b), 2)) for name, a, b in zip(SIGNS, names, values, strict=True)}
    print(json.dumps(weights, indent=1))
    if options.out is not None:
        options.out.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


def report(questions: str, found: Sequence[Question], fitted: Sequence[bool], how: str) -> None:
    """Print how often the answers of a set are right, in percent."""
    now = 100.0 * np.mean([question.right_now for question in found])
    among = 100.0 * np.mean([question.right.any() if len(question.right) else question.right_now for question in found])
    print(f"{questions}: {len(found)} questions, {now:.1f} now, {100.0 * np.mean(fitted):.1f} {how}, {among:.1f} among")


if __name__ == "__main__":
    main()
