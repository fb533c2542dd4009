"""The teacher as a model: it is given the conversation and answers with the next turn of its script."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from tamsa.agent.react import NOT_FOUND, render_call
from tamsa.corpus import SearchIndex
from tamsa.synthesis.records import GoldQuestion
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.teacher.moves import LostError, Move
from tamsa.synthesis.teacher.script import Script
from tamsa.types import Completion, Message, Profile, ToolSchema, Usage

PROFILE = Profile(brief=True, page_chars=1600, hits_per_query=5, snippet_chars=160, max_links=0)
"""How the bundled model sees its tools; the teacher is shown the same."""
_RESPONSE = re.compile(r"<tool_response>\n(.*?)\n</tool_response>", re.DOTALL)


class OracleTeacher:
    """Explores one gold question. A teacher serves a single run.

    Args:
        question: the question with its chain; the teacher acts through tools alone.
        index: where the documents' texts and titles are looked up, to tell whether a sentence has been shown.
        seed: of its habits; the same seed gives the same course.
        mode: strategy of the run; `iter` adds the report that the workspace needs.
        habits: how often it strays.
        profile: how it sees the tools.
    """

    name = "teacher"
    context_length = 1_000_000
    native_tools = False

    def __init__(
        self,
        question: GoldQuestion,
        index: SearchIndex,
        *,
        seed: int,
        mode: str = "react",
        habits: Habits | None = None,
        profile: Profile = PROFILE,
    ) -> None:
        self.profile = profile
        self._iter = mode == "iter"
        self.script = Script(
            question,
            index.get,
            index.find_title,
            Random(f"{seed}/{question.id}/{mode}"),
            profile.page_chars or 8_000,
            habits or Habits(),
        )
        self._moves = self.script.moves()
        self._started = False
        self.lost: str | None = None
        """Why the teacher gave up, if it did."""
        self.recoveries = 0
        """Turns that follow a dead end."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Give the next turn."""
        try:
            if self._started:
                observation = "\n".join(_RESPONSE.findall(messages[-1].content))
                move = self._moves.send(observation)
            else:
                self._started = True
                move = next(self._moves)
        except LostError as error:
            self.lost = str(error)
            move = Move("I cannot find it.", answer=NOT_FOUND)
        self.recoveries += move.dead_end
        text = self._render(move)
        size = self.count_tokens(text)
        return Completion(text, usage=Usage(sum(self.count_tokens(m.content) for m in messages), size))

    def _render(self, move: Move) -> str:
        parts = [f"<think>{move.thought}</think>"]
        if self._iter and move.answer is None:
            parts.append(f"<report>\n{self._report()}\n</report>")
        parts += [render_call(call.name, call.arguments) for call in move.calls]
        if move.answer is not None:
            parts.append(f"<answer>{move.answer}</answer>")
        return "\n".join(parts)

    def _report(self) -> str:
        """Write what is established, each fact with its quote, what was read in vain, and what is open."""
        script = self.script
        lines = [f"Plan: {script.plan}."]
        lines += [f'- {read.claim} [{read.place.title}] "{read.sentence}"' for read in script.facts]
        lines += [f'- against [{place.title}] "{sentence}"' for place, sentence in script.against]
        if script.notes:
            lines.append(f"In vain: {'; '.join(script.notes[-3:])}.")
        if script.sight.results:
            lines.append(f"Results: {'; '.join(script.sight.results)}.")
        if script.open_line:
            lines.append(f"Open: {script.open_line}.")
        return "\n".join(lines)

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text at four characters each."""
        return len(text) // 4 + 1

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""
