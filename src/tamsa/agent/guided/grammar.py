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


class ReplyForm:
    """What the replies to one prompt may hold; called, it makes the grammar of one reply.

    Replies that have copied the same lines share what may follow.

    Args:
        passages: what the prompt shows.
        guesses: answers of the rules that the prompt shows.
        brief: the model was trained on this form; see `prompt`.
    """

    def __init__(self, passages: Sequence[Passage], guesses: Sequence[str], *, brief: bool = False) -> None:
        self._guesses = guesses
        self._lines = [
            (passage.page, shown_sentence(sentence)) for passage in passages for sentence in passage.sentences
        ]
        marks = marks_of(passages, brief=brief)
        self._copies = [f"{copied_line(page.title, marks.mark(text, page.title))}\n" for page, text in self._lines]
        self._starts: dict[tuple[int, ...], Node] = {}
        self._ends: dict[tuple[int, ...], Node] = {}

    def __call__(self, encode: Encode, ends: Collection[int]) -> ReplyGrammar:
        """Return the grammar of a reply.

        Args:
            encode: of the model's tokenizer, the same at every call.
            ends: tokens that end a reply.
        """
        return ReplyGrammar(self, encode, ends)

    def line_start(self, used: tuple[int, ...], encode: Encode) -> Node:
        """Return what may follow these copied lines: a line more, or the opening of the answer."""
        root = self._starts.get(used)
        if root is None:
            root = self._starts[used] = Node()
            root.add(encode(OPENING)[0]).may_end = True
            if len(used) < MAX_LINES:
                for place, copy in enumerate(self._copies):
                    if place not in used:
                        root.add(encode(copy)[0]).line = place
        return root

    def answers(self, used: tuple[int, ...], encode: Encode) -> Node:
        """Return the answers that a reply may give which has copied these lines."""
        root = self._ends.get(used)
        if root is not None:
            return root
        root = self._ends[used] = Node()
        for text in (NOT_FOUND, "yes", "no", *self._guesses, *map(str, range(LARGEST_COUNT + 1) if used else ())):
            root.add(encode(f" {text}")[0]).may_end = True
        for place in used:
            page, line = self._lines[place]
            root.add(encode(f" {neutralise(page.name)}")[0]).may_end = True
            for match in _WORD_START.finditer(line):
                _add_stretches(root, f" {line[match.start() : match.start() + MAX_ANSWER_CHARS]}", encode)
        return root


def _add_stretches(root: Node, text: str, encode: Encode) -> None:
    """Add a stretch of words and every shorter one that begins like it."""
    node = root
    ids, ends = encode(text)
    for token, end in zip(ids, ends, strict=True):
        node = node.children.setdefault(token, Node())
        node.may_end |= end >= len(text) or not (text[end].isalnum() or text[end - 1] in ' ([“‘"')


class ReplyGrammar:
    """Says at each step of one reply which tokens may come next."""

    def __init__(self, form: ReplyForm, encode: Encode, ends: Collection[int]) -> None:
        self._form, self._encode, self._ends = form, encode, tuple(ends)
        self._used: tuple[int, ...] = ()
        self._answering = False
        self._node = form.line_start((), encode)
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
            self._used = (*self._used, node.line)
            node = self._form.line_start(self._used, self._encode)
        elif not self._answering and node.may_end:
            self._answering = True
            node = self._form.answers(self._used, self._encode)
        self._node = node
