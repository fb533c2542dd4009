"""Makes one realm: its graph, its disputes and lists, and then its pages one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from random import Random

from tamsa.world.cultures import CULTURES
from tamsa.world.disputes import Dispute, Source, make_disputes, write_source
from tamsa.world.events import make_events
from tamsa.world.geography import make_geography
from tamsa.world.graph import Entity, Graph
from tamsa.world.lists import Listing, make_lists, write_list
from tamsa.world.making import Making
from tamsa.world.names import Names, RealmNames
from tamsa.world.pages import write_page
from tamsa.world.people import educate, make_people
from tamsa.world.prose import Page
from tamsa.world.schema import plan
from tamsa.world.society import make_awards, make_society
from tamsa.world.works import make_works


def derive(*parts: int | str) -> int:
    """Derive a seed from a world's seed and the name of a purpose; the same on every machine and in every process."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


class Realm:
    """One realm, held whole in memory while its pages are written."""

    def __init__(self, seed: int, number: int, pages: int, names: Names, foreign: Sequence[Entity]) -> None:
        self.seed = seed
        self.number = number
        self.plan = plan(pages)
        self.graph = Graph(number)
        random = Random(derive(seed, "realm", number))
        # Cultures rotate from realm to realm, so that neighbours in the collection sound different.
        order = list(range(len(CULTURES)))
        Random(derive(seed, "cultures")).shuffle(order)
        first = number * self.plan.countries
        cultures = [order[(first + i) % len(order)] for i in range(self.plan.countries)]
        making = Making(self.graph, random, RealmNames(names, random, cultures), self.plan, foreign)
        make_geography(making)
        make_people(making)
        make_society(making)
        make_works(making)
        make_events(making)
        make_awards(making)
        educate(making)
        self.sources: list[Source]
        self.disputes: list[Dispute]
        self.sources, self.disputes = make_disputes(making)
        self.listings: list[Listing] = make_lists(making)
        self.written: list[list[tuple[str, int]]] = []

    def pages(self) -> Iterator[tuple[Page, str]]:
        """Write the pages of the realm in order, each with its date; facts learn where they are stated."""
        listings = {id(listing.page): listing for listing in self.listings}
        sources = {id(source.page): source for source in self.sources}
        order = list(self.graph.entities)
        Random(derive(self.seed, "order", self.number)).shuffle(order)
        for entity in order:
            random = Random(derive(self.seed, "page", entity.title))
            if entity.kind == "list":
                page = write_list(listings[id(entity)], random)
            elif entity.kind == "source":
                page = write_source(sources[id(entity)], random)
            else:
                page = write_page(entity, random)
            year = entity.start if entity.kind == "source" else random.randint(2003, 2005)
            yield page, f"{year:04d}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"

    def exports(self) -> list[Entity]:
        """Return stand-ins for the universities, at which people of later realms may study."""
        out: list[Entity] = []
        for university in self.graph.kind("university"):
            twin = Entity("university")
            twin.title, twin.name, twin.start, twin.foreign = university.title, university.name, university.start, True
            out.append(twin)
        return out
