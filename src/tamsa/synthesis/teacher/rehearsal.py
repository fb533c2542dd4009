"""A rehearsal: the straight course of the teacher, its tools answered at once: is the answer in reach?"""

from __future__ import annotations

from random import Random

from tamsa.agent.react import NOT_FOUND
from tamsa.corpus import SearchIndex
from tamsa.scoring.metrics import normalize_answer
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher.habits import STRAIGHT
from tamsa.synthesis.teacher.model import PROFILE
from tamsa.synthesis.teacher.moves import Call, LostError
from tamsa.synthesis.teacher.script import Script
from tamsa.tools import CorpusTools
from tamsa.tools.fencing import neutralise
from tamsa.tools.pages import PAGE_CHARS, open_page
from tamsa.types import Document

DERIVED = frozenset({"counting", "yes_no", "comparison", "temporal"})
"""Kinds whose answer is worked out from what was read and need not stand in it."""


class Rehearsal:
    """Follows the teacher through questions over one index, without the agent's loop around it.

    Args:
        index: the documents.
    """

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._page_chars = PROFILE.page_chars or PAGE_CHARS
        self._tools = CorpusTools(index, page_chars=self._page_chars, profile=PROFILE)

    def lost(self, question: GoldQuestion) -> str:
        """Say what cannot be reached through the tools by what the question allows; the empty string if all can."""
        index = self._index
        script = Script(question, index.get, index.find_title, Random(0), self._page_chars, STRAIGHT)
        moves = script.moves()
        try:
            move = next(moves)
            while move.answer is None:
                move = moves.send("\n".join(self._answer(call) for call in move.calls))
        except LostError as error:
            return str(error)
        if question.kind in DERIVED or question.answers == (NOT_FOUND,):
            return ""
        seen = normalize_answer(script.sight.context)
        read = any(normalize_answer(answer) in seen for answer in question.answers)
        return "" if read else "the answer stands on no page that was read"

    def _answer(self, call: Call) -> str:
        if call.name == "search":
            return neutralise(self._tools.search(call.arguments["queries"]).text)
        if call.name == "find":
            return self._tools.find(**call.arguments).text
        page = call.arguments.get("page", 1)
        return "\n\n".join(self._page(key, page) for key in call.arguments["ids"])

    def _page(self, key: str, page: int) -> str:
        document = self._document(key)
        if document is None:
            return ""
        return neutralise(f"{document.title}\n{open_page(document, page, self._page_chars).get('text', '')}")

    def _document(self, key: str) -> Document | None:
        document = self._index.get(key)
        if document is None and (named := self._index.find_title(key)):
            document = self._index.get(named[0])
        return document
