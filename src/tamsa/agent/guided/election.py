"""Several replies to one prompt vote on the answer, together with the rules.

Neither is believed alone: their probabilities are multiplied, the reader's with an exponent, and the likeliest answer
is given (a logarithmic opinion pool: Genest & Zidek, "Combining
Probability Distributions", Statistical Science 1986). The reader's probability of an answer is its share of the votes
(Wang et al., "Self-Consistency Improves Chain of Thought Reasoning", ICLR 2023).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tamsa.agent.baseline.answering import Outcome
from tamsa.agent.baseline.state import fold_title
from tamsa.agent.guided.prompt import read_reply
from tamsa.agent.guided.task import Task
from tamsa.agent.guided.turn import answer_turn, mend, rules_turn
from tamsa.agent.react import NOT_FOUND
from tamsa.types import Completion, Usage

LEAST_RULED, LEAST_VOTED = 0.01, 0.05
"""Added to the rules' probability of an answer and to its share of the votes: what one of them never thought of is
unlikely, not impossible."""
SURE = 0.9
"""The rules' probability of what they compared, counted or found in no document, which they do not weigh against
others; those share the rest."""
UNWEIGHED = ("comparison", "table", "unknown")


@dataclass
class Nominee:
    """An answer that the rules or the reader propose."""

    outcome: Outcome | None = None
    """The rules' candidate, where it is one."""
    ruled: float = 0.0
    """The rules' probability of it."""
    replies: list[Completion] = field(default_factory=list)
    """The replies that gave it."""

    def worth(self, num_votes: int, weight: float) -> float:
        """Return the logarithm of its weight against others, up to a constant of the question.

        Args:
            num_votes: replies that gave any answer.
            weight: exponent of the share of the votes.
        """
        voted = len(self.replies) / num_votes
        return math.log(self.ruled + LEAST_RULED) + weight * math.log(voted + LEAST_VOTED)


def _nominees(candidates: Sequence[Outcome]) -> dict[str, Nominee]:
    """Return the rules' candidates with their probabilities, by answer."""
    first, *others = candidates
    reckoned = first.source in UNWEIGHED
    found = {_key(first.text): Nominee(first, SURE if reckoned else first.score)}
    for outcome in others:
        found.setdefault(_key(outcome.text), Nominee(outcome, outcome.score * (1.0 - SURE if reckoned else 1.0)))
    return found


def elected_turn(task: Task, completions: Sequence[Completion], weight: float) -> Completion:
    """Make the answer turn of the answer that rules and reader together hold likeliest.

    Args:
        task: what was asked.
        completions: replies of a reader to one prompt, each drawn by itself.
        weight: exponent of the votes.

    Returns:
        The turn, with the usage of all replies. It rests on the rules' chain where they reached the answer step by
        step, else on what the likeliest reply that gave it copied. What was drawn is that reply's (or the likeliest of
        all, where only the rules gave this answer), and `Sampled.answer_logprob` is that of the election. Where no
        passage was shown, or no reply holds an answer, it is the rules' turn, without a confidence.
    """
    nominees = _nominees(task.candidates)
    for completion in completions:
        answer = read_reply(completion.text, task.passages).answer
        if answer is not None:
            nominees.setdefault(_key(mend(answer, task.passages)), Nominee()).replies.append(completion)
    voted = [reply for nominee in nominees.values() for reply in nominee.replies]
    usage = _usage(completions)
    if not voted or not task.passages:
        return replace(rules_turn(task.outcome, completions[0]), usage=usage)
    worths = [nominee.worth(len(voted), weight) for nominee in nominees.values()]
    most = max(worths)
    winner = list(nominees.values())[worths.index(most)]
    probability = 1.0 / math.fsum(math.exp(worth - most) for worth in worths)
    best = max(winner.replies or voted, key=_likelihood)
    outcome = winner.outcome
    if outcome is not None and (outcome.source != "span" or not winner.replies):
        turn = rules_turn(outcome, best)
        sampled = best.sampled and replace(best.sampled, text_ends=())
    else:
        turn = answer_turn(task, best, outcome)
        sampled = turn.sampled
    if sampled is not None:
        sampled = replace(sampled, answer_logprob=math.log(probability))
    return replace(turn, usage=usage, sampled=sampled)


def _key(answer: str) -> str:
    folded = fold_title(answer)
    return "" if folded == fold_title(NOT_FOUND) else folded


def _likelihood(completion: Completion) -> float:
    sampled = completion.sampled
    return math.fsum(sampled.model_logprobs) if sampled is not None else 0.0


def _usage(completions: Sequence[Completion]) -> Usage:
    """Add up what replies to one prompt cost: it is read once."""
    total = completions[0].usage
    for completion in completions[1:]:
        total += replace(completion.usage, prompt_tokens=0)
    return total
