"""The teacher as a reader: rules search and open, it copies the sentences of the chain that it is shown, and answers.

It says that nothing is found where what it is shown does not carry the answer, however well it knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from tamsa.agent.baseline.answering import Conclusion
from tamsa.agent.baseline.question import Question
from tamsa.agent.baseline.reading import Reading
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.steps import Step
from tamsa.agent.guided.choices import shown_lines
from tamsa.agent.guided.evidence import LONGEST
from tamsa.agent.guided.grammar import MAX_LINES
from tamsa.agent.guided.marks import without_marks
from tamsa.agent.guided.policy import GuidedPolicy
from tamsa.agent.guided.prompt import copied_line, reply
from tamsa.agent.guided.task import Task, gather
from tamsa.agent.react import render_call
from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.tools.fencing import neutralise
from tamsa.types import Completion, Document, Message, Profile, Sampled, ToolSchema, Usage

VIEWS = ((1_400, True), (700, True), (1_400, False))
"""Characters of evidence of each prompt that one research gives, and whether the sentences of the chain are sure to be
shown where the teacher opens its documents. The first is answered for good."""
MIN_DECOYS, MAX_DECOYS = 2, 7
"""Documents that are opened beside those of the chain."""
MAX_OPENED = 14
IDS_PER_VISIT = 5


class OracleReader:
    """Answers a reading prompt from the gold chain, with what the prompt shows and nothing else.

    Args:
        question: the question with its chain.
        find: finds a document by its id.
    """

    name = "teacher"
    native_tools = False
    batch_size = 1

    def __init__(self, question: GoldQuestion, find: Callable[[str], Document | None], profile: Profile) -> None:
        self.question = question
        self.profile = profile
        self.context_length = 4 * VIEWS[0][0] // 3
        self._find = find

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Answer a prompt."""
        text = self.answer(messages[-1].content)
        return Completion(
            text, usage=Usage(sum(self.count_tokens(m.content) for m in messages), self.count_tokens(text))
        )

    def answer(self, prompt: str) -> str:
        """Write the reply to a reading prompt."""
        question = self.question
        shown = list(shown_lines(prompt))
        held = [self._held(hop, shown) for hop in question.chain]
        quotes = list(dict.fromkeys(line for lines in held for line in lines))[:MAX_LINES]
        if question.kind == "unanswerable":
            return reply(quotes, "")
        whole = all(held) and bool(held)
        if not whole:
            return reply(quotes, "")
        said = without_marks("\n".join(line for _, line in quotes))
        return reply(quotes, next((form for form in question.answers if form in said), question.answers[0]))

    def approves(self, prompt: str, said: str) -> bool:
        """Tell whether a reply copies, for each fact of the chain that a prompt shows, a line that states it."""
        shown, copied = list(shown_lines(prompt)), set(said.splitlines())
        for hop in self.question.chain:
            lines = [line for place in (hop.evidence, *hop.others) for line in self._lines(place, shown)]
            if lines and not copied & {copied_line(title, text) for title, text in lines}:
                return False
        return True

    def _held(self, hop: Hop, shown: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Find the lines that state a hop: title of the page and sentence, of the first place that is shown."""
        found = (self._lines(place, shown) for place in (hop.evidence, *hop.others))
        return next((lines for lines in found if lines), [])

    def _lines(self, place: Evidence, shown: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Find the lines of a prompt that show a place whole, at most three."""
        words, title = self._words(place), neutralise(place.title)
        lines = [
            (title, line)
            for head, line in shown
            if (head == title or head.startswith(f"{title} ("))
            and (words in (bare := without_marks(line)) or bare in words)
        ]
        bare_lines = [without_marks(line) for _, line in lines]
        whole = any(words in line for line in bare_lines) or sum(map(len, bare_lines)) >= len(words) - 8
        return lines[:3] if words and whole else []

    def _words(self, place: Evidence) -> str:
        document = self._find(place.document)
        text = document.text[place.start : place.end] if document is not None else ""
        return without_marks(neutralise(" ".join(text.split())[:LONGEST]))

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text at four characters each."""
        return len(text) // 4 + 1

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""


class GuidedTeacher(GuidedPolicy):
    """Researches one gold question as a guided model would, with the oracle as its reader.

    Args:
        question: the question with its chain.
        find: finds a document by its id.
        seed: of what differs from view to view.
        profile: of the models that are taught.
        open_chain: how often the documents of the chain are opened among the first hits, in any order, instead of
            those that the rules choose: a reader is to learn from questions that are too hard for the rules too.
    """

    def __init__(
        self,
        question: GoldQuestion,
        find: Callable[[str], Document | None],
        *,
        seed: int,
        profile: Profile,
        open_chain: float = 0.0,
    ) -> None:
        self.oracle = OracleReader(question, find, profile)
        super().__init__(self.oracle)
        self._random = Random(f"{seed}/{question.id}/guided")
        self._opens_chain = self._random.random() < open_chain
        self.views: list[tuple[Message, ...]] = []
        """Prompts with their replies: samples to learn from."""

    def _search(self, state: State, question: Question, plan: Step | None) -> str | None:
        if not self._opens_chain or not state.queries:
            return super()._search(state, question, plan)
        return None if state.pages or state.failed else self._open_chain(state)

    def _open_chain(self, state: State) -> str:
        """Open a document for each hop, among the first hits of the searches."""
        keys = []
        for hop in self.oracle.question.chain:
            places = [hop.evidence, *hop.others[:2]]
            keys.append(self._random.choice(places).document)
        hits = [key for found in state.queries.values() for key in found[:MAX_DECOYS]]
        decoys = [key for key in dict.fromkeys(hits) if key not in keys]
        keys = list(dict.fromkeys(keys))[:MAX_OPENED]
        keys += decoys[: self._random.randint(MIN_DECOYS, MAX_DECOYS)]
        self._random.shuffle(keys)
        goal = self.oracle.question.question[:300]
        calls = [
            render_call("visit", {"ids": keys[start : start + IDS_PER_VISIT], "goal": goal, "page": 1})
            for start in range(0, len(keys), IDS_PER_VISIT)
        ]
        return "<think>Open what may say it.</think>\n" + "\n".join(calls)

    def _gold(self, state: State) -> list[Reading]:
        """Find the sentences of the chain on the opened pages."""
        found = []
        for hop in self.oracle.question.chain:
            for place in (hop.evidence, *hop.others):
                for page in state.pages.get(place.document, ()):
                    for sentence in page.sentences:
                        if place.start - page.start < sentence.end and sentence.start < place.end - page.start:
                            found.append(Reading("", 1.0, page, sentence.start, sentence.end))
        return found

    def conversations(self) -> Iterator[tuple[tuple[Message, ...], tuple[Sampled | None, ...]]]:
        """Yield the samples: messages, and nothing drawn."""
        return ((view, ()) for view in self.views)

    def _lead(self, messages: Sequence[Message], *, may_call: bool) -> str | Task:
        state, question, plan = self._rules.read(messages)
        turn = self._search(state, question, plan) if may_call else None
        if turn is not None:
            return turn
        held = self._gold(state) if self._opens_chain else ()
        conclusion = Conclusion(state, question, plan)
        tasks = []
        for size, sure in VIEWS:
            size = round(size * self._random.uniform(0.8, 1.0))
            tasks.append(gather(conclusion, size, 0, held if sure else ()))
        prompts = [task.prompt(brief=self.oracle.profile.brief) for task in tasks]
        self.views = [(*prompt, Message("assistant", self.oracle.answer(prompt[-1].content))) for prompt in prompts]
        return tasks[0]
