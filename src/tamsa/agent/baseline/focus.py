"""What a question asks, apart from what leads there: the words around the one that asks."""

from __future__ import annotations

from tamsa.agent.baseline.interrogative import interrogative
from tamsa.agent.baseline.lexicon import concept, terms
from tamsa.agent.baseline.question import Question, last_sentence

WORDS = 6
"""Words on either side of the one that asks."""
_BOUND = frozenset("who whom whose which that where when and but".split())


def focus(question: Question) -> frozenset[str]:
    """Return the concepts of those words, up to where a clause begins."""
    asked = last_sentence(question.text, question.names)
    match = interrogative(asked)
    before, after = (asked[: match.start()], asked[match.end() :]) if match is not None else ("", asked)
    near: list[str] = []
    for side in (before.split()[::-1], after.split()):
        for word in side[:WORDS]:
            if word.strip(",;").casefold() in _BOUND:
                break
            near.append(word)
            if word.endswith((",", ";")):
                break
    head = concept(question.head) if question.head else ""
    return frozenset(term for term in terms(" ".join(near)) if term in question.weights and term != head)
