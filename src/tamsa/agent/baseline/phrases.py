"""Common noun phrases of a sentence: what is no proper name may be the answer too."""

from __future__ import annotations

import re

from tamsa.agent.baseline.lexicon import STOP_WORDS, concept
from tamsa.agent.baseline.passages import Page, Sentence, Span

MAX_WORDS = 5
_TOKEN = re.compile(r"[\w#$£€][\w'’.&$-]*|[^\w\s]")
_JOINTS = frozenset("of or and".split())
_BOUND = STOP_WORDS | frozenset(
    """around along across behind beside besides beyond near since despite except including meaning means mean used
    became become becomes later also therefore thus once usually often mostly primarily largely generally considered
    nicknamed named situated referred""".split()
)


def phrases(page: Page, sentence: Sentence, head: str = "") -> list[Span]:
    """Find the noun phrases of a sentence: runs of content words, alone, joined, and less the noun asked for.

    Args:
        page: the page of the sentence.
        sentence: one of its sentences.
        head: the noun of which the answer is an instance; "the river X" names X.
    """
    tokens = [(match.start(), match.end(), match[0].rstrip(".") or ".") for match in _TOKEN.finditer(sentence.text)]
    runs: list[tuple[int, int]] = []
    first: int | None = None
    for at, (_, _, word) in enumerate([*tokens, (0, 0, ".")]):
        content = (word[0].isalnum() or word[0] in "#$£€") and word.casefold() not in _BOUND
        if content and first is None:
            first = at
        if not content and first is not None:
            runs.append((first, at))
            first = None
    spans: dict[tuple[int, int], None] = {}
    for number, (begin, stop) in enumerate(runs):
        for start in range(begin, stop):  # without leading verbs and adverbs: "traditionally worn robes"
            spans[start, stop] = None
            if not tokens[start][2].casefold().endswith(("ed", "ly", "ing", "s")) or start - begin >= 2:
                break
        if head and stop - begin > 1:
            if concept(tokens[begin][2]) == concept(head):
                spans[begin + 1, stop] = None
            if concept(tokens[stop - 1][2]) == concept(head):
                spans[begin, stop - 1] = None
        elif stop - begin > 1:
            spans[begin, stop - 1] = None
        if number + 1 < len(runs):
            following = runs[number + 1]
            between = [word.casefold() for _, _, word in tokens[stop : following[0]]]
            if between and between[0] in _JOINTS and all(word in ("the", "a", "an") for word in between[1:]):
                spans[begin, following[1]] = None
    out = []
    for begin, stop in spans:
        if stop - begin <= MAX_WORDS + 3:
            start, end = tokens[begin][0], tokens[stop - 1][0] + len(tokens[stop - 1][2])
            text = sentence.text[start:end]
            if any(char.isalpha() for char in text):
                out.append(Span(sentence.start + start, sentence.start + end, text, "description"))
    return out


__all__ = ["phrases"]
