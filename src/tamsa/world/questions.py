"""Gold questions of a world, balanced over kinds, each with answers, evidence and a query that recomputes it.

A question record has `id`, `question`, `answers` (accepted forms), `supporting_titles`, `kind`, `hops`,
`chain` (facts as [subject, relation, object, page title]), `evidence` (page and character range of each fact),
`stated_on` and `stated_at` (all pages and places that state each fact, since a reader may find it elsewhere) and
`query` (the question in a small formal language over `facts.jsonl`). Conflicts have a
`settlement`: who says what, who is right and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from tamsa.world.drafts import Draft
from tamsa.world.questions_chain import chain, conflict, intersection, unanswerable
from tamsa.world.questions_compare import comparison
from tamsa.world.questions_table import counting, superlative
from tamsa.world.questions_time import temporal
from tamsa.world.realm import Realm, derive
from tamsa.world.wording import vary

Drawer = Callable[[Realm, Random], Draft | None]
SLOTS: tuple[tuple[str, Drawer], ...] = (
    *((f"chain-{hops}", partial(chain, hops=hops)) for hops in range(1, 6)),
    ("comparison", comparison),
    ("intersection", intersection),
    ("counting", counting),
    ("superlative", superlative),
    ("temporal", temporal),
    ("conflict", conflict),
    ("unanswerable", unanswerable),
)
"""Twelve equal shares: five lengths of chain and seven other kinds."""
KINDS = ("chain", "comparison", "intersection", "counting", "superlative", "temporal", "conflict", "unanswerable")
"""Kinds of questions."""
_TRIES = 60


class QuestionMaker:
    """Draws the questions of a world realm by realm, so that every slot gets its share of the whole."""

    def __init__(self, seed: int, total: int) -> None:
        self.seed = seed
        self.total = total
        self.made: Counter[str] = Counter()
        """Questions by kind."""
        self._by_slot: Counter[str] = Counter()
        self._number = 0
        self._asked: set[int] = set()

    def questions(self, realm: Realm, *, share: float, last: bool) -> Iterator[dict[str, Any]]:
        """Yield question records of one realm, whose pages must be written.

        Args:
            realm: the realm, with every fact's places known.
            share: part of the world that is done after this realm, in (0, 1].
            last: True for the last realm, which makes up for what others lacked.
        """
        random = Random(derive(self.seed, "questions", realm.number))
        drafts: list[Draft] = []
        for index, (slot, draw) in enumerate(SLOTS):
            quota = self.total // len(SLOTS) + (index < self.total % len(SLOTS))
            due = quota if last else int(quota * share)
            drafts += self._draw(realm, random, slot, draw, due - self._by_slot[slot])
        if last:
            for slot, draw in SLOTS * 2:
                drafts += self._draw(realm, random, slot, draw, self.total - self._number - len(drafts))
        random.shuffle(drafts)
        for draft in drafts:
            self._number += 1
            self.made[draft.kind] += 1
            yield draft.record(self._number)

    def _draw(self, realm: Realm, random: Random, slot: str, draw: Drawer, wanted: int) -> list[Draft]:
        found: list[Draft] = []
        for _ in range(max(0, wanted) * _TRIES):
            if len(found) >= wanted:
                break
            draft = draw(realm, random)
            if draft is None:
                continue
            draft.question = vary(draft.question, random)
            key = derive(draft.question) & 0xFFFFFFFFFFFF
            if key not in self._asked:
                self._asked.add(key)
                found.append(draft)
        self._by_slot[slot] += len(found)
        return found
