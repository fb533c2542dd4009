"""Fit how the baseline weighs the signs of a document that may be worth opening.

The baseline runs on questions whose supporting documents are known. Each time it chooses what to open, every
unopened document is one alternative, described by its signs (`tamsa.agent.baseline.navigation`), and the
supporting ones are right. The weights maximise the likelihood of a right one (a softmax over the alternatives,
each question counting once and each set alike, with a small L2 penalty). Evaluation data has no part in it.

Usage: python benchmarks/opening_order.py --on QUESTIONS DOCS [--on QUESTIONS DOCS ...] [--every N] [--out FILE]
Prints, by set: how often the first choice is a supporting document, with the weights as they stand and, out of
fold, with those fitted; then the weights fitted on everything.
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
from tamsa.agent.baseline.navigation import WEIGHTS, Candidate
from tamsa.agent.react import parse_turn
from tamsa.corpus import Index, open_documents
from tamsa.tools.corpus import CorpusTools
from tamsa.types import Message

SIGNS = list(WEIGHTS)
MAX_ALTERNATIVES = 60
"""Alternatives kept of one choice: those now thought best, and every right one."""
FOLDS = 3
MAX_TURNS = 60


@dataclass
class Choice:
    """One moment of choice: signs of the alternatives `[A, S]`, and which of them are right `[A]`."""

    signs: np.ndarray
    right: np.ndarray


def choices_of(index: Index, question: str, supporting: Sequence[str]) -> list[Choice]:
    """Run the baseline on a question and return the choices in which a right document was known and unopened."""
    titles: dict[str, str] = {}
    found: list[Choice] = []

    def is_right(key: str) -> bool:
        if key not in titles:
            document = index.get(key)
            titles[key] = document.title if document is not None else ""
        return titles[key] in supporting

    def note(ranked: list[Candidate]) -> None:
        right = np.array([is_right(candidate.id) for candidate in ranked], bool)
        if right.any():
            kept = np.flatnonzero(right | (np.arange(len(ranked)) < MAX_ALTERNATIVES))
            signs = np.array([[ranked[at].signs[name] for name in SIGNS] for at in kept])
            found.append(Choice(signs, right[kept]))

    policy = BaselinePolicy()
    policy.on_choice = note
    tools = CorpusTools(index, profile=policy.profile)
    messages = [Message("system", ""), Message("user", question)]
    for number in range(MAX_TURNS):
        text = policy.decide(messages)
        turn = parse_turn(text)
        messages.append(Message("assistant", text))
        if turn.answer is not None:
            break
        for place, call in enumerate(turn.calls):
            done = getattr(tools, call.name)(**call.arguments)
            result = asyncio.run(done) if inspect.iscoroutine(done) else done
            key = f"call_{number}_{place}"
            messages.append(Message("tool", result.text, tool_call_id=key, name=call.name, data=result.data))
    return found


def collect(questions: Path, documents: Path, every: int) -> list[list[Choice]]:
    """Return the choices of every n-th question of a file that has supporting titles."""
    asked = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    with TemporaryDirectory() as folder:
        index = open_documents([documents], out=Path(folder) / "index")
        found = [
            choices_of(index, item["question"], item["supporting_titles"])
            for item in asked[::every]
            if item.get("supporting_titles")
        ]
        index.close()
    return [choices for choices in found if choices]


def fit(sets: Sequence[Sequence[Sequence[Choice]]]) -> np.ndarray:
    """Return the likeliest weights `[S]`, each set and within it each question counting alike."""
    kept = [choice for questions in sets for choices in questions for choice in choices]
    shares = [1.0 / len(choices) / len(questions) for questions in sets for choices in questions for _ in choices]
    return fit_choices([choice.signs for choice in kept], [choice.right for choice in kept], shares)


def accuracy(weights: np.ndarray, questions: Sequence[Sequence[Choice]]) -> float:
    """Return in what share of the choices the first is right, each question counting once, in percent."""
    each = [np.mean([choice.right[np.argmax(choice.signs @ weights)] for choice in choices]) for choices in questions]
    return 100.0 * float(np.mean(each))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", nargs=2, type=Path, action="append", required=True, metavar=("QUESTIONS", "DOCS"))
    parser.add_argument("--every", type=int, default=1, help="take every n-th question")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    sets = [collect(questions, documents, options.every) for questions, documents in options.on]
    now = np.array(list(WEIGHTS.values()))
    folds = [
        fit([[choices for at, choices in enumerate(found) if at % FOLDS != fold] for found in sets])
        for fold in range(FOLDS)
    ]
    for (questions, _), found in zip(options.on, sets, strict=True):
        apart = np.mean([accuracy(folds[fold], found[fold::FOLDS]) for fold in range(FOLDS)])
        print(f"{questions}: {len(found)} questions, {accuracy(now, found):.1f} now, {apart:.1f} out of fold")
    weights = {name: round(float(value), 2) for name, value in zip(SIGNS, fit(sets), strict=True)}
    print(json.dumps(weights, indent=1))
    if options.out is not None:
        options.out.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
