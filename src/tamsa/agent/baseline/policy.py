"""The baseline policy as a model: reads the transcript, writes the next ReAct turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tamsa.agent.baseline.aggregation import aggregate, calls_for_list
from tamsa.agent.baseline.answering import Outcome, compose, conclude
from tamsa.agent.baseline.comparison import compare
from tamsa.agent.baseline.navigation import Candidate, rank, reformulations
from tamsa.agent.baseline.plan import make_plan
from tamsa.agent.baseline.question import Question, analyse
from tamsa.agent.baseline.resolver import Resolver
from tamsa.agent.baseline.simplify import simplify
from tamsa.agent.baseline.state import State
from tamsa.agent.baseline.steps import Step
from tamsa.agent.baseline.tables import SUPERLATIVE
from tamsa.agent.baseline.wishes import Value
from tamsa.agent.react import render_call
from tamsa.types import Completion, Message, Profile, ToolSchema

MAX_PAGES = 10
"""Documents opened for one question at most, unless it asks for more than two steps."""
PAGES_PER_STEP = 4
"""Further documents for each step beyond the second."""
MOST_PAGES = 22
PAGES_PER_TURN = 2
SURE_PAGE = 6.0
"""Worth from which on a document is opened without waiting for what the searches of the turn find."""
MAX_QUERIES_PER_TURN = 5
MAX_QUERIES = 60
MAX_TURNS = 36
HITS_PER_QUERY = 20
"""Hits that a search shows: the policy has no context to spare, and what names a thing need not rank high."""
SURE_FIT = 0.75
SURE_COVERAGE = 0.6
SURE = 0.8
"""Score of a reading from which on it needs no second opinion."""
BOUNDS_RESOLVED = (0.0, 2.5, 3.5, 4.0, 4.0, 4.5, 5.0, 5.0, 5.0, 5.5)
"""Worth that the n-th document opened must have once an answer was read, by the number opened before it."""
BOUNDS = (0.0, 1.5, 2.0, 2.0, 2.5, 2.5, 2.5, 3.0, 3.5, 4.0)
"""The same while nothing that answers was read, and on the way along a long chain."""
FIRST_TURN = 6.0
"""Worth that the second document needs to be opened together with the very first."""
REFORMULATED = 0.88
"""Urgency of asking for an opened document together with what the question still lacks."""


class BaselinePolicy:
    """A research policy made of rules, with the interface of a language model.

    It decomposes the question, searches, opens the most promising pages, follows the entities that they
    introduce, and answers with an exact span, with a quote for each hop. It is a deterministic function
    of the conversation, so a resumed run goes on as if it had never stopped.
    """

    name = "baseline"
    context_length = 4_000_000
    native_tools = True
    """Observations come as `tool` messages with their data, which is what the rules read."""
    profile = Profile(hits_per_query=HITS_PER_QUERY)
    on_choice: Callable[[list[Candidate]], None] | None = None
    """Called with the documents that a turn chose from, best first: the weights are fitted on them."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Write the next turn: tool calls, or the answer."""
        text = self.decide(messages, may_call=bool(tools))
        if on_text is not None:
            on_text(text)
        return Completion(text)

    def count_tokens(self, text: str) -> int:
        """Estimate the tokens of a text; the policy itself has no limit."""
        return len(text) // 4 + 1

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""

    def decide(self, messages: Sequence[Message], *, may_call: bool = True) -> str:
        """Return the next turn as ReAct text."""
        state, question, plan = self.read(messages)
        turn = self.search(state, question, plan) if may_call else None
        return turn if turn is not None else compose(state, question, plan)

    def read(self, messages: Sequence[Message]) -> tuple[State, Question, Step | None]:
        """Read a conversation: what was seen, what is asked, and the plan where the question gives one."""
        state = State(messages)
        question = analyse(state.question, _titles_in_question(state))
        plan = make_plan(question)
        return state, question, simplify(plan) if plan is not None else None

    def search(self, state: State, question: Question, plan: Step | None) -> str | None:
        """Return a turn of searches and visits; None where it is time to answer."""
        if state.must_answer or not state.question or state.num_turns >= MAX_TURNS:
            return None
        if not state.queries:
            return _turn(
                "Start with the question and the names in it.",
                [("search", {"queries": _first_queries(question, state)})],
            )
        calls, thought = self._next(state, question, plan)
        if not calls:
            outcome = conclude(state, question, plan)
            unread = _unread_answer(state, outcome, page_limit(plan))
            if unread is None:
                return None
            calls, thought = (
                [("visit", {"ids": [unread], "goal": question.text[:300], "page": 1})],
                "Check the answer on its own page.",
            )
        return _turn(thought, calls)

    def _next(
        self, state: State, question: Question, plan: Step | None
    ) -> tuple[list[tuple[str, dict[str, object]]], str]:
        resolver = Resolver(state, question)
        resolved = False
        verdict = compare(state, question, resolver)
        if verdict is not None and verdict.sure:
            return [], ""
        if plan is not None and verdict is None and question.form not in ("polar", "choice"):
            values = resolver.values(plan)
            resolved = bool(values) and values[0].score >= 0.4
            value = aggregate(state, question, resolver, plan)
            if value is not None and value.id and len(state.pages) < 5 and not state.is_open(value.id):
                resolver.wishes.page(value.id, 3.0)  # one more source for what a table or list says
            elif (
                value is not None
                and value.score >= 1.2
                and not _named_left(state, question)
                and not _inner_left(state, resolver, plan)
            ):
                return [], ""
            if value is None and calls_for_list(question):
                resolved = False
            elif (
                not resolver.rivals
                and not _named_left(state, question)
                and not _inner_left(state, resolver, plan)
                and _settled(state, question, plan, values)
            ):
                return [], ""
        calls: list[tuple[str, dict[str, object]]] = []
        num_open = len(state.pages) + len(state.failed)
        most = page_limit(plan)
        chosen: list[str] = []
        long_chain = plan is not None and plan.depth > 2
        bridging = question.form not in ("polar", "choice") and (
            plan is None or plan.depth == 2 or (plan.depth < 2 and not resolved)
        )
        for query in reformulations(state, question) if bridging else ():
            resolver.wishes.query(query, REFORMULATED)
        ranked = rank(state, question, resolver.wishes, resolver.scope_terms(), bridging=bridging)
        if self.on_choice is not None:
            self.on_choice(ranked)
        for candidate in ranked[:PAGES_PER_TURN]:
            key, score = candidate.id, candidate.worth
            place = num_open + len(chosen)
            bounds = BOUNDS_RESOLVED if resolved and not long_chain else BOUNDS
            bound = bounds[min(place * len(bounds) // most, len(bounds) - 1)]
            wish = resolver.wishes.pages.get(key, 0.0)
            if chosen and resolver.wishes.pages.get(chosen[0], 0.0) >= 1.2 and wish < 0.8:
                break  # the plan knows where to go: nothing else is opened beside it
            if place >= most or score < (FIRST_TURN if num_open == 0 and chosen else bound):
                break
            chosen.append(key)
        queries = []
        if num_open < most and len(state.queries) < MAX_QUERIES:
            wanted = sorted(resolver.wishes.queries.items(), key=lambda item: (-item[1], item[0]))
            queries = [query for query, _ in wanted if query not in state.queries][:MAX_QUERIES_PER_TURN]
        if queries:
            calls.append(("search", {"queries": queries}))
            best = next((candidate.worth for candidate in ranked), 0.0)
            if state.just_opened and best < SURE_PAGE:
                return calls, "Look for what was named before opening more."
        if chosen:
            calls.append(("visit", {"ids": chosen, "goal": question.text[:300], "page": 1}))
        titles = "; ".join(state.known[key].title for key in chosen)
        return calls, f"Open {titles}." if chosen else "Look for what is still missing."


def _unread_answer(state: State, outcome: Outcome, limit: int) -> str | None:
    """Return the document that the answer names, if it is known, not open yet and within the limit."""
    if not outcome.text or len(state.pages) + len(state.failed) >= limit:
        return None
    named = state.by_title(outcome.text)
    return None if any(state.is_open(key) for key in named) else next(iter(named), None)


def page_limit(plan: Step | None) -> int:
    """Return how many documents a question may cost: more for a long chain, which needs one for each step."""
    depth = plan.depth if plan is not None else 0
    return min(MOST_PAGES, MAX_PAGES + PAGES_PER_STEP * max(0, depth - 2))


def _inner_left(state: State, resolver: Resolver, plan: Step | None) -> bool:
    """Tell whether a document on the way to the answer was named by another but not yet read."""
    step = plan.of if plan is not None else None
    while step is not None and len(state.pages) < page_limit(plan) - 2:
        best = next(iter(resolver.values(step)), None)
        if best is not None and best.id and best.score >= SURE_FIT and not state.is_open(best.id):
            return True
        step = step.of
    return False


def _named_left(state: State, question: Question) -> bool:
    """Tell whether a document that the question names by its whole title is still unread."""
    if len(state.pages) >= 4:
        return False
    for name in question.names:
        ids = state.by_title(name.text)
        if ids and len(name.text) > 3 and not any(state.is_open(key) for key in ids):
            return True
    return False


def _settled(state: State, question: Question, plan: Step, values: list[Value]) -> bool:
    """Tell whether every step of the plan was read with good evidence, and the evidence covers the question."""
    if plan.of is None or not values or len(values[0].chain) < plan.depth:
        return False
    chain = values[0].chain
    step: Step | None = plan
    while step is not None:  # the most or least of several is read off a table, not off one page
        if SUPERLATIVE.search(step.phrase) and not any(reading.sentence.row for reading in chain):
            return False
        step = step.of
    if not all(reading.score >= SURE and reading.fit >= SURE_FIT for reading in chain):
        return False
    present = frozenset().union(*(reading.page.term_set for reading in chain))
    covered = sum(weight for term, weight in question.weights.items() if term in present)
    return covered >= SURE_COVERAGE * question.total


def _titles_in_question(state: State) -> tuple[str, ...]:
    keys = [key for query, found in state.titles_in.items() if query == state.question[:2000] for key in found]
    return tuple(state.known[key].title for key in keys)


def _first_queries(question: Question, state: State) -> list[str]:
    queries = [state.question[:2000]]
    for name in sorted(question.names, key=lambda name: -len(name.text)):
        if len(name.text) > 2 and name.text not in queries:
            queries.append(name.text)
    return queries[:5]


def _turn(thought: str, calls: list[tuple[str, dict[str, object]]]) -> str:
    thought = thought.replace("<", "‹").replace(">", "›")
    return f"<think>{thought}</think>\n" + "\n".join(render_call(name, arguments) for name, arguments in calls)
