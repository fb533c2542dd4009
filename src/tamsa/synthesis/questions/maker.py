"""The maker of questions: draws kinds by their shares, shard by shard, the same for any number of workers."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from tamsa.errors import ConfigError
from tamsa.synthesis.domain import Domain
from tamsa.synthesis.questions.chains import chain, intersection, unanswerable
from tamsa.synthesis.questions.comparisons import comparison, yes_no
from tamsa.synthesis.questions.conflicts import conflict, disputes
from tamsa.synthesis.questions.draft import Draft, Relations, finish
from tamsa.synthesis.questions.tables import counting, superlative, tabular
from tamsa.synthesis.questions.times import temporal
from tamsa.synthesis.records import GoldQuestion

SHARES: dict[str, float] = {
    "chain-1": 0.015,
    "chain-2": 0.24,
    "chain-3": 0.19,
    "chain-4": 0.10,
    "chain-5": 0.04,
    "table": 0.07,
    "comparison": 0.07,
    "yes_no": 0.07,
    "intersection": 0.05,
    "superlative": 0.05,
    "counting": 0.015,
    "temporal": 0.05,
    "conflict": 0.01,
    "unanswerable": 0.02,
}
"""Shares of the slots among the questions drawn. Slots that a graph cannot fill leave their share to the others."""


@dataclass(frozen=True, slots=True)
class QuestionConfig:
    """What is drawn."""

    shard_size: int = 200
    """Questions of a shard, before the checks."""
    shares: Mapping[str, float] = field(default_factory=lambda: dict(SHARES))
    """Weights of the slots; a slot left out is not drawn."""
    relation_weights: Mapping[str, float] = field(default_factory=dict)
    """Factors on the frequency of relations, 1 where none is given: the flywheel's handle."""
    tries: int = 120
    """Draws a slot may fail in a row before the question goes to another slot."""

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.shares) - set(SHARES)):
            raise ConfigError(f"shares: no such slot {unknown[0]!r}; slots are {', '.join(SHARES)}")
        if not any(share > 0 for share in self.shares.values()):
            raise ConfigError("shares: no slot has a share above 0; leave the field out for the usual shares")
        if self.shard_size < 1 or self.tries < 1:
            raise ConfigError("shard_size and tries must be at least 1")


class QuestionMaker:
    """Draws questions from one graph. Every shard is a pure function of graph, configuration, seed and number."""

    def __init__(self, domain: Domain, config: QuestionConfig | None = None, *, seed: int = 0) -> None:
        self.domain = domain
        self.config = config or QuestionConfig()
        self.seed = seed
        self.refused: Counter[str] = Counter()
        """Drafts that were not finished, by reason; `nothing` counts draws that chance did not fill."""
        self._relations = Relations(domain, self.config.relation_weights)

    def shard(self, number: int) -> Iterator[GoldQuestion]:
        """Yield the questions of a shard in order."""
        digest = hashlib.blake2b(f"{self.domain.graph.id}/{self.seed}/{number}".encode(), digest_size=8).digest()
        random = Random(int.from_bytes(digest))
        slots = [name for name in SHARES if self.config.shares.get(name, 0) > 0]
        weights = [self.config.shares[name] for name in slots]
        empty: set[str] = set()
        for _ in range(self.config.shard_size):
            for _ in range(4):
                slot = random.choices(slots, weights)[0]
                if slot in empty:
                    continue
                question = self._question(slot, random)
                if question is not None:
                    yield question
                    break
                empty.add(slot)

    def _question(self, slot: str, random: Random) -> GoldQuestion | None:
        for _ in range(self.config.tries):
            draft = self.draft(slot, random)
            if draft is None:
                self.refused["nothing"] += 1
                continue
            made = finish(draft, self.domain)
            if isinstance(made, GoldQuestion):
                return made
            self.refused[made] += 1
        return None

    def draft(self, slot: str, random: Random) -> Draft | None:
        """Draw one draft for a slot, None where chance finds none."""
        domain, relations = self.domain, self._relations
        if slot.startswith("chain-"):
            return chain(domain, random, relations, int(slot[6:]))
        if slot == "conflict":
            return conflict(domain, random, self._disputes)
        return _DRAWERS[slot](domain, random, relations)

    @cached_property
    def _disputes(self) -> list[tuple[str, str]]:
        return disputes(self.domain)


_DRAWERS = {
    "table": tabular,
    "comparison": comparison,
    "yes_no": yes_no,
    "intersection": intersection,
    "superlative": superlative,
    "counting": counting,
    "temporal": temporal,
    "unanswerable": unanswerable,
}


def generate(
    domain: Domain, config: QuestionConfig | None = None, seed: int = 0, shard: int = 0
) -> Iterator[GoldQuestion]:
    """Yield the questions of one shard; the shards of a data set may be made in any order, by any number of workers."""
    return QuestionMaker(domain, config, seed=seed).shard(shard)
