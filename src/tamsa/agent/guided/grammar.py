"""What a reader may write, token by token: lines that were shown, then words that it copied.

A small model knows better which sentence it means than how to spell it. Where the model decodes in this process, its
reply is held to the form of `prompt`: each line is a sentence that was shown, after its page's title, none twice; the
answer is a stretch of words of the sentences it copied, the name of a page it copied from, a guess of the rules that
was shown, yes, no, a small number, or NOT FOUND. Its probabilities are then those of the choices it had.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tamsa.agent.guided.evidence import Passage
from tamsa.agent.guided.prompt import OPENING, copied_line, marks_of, shown_sentence
from tamsa.agent.react import NOT_FOUND
from tamsa.llm.tokens import Encode
from tamsa.tools.fencing import neutralise

MAX_LINES = 20
"""Sentences that a reply may copy."""
MAX_ANSWER_CHARS = 90
LARGEST_COUNT = 150
"""Numbers up to here may be counted or reckoned; larger ones are copied."""
_WORD_START = re.compile(r"(?<![\w'’,.-])[\w\"“‘(]")


@dataclass(slots=True)
class Node:
    """A place in a trie of token ids."""

    children: dict[int, Node] = field(default_factory=dict)
    line: int = -1
    """Number of the line that is complete here."""
    may_end: bool = False
    """Whether the reply may end here."""

    def add(self, ids: Sequence[int]) -> Node:
        """Add a path and return its last node."""
        node = self
        for token in ids:
            node = node.children.setdefault(token, Node())
        return node


class ReplyGrammar:
    """Says at each step which tokens may come next. It serves one reply.

    Args:
        passages: what the prompt shows.
        guesses: answers of the rules that the prompt shows.
        encode: of the model's tokenizer.
        ends: tokens that end a reply.
        brief: the model was trained on this form; see `prompt`.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        guesses: Sequence[str],
        encode: Encode,
        ends: Collection[int],
        *,
        brief: bool = False,
    ) -> None:
        self._encode, self._ends = encode, tuple(ends)
        self._guesses = guesses
        self._lines = [
            (passage.page, shown_sentence(sentence)) for passage in passages for sentence in passage.sentences
        ]
        marks = marks_of(passages, brief=brief)
        self._left = {
            place: tuple(encode(f"{copied_line(page.title, marks.mark(text, page.title))}\n")[0])
            for place, (page, text) in enumerate(self._lines)
        }
        self._opening = tuple(encode(OPENING)[0])
        self._used: list[int] = []
        self._answering = False
        self._node = self._line_start()
        self._seen = 0

    def __call__(self, drawn: Sequence[int]) -> Sequence[int]:
        """Return the tokens that may follow those drawn so far."""
        for token in drawn[self._seen :]:
            self._advance(token)
        self._seen = len(drawn)
        allowed = tuple(self._node.children)
        return (*allowed, *self._ends) if self._node.may_end or not allowed else allowed

    def _advance(self, token: int) -> None:
        node = self._node.children.get(token, Node())
        if not self._answering and node.line >= 0:
            self._used.append(node.line)
            node = self._line_start()
        elif not self._answering and node.may_end:
            self._answering = True
            node = self._answers()
        self._node = node

    def _line_start(self) -> Node:
        root = Node()
        root.add(self._opening).may_end = True
        if len(self._used) < MAX_LINES:
            for place, ids in self._left.items():
                if place not in self._used:
                    root.add(ids).line = place
        return root

    def _answers(self) -> Node:
        root = Node()
        for text in (NOT_FOUND, "yes", "no", *self._guesses, *map(str, range(LARGEST_COUNT + 1) if self._used else ())):
            root.add(self._encode(f" {text}")[0]).may_end = True
        for place in self._used:
            page, line = self._lines[place]
            root.add(self._encode(f" {neutralise(page.name)}")[0]).may_end = True
            for match in _WORD_START.finditer(line):
                self._add_stretches(root, f" {line[match.start() : match.start() + MAX_ANSWER_CHARS]}")
        return root

    def _add_stretches(self, root: Node, text: str) -> None:
        """Add a stretch of words and every shorter one that begins like it."""
        node = root
        ids, ends = self._encode(text)
        for token, end in zip(ids, ends, strict=True):
            node = node.children.setdefault(token, Node())
            node.may_end |= end >= len(text) or not (text[end].isalnum() or text[end - 1] in ' ([“‘"')
