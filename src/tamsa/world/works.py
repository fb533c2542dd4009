"""Novels, films, albums and paintings: titles, makers, years."""

from __future__ import annotations

from tamsa.world.cultures import words
from tamsa.world.graph import Entity
from tamsa.world.making import Making, similar

_ADJECTIVES = words(
    """
    Silent Amber Hollow Crimson Distant Broken Patient Scarlet Quiet Restless Forgotten Golden Northern Borrowed
    Paper Glass Iron Copper Salted Wandering Second Last Narrow Painted Hidden Burning Frozen Velvet Blue Grey
    White Black Green Stolen Weightless Barefoot Midnight Early Late Stubborn Gentle Crooked Open Blind Tidal
    Winter Summer Autumn Silver Wooden Honest Unfinished Invisible Seventh Thirteenth Lower Upper Ruined Bitter
    Sweet Hungry Drowned Waking Ordinary Secret Divided Tender Solitary Windward Sleeping Foreign Faithful Perfect
    Wild Pale Ancient Vanishing
    """
)
_NOUNS = words(
    """
    Orchard Harbour Lantern Garden Clock Mirror River Bridge Staircase Letter Winter Violin Compass Meadow Tower
    Ferry Window Candle Archive Island Station Shoreline Cartographer Beekeeper Lighthouse Tailor Pilgrim
    Clockmaker Glacier Orchestra Inheritance Verdict Horizon Procession Alphabet Threshold Caravan Mountain Weaver
    Almanac Carousel Anchor Signal Harvest Border Corridor Cathedral Kingdom Daughter Witness Stranger Portrait
    Ledger Season Avalanche Choir Testament Frontier Crossing Ballad Sparrow Heron Falcon Lynx Salmon Thistle
    Juniper Willow Pavilion Labyrinth Prairie Quarry Vineyard Monsoon Tide Eclipse Ember Furnace Chapel Courtyard
    Departure Return Passage Refrain Interval Wager
    """
)
_PLURALS = words(
    """
    Sparrows Lanterns Ashes Mirrors Rivers Strangers Letters Bells Orchards Shadows Tides Harbours Promises Thorns
    Stones Voices Winters Brothers Sisters Wolves Herons Candles Ruins Maps Feathers Embers Roads Clouds Ghosts
    Secrets Footsteps Exiles Pilgrims Gardens Islands Bridges Windows Thistles Swallows Storms
    """
)
_ABSTRACT = words(
    """
    Silence Memory Patience Mercy Dust Salt Snow Rain Smoke Light Darkness Forgetting Leaving Summer Autumn Hunger
    Glass Honour Sorrow Distance Waiting Iron Water Fire Absence Justice Weather Gravity Solitude Grace
    """
)


def make_works(m: Making) -> None:
    """Make the works of a realm, each in its maker's lifetime."""
    _novels(m)
    _films(m)
    _albums(m)
    _paintings(m)


def work_title(m: Making, town: Entity | None) -> str:
    """Coin a title in plain words, or with the name of a town in it."""
    choose = m.choose
    roll = m.random.randrange(12)
    if roll < 4:
        return f"The {choose(_ADJECTIVES)} {choose(_NOUNS)}"
    if roll < 6:
        return f"The {choose(_NOUNS)} of {choose(_PLURALS)}"
    if roll == 6:
        return f"{choose(_PLURALS)} and {choose(_ABSTRACT)}"
    if roll == 7:
        return f"{choose(_ADJECTIVES)} {choose(_PLURALS)}"
    if roll == 8:
        return (
            f"A {choose(_NOUNS)} for the {choose(_NOUNS)}".replace("A A", "An A")
            .replace("A E", "An E")
            .replace("A I", "An I")
            .replace("A O", "An O")
        )
    if roll == 9:
        return f"The {choose(_NOUNS)} and the {choose(_NOUNS)}"
    if roll == 10 and town is not None:
        return choose(
            (
                f"The {choose(_NOUNS)} of {town.name}",
                f"{choose(_ABSTRACT)} in {town.name}",
                f"The Road to {town.name}",
                f"The Bells of {town.name}",
            )
        )
    return f"The {choose(_ADJECTIVES)} {choose(_NOUNS)} of {choose(_ABSTRACT)}"


def _title(m: Making, work: Entity, town: Entity | None) -> None:
    for _ in range(200):
        title = work_title(m, town)
        if m.names.names.claim(title):
            work.title = work.name = title
            return
    m.entitle(work, [f"{work_title(m, town)}, Part"])


def _novels(m: Making) -> None:
    for _ in range(m.plan.counts["novel"]):
        made = m.maker(("novelist", "novelist", "novelist", "journalist"))
        novel = m.graph.new("novel")
        town = m.choose(m.graph.kind("town"))
        _title(m, novel, town)
        if made is None:
            continue
        author, year = made
        novel.country, novel.start = author.country, year
        if m.maybe(0.97):
            m.fact(novel, "author", author)
        if m.maybe(0.95):
            m.fact(novel, "published", year)
        houses = [c for c in m.graph.kind("company") if c.sub == "book publishing" and c.start <= year]
        if houses and m.maybe(0.85):
            m.fact(novel, "publisher", m.choose(houses))
        if m.maybe(0.7):
            m.fact(novel, "set_in", town)
        _dedicate(m, novel, author, year)


def _dedicate(m: Making, work: Entity, maker: Entity, year: int) -> None:
    if m.maybe(0.3):
        friend = m.pick(
            (maker.sub, "politician", "naturalist", "composer"), year, oldest=90, country=maker.country, but=(maker,)
        )
        if friend:
            m.fact(work, "dedicated_to", friend)


def _films(m: Making) -> None:
    novels = [n for n in m.graph.kind("novel") if n.start]
    for _ in range(m.plan.counts["film"]):
        film = m.graph.new("film")
        made = m.maker(("film director",), earliest=1914)
        town = m.choose(m.graph.kind("town"))
        if made is None:
            _title(m, film, town)
            continue
        director, year = made
        film.country, film.start = director.country, year
        sources = [n for n in novels if n.start < year]
        novel = m.choose(sources) if sources and m.maybe(0.4) else None
        if novel is not None and m.maybe(0.4) and m.names.names.claim(f"{novel.name} (film)"):
            film.title, film.name = f"{novel.name} (film)", novel.name
            similar(film, novel)
        else:
            _title(m, film, town)
        if novel is not None:
            novels.remove(novel)  # a novel is filmed once, so that "the film of it" is one thing
            m.fact(film, "based_on", novel)
        if m.maybe(0.97):
            m.fact(film, "director", director)
        if m.maybe(0.95):
            m.fact(film, "released", year)
        m.fact(film, "running_time", m.random.randint(71, 188))
        but = [director]
        for name, who in (
            ("screenwriter", ("screenwriter", "novelist")),
            ("composer", ("composer", "musician")),
            ("starring", ("actor",)),
        ):
            person = m.pick(who, year, oldest=78, but=but)
            if person and m.maybe(0.85):
                but.append(person)
                m.fact(film, name, person)
        studios = [c for c in m.graph.kind("company") if c.sub == "film production" and c.start <= year]
        if studios and m.maybe(0.88):
            m.fact(film, "studio", m.choose(studios))
        if m.maybe(0.5):
            m.fact(film, "set_in", town)


def _albums(m: Making) -> None:
    for _ in range(m.plan.counts["album"]):
        album = m.graph.new("album")
        town = m.choose(m.graph.kind("town"))
        _title(m, album, town)
        made = m.maker(("musician",), earliest=1948)
        if made is None:
            continue
        artist, year = made
        album.country, album.start = artist.country, year
        m.fact(album, "artist", artist)
        if m.maybe(0.95):
            m.fact(album, "released", year)
        producer = m.pick(("record producer", "musician"), year, but=(artist,))
        if producer and m.maybe(0.8):
            m.fact(album, "producer", producer)
        labels = [c for c in m.graph.kind("company") if c.sub == "music recording" and c.start <= year]
        if labels and m.maybe(0.9):
            m.fact(album, "label", m.choose(labels))
        if m.maybe(0.8):
            m.fact(album, "recorded_in", town)
        _dedicate(m, album, artist, year)


def _paintings(m: Making) -> None:
    sights = m.graph.kind("mountain") + m.graph.kind("river") + m.graph.kind("town")
    museums = [b for b in m.graph.kind("building") if b.sub == "museum"]
    for _ in range(m.plan.counts["painting"]):
        painting = m.graph.new("painting")
        made = m.maker(("painter",))
        sight = m.choose(sights)
        if m.maybe(0.4):
            view = m.choose(("View of", "Evening at", "Morning at", "Storm over", "First Snow at", "Market Day near"))
            m.entitle(
                painting,
                [
                    f"{view} {sight.name}",
                    *(f"{a} Light at {sight.name}" for a in ("Evening", "Grey", "Winter", "Last")),
                ],
            )
        else:
            _title(m, painting, None)
        if made is None:
            continue
        painter, year = made
        bridges = [b for b in m.graph.kind("bridge") if b.start < year]
        if not painting.title.endswith(sight.name) and bridges and m.maybe(0.25):
            sight = m.choose(bridges)
        painting.country, painting.start = painter.country, year
        if m.maybe(0.96):
            m.fact(painting, "painter", painter)
        if m.maybe(0.93):
            m.fact(painting, "painted", year)
        if m.maybe(0.85):
            m.fact(painting, "depicts", sight)
        if museums and m.maybe(0.9):
            m.fact(painting, "held_by", m.choose(museums))
