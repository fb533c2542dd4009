"""The course of one exploration: which call comes next, given what has been seen so far.

Every decision follows from the question and the observations: a page is opened only when its name has been read,
a fact is stated only when its sentence was shown, a dead end is left only after it has been seen to be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tamsa.synthesis.records import Evidence, GoldQuestion, Hop
from tamsa.synthesis.teacher.conclusion import conclude, rank, settling, write_answer
from tamsa.synthesis.teacher.facts import Read, state_claim
from tamsa.synthesis.teacher.habits import Habits
from tamsa.synthesis.teacher.moves import Call, LostError, Move
from tamsa.synthesis.teacher.needs import Need, known, places, plan_line, stages
from tamsa.synthesis.teacher.searching import reworded_queries, vague_query
from tamsa.synthesis.teacher.sight import Sight
from tamsa.synthesis.teacher.wording import base_name, nouns_of
from tamsa.tools.pages import page_bounds
from tamsa.types import Document

MAX_MOVES = 16
"""Calls for one need before the teacher gives up."""
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass
class Script:
    """One exploration. `moves()` yields turns and is sent the observation of each."""

    question: GoldQuestion
    get_document: Callable[[str], Document | None]
    find_title: Callable[[str], list[str]]
    random: Random
    page_chars: int
    habits: Habits = field(default_factory=Habits)
    facts: list[Read] = field(default_factory=list)
    against: list[tuple[Evidence, str]] = field(default_factory=list)
    """Losing places of a conflict that have been read, with their sentences."""
    dead_ends: int = 0
    open_line: str = ""
    """What is looked for at the moment."""
    plan: str = ""
    notes: list[str] = field(default_factory=list)
    """Documents read in vain, for the report of the `iter` strategy."""

    def __post_init__(self) -> None:
        self._written: dict[str, str] = {}
        self.question = replace(self.question, chain=tuple(map(self._titled, self.question.chain)))
        self.sight = Sight(
            self.question, self.get_document, self.find_title, self.page_chars, self.question.question.casefold()
        )
        self._said: list[str] = []
        self._decoys = 0
        self._strayed = False
        self._asked: set[str] = set()
        self._stray_once = self.random.random() < self.habits.stray

    def _titled(self, hop: Hop) -> Hop:
        """Call both ends of a hop by their titles, and remember what the source calls them."""
        subject = self.get_document(hop.subject_id) if hop.subject_id else None
        value = self.get_document(hop.value_id) if hop.value_id else None
        for document, written in ((subject, hop.subject), (value, hop.value)):
            if document is not None and document.title != written:
                self._written.setdefault(document.title, written)
        return replace(
            hop, subject=subject.title if subject else hop.subject, value=value.title if value else hop.value
        )

    # ------------------------------------------------------------------ course

    def moves(self) -> Generator[Move, str, None]:
        """Yield the turns of the exploration, the last with the answer.

        Raises:
            LostError: a fact cannot be reached.
        """
        steps = [[self._with_noun(need) for need in stage] for stage in stages(self.question)]
        self.plan = plan_line(self.question, steps)
        self._say(f"Find: {self.plan}.")
        first = True
        for stage in steps:
            straying = self._stray_once and not self.dead_ends
            if len(stage) > 1 and not straying and self.random.random() < self.habits.side_by_side:
                yield from self._open_together(stage)
            for need in stage:
                if self.sight.met(need) and not need.absent:
                    self._state(need)
                    continue
                yield from self._reach(need, first=first)
                first = False
                self._state(need)
        if self.facts and self.question.kind == "chain" and self.random.random() < self.habits.recheck:
            yield from self._recheck()
        conclusion = conclude(self.question, self.facts, self.sight.read)
        if conclusion:
            self._say(conclusion)
        short, body = write_answer(self.question, self.facts, self.against)
        self._say(f"Answer: {short}.")
        yield Move(self._thought(), answer=body, dead_end=self._take_stray())

    def _with_noun(self, need: Need) -> Need:
        """Add the noun by which the question calls what is looked for, if it does: `the screenwriter that …`."""
        hop = need.facts[0] if need.facts else None
        if hop is None or not hop.inverse or not need.label.startswith("what ") or need.table:
            return need
        document = self.get_document(hop.subject_id) if hop.subject_id else None
        opening = document.text[:400].casefold() if document else ""
        said = {*_WORD.findall(opening), *_WORD.findall(base_name(hop.subject).casefold())}
        nouns = [noun for noun in nouns_of(self.question.question) if noun.split()[-1] in said]
        if not nouns or need.label.startswith("what the question"):
            return need
        noun = nouns[0]
        label = f"the {noun} that {need.label.removeprefix('what ')}"
        queries = [f"{noun} {query}" for query in need.queries[:2]]
        return replace(need, label=label, queries=tuple(dict.fromkeys((*queries, *need.queries))))

    def _shown(self, title: str) -> str:
        """Return the name by which a thing was shown: its title, or what the source calls it."""
        written = self._written.get(title)
        return title if written is None or self.sight.knows(title) or not self.sight.knows(written) else written

    def _shown_hop(self, hop: Hop) -> Hop:
        return replace(hop, subject=self._shown(hop.subject), value=self._shown(hop.value))

    def _as_written(self, need: Need) -> Need:
        """Call what is known by the name that was shown, where its page bears another: `Gold Coast Football Club`."""
        start = known(need.facts[0]) if need.facts else need.own
        old, new = base_name(start), base_name(self._shown(start))
        queries = tuple(query.replace(old, new) for query in need.queries)
        return replace(need, label=need.label.replace(old, new), queries=queries)

    def _reach(self, need: Need, *, first: bool) -> Iterator[Any]:
        need = self._as_written(need)
        self.open_line = need.label
        if need.label != self.plan:
            self._say(f"{'First' if first else 'Next'}: {need.label}.")
        roll = self.random.random() < self.habits.other_start
        straying = self._stray_once and not self.dead_ends and not need.absent
        search_first = need.search_first != roll or straying
        own = need.own if need.own and self.sight.knows(need.own) else ""
        queries = list(dict.fromkeys(need.queries))
        if (
            (straying or self.random.random() < self.habits.vague_query)
            and need.facts
            and not (need.every or need.table)
        ):
            vague = vague_query(need, self.random)
            queries.insert(0, vague)
        guess = need.guess if need.guess and self.random.random() < self.habits.guessed_title else ""
        local: set[str] = set()
        strayed_here = reworded = False
        if not need.absent:
            yield from self._turn_pages(need)  # what was opened before, beside another page
        for _ in range(MAX_MOVES if not need.every else 2 * MAX_MOVES):
            if self.sight.met(need) and not need.absent:
                return
            target = self.sight.candidates(need, local)
            if guess and self.sight.title_of(guess) not in self.sight.opened:
                title, guess = guess, ""
                self._say(f"Try {title}.")
                opened = yield from self._visit([title])
                if self.sight.met(need):
                    return
                self._stray("There is no such page." if not opened else f"{opened[0]} does not say it.")
                continue
            if own and own not in self.sight.opened and not search_first:
                title, own = own, ""
                self._say(f"Open {base_name(title)}.")
                opened = yield from self._visit([base_name(title) if not self.sight.literal(title) else title])
                local |= set(opened)
                yield from self._turn_pages(need)
                if need.absent or not self.sight.met(need):
                    self._miss(opened, need, title)
                continue
            if target:
                if (
                    not strayed_here
                    and self._decoys < 2
                    and ((self._stray_once and not self.dead_ends) or self._tempted())
                    and (decoy := self.sight.decoy(need))
                ):
                    strayed_here = True
                    self._decoys += 1
                    self._say(f"Open {decoy}.")
                    opened = yield from self._visit([decoy])
                    if not self.sight.met(need):
                        self._miss(opened, need, decoy)
                    continue
                wanted = target if need.every else target[:1]
                if need.every and len(wanted) > 1:
                    self._say("The sources may differ.")
                self._say(f"Open {'; '.join(wanted[:5])}.")
                opened = yield from self._visit(wanted[:5])
                local |= set(opened)
                yield from self._turn_pages(need)
                if not self.sight.met(need) and not need.every:
                    self._miss(opened, need, wanted[0])
                elif not self.sight.met(need):
                    self._report_sources(need, opened)
                continue
            if queries:
                query = queries.pop(0)
                batch = [query]
                if queries and (need.every or self.random.random() < self.habits.two_queries):
                    batch.append(queries.pop(0))
                batch = [item for item in batch if item not in self._asked and not self.sight.gives_away(item)]
                if not batch:
                    continue
                yield from self._search(batch)
                search_first = False
                local |= {title for title, _ in self.sight.hits}
                shown = {title for title, _ in self.sight.hits}
                waiting = own and own not in self.sight.opened
                if not self.sight.candidates(need, local) and not need.absent and not (waiting and own in shown):
                    self._stray("Not among these." if self.sight.hits else "Nothing found.")
                if need.absent and not queries and not waiting:
                    return
                if (
                    need.absent
                    and not waiting
                    and self.sight.hits
                    and self.random.random() < 0.5
                    and (decoy := self.sight.decoy(need))
                ):
                    self._say(f"Open {decoy}.")
                    opened = yield from self._visit([decoy])
                    self._miss(opened, need, decoy)
                    return
                continue
            if need.absent:
                return
            local |= {place.title for hop in need.facts for place in places(hop) if self.sight.knows(place.title)}
            if not self.sight.candidates(need, local):
                if reworded:
                    break
                reworded, queries = True, reworded_queries(need, self.sight)
        if not self.sight.met(need) and not need.absent and not self.sight.enough(need):
            raise LostError(f"{need.label}: not reached")

    def _open_together(self, stage: Sequence[Need]) -> Iterator[Any]:
        titles = [need.own for need in stage if need.own and self.sight.literal(need.own) and not self.sight.met(need)]
        titles = [title for title in dict.fromkeys(titles) if title not in self.sight.opened]
        if len(titles) < 2:
            return
        self.open_line = "; ".join(need.label for need in stage)
        if self.open_line != self.plan:
            self._say(f"{'First' if not self.sight.opened else 'Next'}: {self.open_line}.")
        yield from self._visit(titles[:5])

    def _recheck(self) -> Iterator[Any]:
        last = self.facts[-1]
        value = base_name(last.hop.subject if last.hop.inverse else last.hop.value)
        if value not in last.sentence:
            return
        self._say("Check it once more.")
        call = Call("find", {"text": value, "id": self.sight.key(last.place.title)})
        yield from self._make((call,))

    # ------------------------------------------------------------------ calls

    def _make(self, calls: tuple[Call, ...]) -> Generator[Move, str, str]:
        observation = yield Move(self._thought(), calls, dead_end=self._take_stray())
        self.sight.take(observation)
        return observation

    def _search(self, queries: list[str]) -> Iterator[Any]:
        self._asked |= set(queries)
        if not self._said:
            self._say("Search other words.")
        observation = yield from self._make((Call("search", {"queries": queries}),))
        self.sight.take_results(observation)

    def _visit(self, titles: Sequence[str], page: int = 1) -> Generator[Any, str, list[str]]:
        keys = [self.sight.key(title) for title in titles]
        arguments: dict[str, Any] = {"ids": keys}
        if page > 1:
            arguments["page"] = page
        observation = yield from self._make((Call("visit", arguments),))
        return self.sight.take_pages(keys, observation, page)

    def _turn_pages(self, need: Need) -> Iterator[Any]:
        """Go on to the page of a long document on which the sentence stands; to two where it runs over."""
        for hop in need.facts:
            for place in places(hop):
                document = self.sight.document(place.document)
                if self.sight.seen(place) or document is None or document.title not in self.sight.opened:
                    continue
                bounds = page_bounds(document.text, self.page_chars)
                pages = [i for i, (a, b) in enumerate(bounds, start=1) if a < place.end and place.start < b]
                for number in pages:
                    if number > 1 and not self.sight.seen(place):
                        self._say(f"Not on this page; on to page {number}.")
                        yield from self._visit([place.title], page=number)

    def _tempted(self) -> bool:
        return self.random.random() < self.habits.plausible_page

    # ------------------------------------------------------------------ words

    def _say(self, text: str) -> None:
        self._said.append(text)

    def _thought(self) -> str:
        text = " ".join(self._said)
        self._said = []
        return text

    def _stray(self, text: str) -> None:
        self._say(text)
        self.dead_ends += 1
        self._strayed = True

    def _take_stray(self) -> bool:
        strayed, self._strayed = self._strayed, False
        return strayed

    def _miss(self, opened: Sequence[str], need: Need, wanted: str) -> None:
        """Say that a page did not help; another bearer of the name is said to be one."""
        if not opened:
            self._stray("There is no such page.")
        elif opened[0] != wanted and base_name(opened[0]) == base_name(wanted):
            self._stray(f"{opened[0]} is another one.")
        else:
            values = [base_name(end).casefold() for hop in need.facts for end in (hop.value, hop.subject)]
            text = self.sight.read_of(opened[0])
            stated = bool(values) and all(value in text for value in values if value != base_name(opened[0]).casefold())
            self._stray(f"{opened[0]} does not settle it." if stated else f"{opened[0]} does not say it.")
            self.notes.append(opened[0])

    def _state(self, need: Need) -> None:
        """State the facts that have just been read."""
        done = {id(read.hop) for read in self.facts}
        said = []
        for hop in need.facts:
            if id(hop) in done:
                continue
            spot = hop.evidence if need.every else next((p for p in places(hop) if self.sight.seen(p)), hop.evidence)
            sentence = self.sight.text(spot)
            claim = state_claim(self._shown_hop(hop), sentence)
            self.facts.append(Read(hop, spot, sentence, claim))
            said.append(claim)
            if need.every:
                self._weigh(hop, spot)
                return
        if need.table and self.question.kind == "superlative":
            best = self.facts[-1]
            self._say(rank(self.question, replace(best, hop=self._shown_hop(best.hop)), self.get_document))
        elif not need.table:
            for claim in dict.fromkeys(said):
                self._say(claim)
            row = self.facts[-1].sentence.strip() if said else ""
            if self.question.kind == "temporal" and len(said) == 1 and row.startswith("|"):
                self._say(f"Row: {row.strip('| ')}.")

    def _weigh(self, hop: Hop, winner: Evidence) -> None:
        """State what each source says and why one is believed."""
        settled = self.question.settlement
        if settled is None:
            return
        read = [place for place in settled.losers if self.sight.seen(place)]
        self.against = [(place, self.sight.text(place)) for place in read]
        values = dict(zip(settled.losers, settled.losing_values, strict=False))
        for place in read:
            self._say(f"{place.title}: {values.get(place, '')}.")
        self._say(f"{winner.title}: {base_name(hop.value)}.")
        self._say(settling(settled))

    def _report_sources(self, need: Need, opened: Sequence[str]) -> None:
        """Say what the sources opened so far have, when others are still to be found."""
        settled = self.question.settlement
        if settled is None:
            return
        values = dict(zip(settled.losers, settled.losing_values, strict=False))
        values[settled.winner] = base_name(need.facts[0].value)
        for place, value in values.items():
            if place.title in opened and self.sight.seen(place):
                self._say(f"{place.title}: {value}.")
        self._say("What do others say?")
