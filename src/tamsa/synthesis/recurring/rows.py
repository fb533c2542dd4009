"""A reading sample in the form that a guided reader is trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tamsa.agent.guided.evidence import Passage
from tamsa.agent.guided.prompt import marks_of, reading_prompt, reply, shown_sentence
from tamsa.agent.react import NOT_FOUND
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.synthesis.recurring.shelf import Line, Shelf
from tamsa.types import SCHEMA_VERSION, Message

MODEL = "recurring"
"""What stands in the column of the model."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A question, what is shown for it, and what the reply says."""

    question: str
    passages: tuple[Passage, ...]
    copied: tuple[Line, ...]
    """Lines that the reply copies, in the order of the reasoning."""
    answer: str
    """Empty where nothing shown answers."""
    kind: str
    """`recurring`, `bridge`, or as of gold questions."""
    origin: Line | None = None
    """The line that the question was made of."""
    asked_for: str = ""
    """What the origin says in that place, whether or not it is shown."""

    @property
    def quotes(self) -> list[tuple[str, str]]:
        """The lines of the reply: title and sentence as shown, with its marks."""
        marks = marks_of(self.passages, brief=True)
        titles = {passage.page.id: passage.page.title for passage in self.passages}
        lines = [(titles[line.page_id], line.sentence) for line in dict.fromkeys(self.copied)]
        return [(title, marks.mark(shown_sentence(sentence), title)) for title, sentence in lines]

    def gold(self, shelf: Shelf) -> GoldQuestion:
        """Return the question with the sentences that lead to its answer as a chain."""
        places = (
            Evidence(line.page_id, shelf.pages[line.page].title, line.sentence.start, line.sentence.end)
            for line in self.copied
        )
        chain = tuple(Hop(place.title, place.document, "says", "", None, place) for place in places)
        titles = tuple(dict.fromkeys(hop.subject for hop in chain))
        hops = max(1, len(chain))
        answers = (self.answer or NOT_FOUND,)
        return GoldQuestion(self._key, self.question, answers, "chain", hops, chain=chain, supporting_titles=titles)

    @property
    def _key(self) -> str:
        shown = " ".join(passage.page.id for passage in self.passages)
        return "r" + hashlib.blake2b(f"{self.question}/{shown}".encode(), digest_size=8).hexdigest()

    def row(self) -> Mapping[str, Any]:
        """Return the row of the supervised data set."""
        said = reply(self.quotes, self.answer)
        messages = [*reading_prompt(self.question, self.passages, (), brief=True), Message("assistant", said)]
        hops = max(1, len(self.copied))
        return {
            "id": f"{self._key}/guided/0/0",
            "question_id": self._key,
            "question": self.question,
            "answer": self.answer or NOT_FOUND,
            "kind": self.kind,
            "hops": hops,
            "difficulty": hops,
            "mode": "guided",
            "model": MODEL,
            "turn": 0,
            "num_turns": 1,
            "recoveries": 0,
            "num_chars": sum(len(message.content) for message in messages),
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "tools": "[]",
            "parent": "",
            "schema_version": SCHEMA_VERSION,
        }
