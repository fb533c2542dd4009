"""The flywheel: what the model now fails at steers what is made next.

Each round the current model tries questions of the last one. Kinds, hops and relations get more weight the more often
it fails at them; questions that it always or never solves are retired: the former teach nothing, and the teacher has
shown the latter (`lessons.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tamsa.errors import CorruptError
from tamsa.store import read_json, write_json
from tamsa.synthesis.curation import Graded
from tamsa.synthesis.records import GoldQuestion
from tamsa.types import SCHEMA_VERSION

FLOOR = 0.25
"""Least factor on a share: nothing is given up for good, since a model may forget."""
CEILING = 4.0
PRIOR = 4.0
"""Tries that stand in for what is not known: small counts move a factor little."""


@dataclass(frozen=True, slots=True)
class Steering:
    """What a round hands to the next: factors on slots and relations, and the questions that are done with."""

    round: int
    model: str
    slots: Mapping[str, float] = field(default_factory=dict)
    """Factor on the share of each slot (`chain-3`, `comparison`), in [FLOOR, CEILING]."""
    relations: Mapping[str, float] = field(default_factory=dict)
    retired: tuple[str, ...] = ()
    """Ids of questions that the model always or never solves."""
    kept: tuple[str, ...] = ()
    """Ids of questions that it solves sometimes: the pool to learn from."""
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form."""
        return asdict(self)

    def write(self, path: Path) -> None:
        """Write the file.

        Raises:
            StorageError: it cannot be written.
        """
        write_json(path, self.to_json())

    @classmethod
    def read(cls, path: Path) -> Steering:
        """Read the file of an earlier round.

        Raises:
            CorruptError: it is missing or damaged.
        """
        record = read_json(path)
        try:
            return cls(**{**record, "retired": tuple(record["retired"]), "kept": tuple(record["kept"])})
        except (KeyError, TypeError) as error:
            raise CorruptError(f"{path}: not a steering file ({error}); run the round before again") from error


def slot_of(question: GoldQuestion) -> str:
    """Name the slot of a question: its kind, for chains with the number of hops."""
    return f"chain-{min(5, max(1, question.hops))}" if question.kind == "chain" else question.kind


def worth(right: float, tries: float) -> float:
    """Return what there is to learn at a pass rate p: 1 - p. `PRIOR` tries stand at one half.

    New questions come with the teacher's trajectory, and the gradient of cross-entropy on a shown answer is in
    proportion to the probability that the model gives another. (What it never solves can be learned from too then,
    other than in reinforcement, whose pools go by p (1 - p).)

    Args:
        right: right answers.
        tries: all answers.
    """
    return 1 - (right + PRIOR / 2) / (tries + PRIOR)


def steer(
    questions: Iterable[GoldQuestion],
    graded: Iterable[Graded],
    *,
    model: str,
    number: int,
    before: Steering | None = None,
) -> Steering:
    """Weigh slots and relations by what the model fails at.

    Args:
        questions: the questions that were tried.
        graded: their pass rates by this model; the last rate of each counts.
        model: the model's spec.
        number: number of the round.
        before: the steering of the round before; factors are averaged with it, retired questions stay retired.
    """
    by_id = {question.id: question for question in questions}
    slots: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    relations: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    retired = dict.fromkeys(before.retired if before else ())
    kept: dict[str, None] = {}
    for item in graded:
        question = by_id.get(item.question_id)
        if question is None or not item.rates:
            continue
        last = item.rates[-1]
        if last.rate in (0.0, 1.0):
            retired[item.question_id] = None
        else:
            kept[item.question_id] = None
        for table, names in ((slots, (slot_of(question),)), (relations, question.relations)):
            for name in names:
                table[name][0] += last.right
                table[name][1] += last.tries
    return Steering(
        round=number,
        model=model,
        slots=_factors(slots, before.slots if before else {}),
        relations=_factors(relations, before.relations if before else {}),
        retired=tuple(retired),
        kept=tuple(kept),
    )


def draw(
    questions: Sequence[GoldQuestion], number: int, steering: Steering | None, random: Random
) -> list[GoldQuestion]:
    """Draw questions from those at hand, without putting back, in proportion to the factors of slot and relations.

    Args:
        questions: to draw from.
        number: how many at most.
        steering: the factors; None draws all alike.
        random: where chance comes from.
    """

    def weight(question: GoldQuestion) -> float:
        if steering is None:
            return 1.0
        factors = [steering.relations.get(name, 1.0) for name in question.relations] or [1.0]
        return steering.slots.get(slot_of(question), 1.0) * sum(factors) / len(factors)

    keys = [(random.random() ** (1 / weight(question)), place) for place, question in enumerate(questions)]
    return [questions[place] for _, place in sorted(keys, reverse=True)[:number]]


def _factors(counts: Mapping[str, Sequence[float]], before: Mapping[str, float]) -> dict[str, float]:
    """Turn pass counts into factors around 1; names that were not tried keep the factor they had."""
    worths = {name: worth(right, tries) for name, (right, tries) in counts.items()}
    mean = sum(worths.values()) / len(worths) if worths else 1.0
    factors = dict(before)
    for name, value in worths.items():
        new = min(CEILING, max(FLOOR, value / mean if mean else 1.0))
        factors[name] = round((new + before[name]) / 2 if name in before else new, 4)
    return dict(sorted(factors.items()))
