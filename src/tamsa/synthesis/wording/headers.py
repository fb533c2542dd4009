"""Headers of tables that are known. Others are never asked about: most read badly or mean too little."""

from __future__ import annotations

import re

from tamsa.synthesis.wording.columns import Column, Entry, counted, dated, measured, named

_NAMES: tuple[Entry, ...] = (
    named("team|current team|teams", "team", "organisation", "whose team is {V}"),
    named("club|current club|clubs", "club", "organisation", "whose club is {V}"),
    named("location|place|locale", "location", "place", "located in {V}|in {V}"),
    named("city|city served|home city", "city", "place", "in {V}|in the city of {V}"),
    named("city or town|town|municipality", "town", "place", "in {V}"),
    named("country|nation", "country", "place", "from {V}"),
    named("state|province", "state", "place", "in {V}"),
    named("county", "county", "place", "in {V}"),
    named("region", "region", "place", "in {V}"),
    named("district", "district", "place", "in the district of {V}"),
    named("island", "island", "place", "on {V}"),
    named("nationality", "nationality", "text", "whose nationality is {V}"),
    named("position|pos", "position", "text", "whose position is {V}"),
    named("stadium|arena", "stadium", "place", "that plays at {V}"),
    named("ground|home ground", "home ground", "place", "that plays at {V}"),
    named("venue", "venue", "place", "held at {V}"),
    named("sport", "sport", "thing", "in {V}|for {V}"),
    named("event", "event", "thing", "in the {V} event"),
    named("medal", "medal", "text", "with a {V} medal"),
    named("winner|winners", "winner", "person", "won by {V}|whose winner was {V}"),
    named("champion|champions", "champion", "person", "won by {V}|whose champion was {V}"),
    named("runner-up|runners-up", "runner-up", "person", "in which {V} came second"),
    named("director|directed by", "director", "person", "directed by {V}|whose director is {V}"),
    named("artist|performer", "artist", "person", "by {V}|performed by {V}"),
    named("author", "author", "person", "by {V}|written by {V}"),
    named("writer", "writer", "person", "written by {V}"),
    named("producer", "producer", "person", "produced by {V}"),
    named("composer", "composer", "person", "composed by {V}"),
    named("publisher", "publisher", "organisation", "published by {V}"),
    named("developer", "developer", "organisation", "developed by {V}"),
    named("studio", "studio", "organisation", "from the studio {V}"),
    named("label|record label", "label", "organisation", "released on {V}"),
    named("network", "network", "organisation", "on the network {V}"),
    named("character", "character", "thing", "whose character is {V}"),
    named("genre", "genre", "text", "in the genre {V}"),
    named("language", "language", "thing", "in {V}|whose language is {V}"),
    named("original title", "original title", "text", "with the original title {V}"),
    named("album", "album", "work", "from the album {V}"),
    named("film", "film", "work", "for the film {V}"),
    named("song", "song", "work", "with the song {V}"),
    named("school|high school", "school", "organisation", "from {V}|whose school is {V}"),
    named("college|university|institution", "college", "organisation", "from {V}|whose college is {V}"),
    named("party", "party", "organisation", "of the party {V}|whose party is {V}"),
    named("driver", "driver", "person", "driven by {V}"),
    named("constructor", "constructor", "organisation", "whose constructor is {V}"),
    named("manufacturer|builder", "manufacturer", "organisation", "made by {V}|built by {V}"),
    named("operator", "operator", "organisation", "operated by {V}"),
    named("owner", "owner", "organisation", "owned by {V}"),
    named("manager|head coach|coach", "coach", "person", "coached by {V}"),
    named("captain", "captain", "person", "captained by {V}"),
    named("architect", "architect", "person", "designed by {V}"),
    named("sculptor", "sculptor", "person", "by the sculptor {V}"),
    named("river", "river", "place", "on {V}|whose river is {V}"),
    named("source", "source", "place", "with its source at {V}"),
    named("capital", "capital", "place", "whose capital is {V}"),
    named("headquarters", "headquarters", "place", "with headquarters in {V}"),
    named("hometown|home town", "home town", "place", "from {V}|whose home town is {V}"),
    named("residence", "residence", "place", "living in {V}"),
    named("league", "league", "organisation", "in the {V} league"),
    named("conference", "conference", "organisation", "in the {V} conference"),
    named("division", "division", "organisation", "in the division {V}"),
    named("nickname", "nickname", "text", "nicknamed {V}"),
    named("profession|occupation", "profession", "text", "whose profession is {V}"),
    named("opponent", "opponent", "thing", "against {V}"),
    named("host", "host", "thing", "hosted by {V}"),
    named("named after", "namesake", "thing", "named after {V}"),
    named("race|grand prix", "race", "thing", "whose race is {V}"),
    named("tournament|competition", "tournament", "thing", "listed for the tournament {V}"),
    named("iata", "IATA code", "text", "with the IATA code {V}"),
    named("icao", "ICAO code", "text", "with the ICAO code {V}"),
    named("frequency", "frequency", "text", "with the frequency {V}"),
    named("call sign|callsign|call letters", "call sign", "text", "with the call sign {V}"),
    named("role", "role", "text", "in the role of {V}"),
    named("status", "status", "text", "with the status “{V}”"),
    named("family", "family", "thing", "of the family {V}"),
    named("rank", "rank", "number", "ranked number {V}"),
    named("round", "round", "number", "in round {V}"),
    named("pick", "pick", "number", "taken with pick number {V}"),
    named("number", "number", "number", "with number {V}"),
)
_DATES: tuple[Entry, ...] = (
    dated(
        "year|season",
        "year",
        "dated",
        "of {V}|listed for {V}",
        "listed for the latest year",
        "listed for the earliest year",
    ),
    dated("date|release date|released", "date", "dated", "dated {V}", "with the latest date", "with the earliest date"),
    dated(
        "founded|established",
        "founding date",
        "founded",
        "founded in {V}",
        "that was founded last",
        "that was founded first|that is the oldest",
    ),
    dated("opened|year opened", "opening date", "opened", "opened in {V}", "that opened last", "that opened first"),
    dated(
        "built|completed|year completed",
        "year of building",
        "built",
        "built in {V}",
        "that was built last",
        "that was built first",
    ),
    dated("closed", "closing date", "closed", "closed in {V}", "that closed last", "that closed first"),
    dated("date listed", "listing date", "listed", "listed on {V}", "that was listed last", "that was listed first"),
    dated("joined", "year of joining", "that joined", "that joined in {V}", "that joined last", "that joined first"),
    dated("born", "date of birth", "born", "born on {V}", "born last", "born first"),
)


def _inhabitants(year: str) -> Entry:
    """Make a column of the inhabitants in a year of a census."""
    return year, Column(
        f"population in {year}",
        "number",
        (f"with {{V}} inhabitants in {year}",),
        (f"with the most inhabitants in {year}",),
        (f"with the fewest inhabitants in {year}",),
        f"with more than {{V}} inhabitants in {year}",
        f"with fewer than {{V}} inhabitants in {year}",
    )


_NUMBERS: tuple[Entry, ...] = (
    measured("capacity|stadium capacity", "capacity"),
    measured("area", "area"),
    measured("height|elevation", "height", "greatest"),
    measured("enrollment", "enrollment"),
    measured("attendance|total attendance", "attendance", "highest", "lowest"),
    measured("average attendance", "average attendance", "highest", "lowest"),
    counted("floors|storeys", "floors"),
    counted("goals", "goals", fewest=False),
    counted("appearances|apps", "appearances", fewest=False),
    counted("points|total points|pts", "points"),
    counted("votes", "votes"),
    counted("wins", "wins", fewest=False),
    counted("titles", "titles", fewest=False),
    counted("gold", "gold medals", fewest=False),
    counted("passengers|total passengers", "passengers"),
    (
        "population",
        Column(
            "population",
            "number",
            ("with a population of {V}",),
            ("with the largest population", "with the most inhabitants"),
            ("with the smallest population",),
            "with more than {V} inhabitants",
            "with fewer than {V} inhabitants",
        ),
    ),
    *map(_inhabitants, ("1901", "1931", "1961", "1991")),
    (
        "length",
        Column(
            "length",
            "number",
            ("with a length of {V}",),
            ("that is the longest",),
            ("that is the shortest",),
            "longer than {V}",
            "shorter than {V}",
        ),
    ),
    (
        "age",
        Column(
            "age",
            "number",
            ("aged {V}",),
            ("that is the oldest",),
            ("that is the youngest",),
            "older than {V}",
            "younger than {V}",
        ),
    ),
)
_COLUMNS = {header: column for headers, column in (*_NAMES, *_DATES, *_NUMBERS) for header in headers.split("|")}

ROWS = frozenset(
    """player team club film album song artist driver stadium venue arena ship station river bridge mountain building
    airport school college university church event tournament race award winner candidate company band character
    species language island lake park district county municipality town village city country athlete swimmer cyclist
    gymnast skater horse jockey actor actress author book novel game newspaper magazine program series episode festival
    museum castle tower dam tunnel road highway railway line locomotive aircraft battle party member senator governor
    mayor minister president coach manager publisher developer manufacturer institution organisation organization
    peak volcano glacier crater moon asteroid satellite mission casino hotel hospital library mall theatre theater
    single""".split()
)
"""Headers of the row's own column that are good nouns for what the rows are about."""
_UNIT = re.compile(r"\s*\(\s*([^()]*?)\s*\)\s*$")


def column_of(header: str) -> Column | None:
    """Return the words for a header, None for one that is not known. `Length (km)` is `length`."""
    text = " ".join(header.casefold().split())
    if text in _COLUMNS:
        return _COLUMNS[text]
    bare = _UNIT.sub("", text)
    return _COLUMNS.get(bare)


def unit_of(header: str) -> str:
    """Return the unit that a header gives, or the empty string."""
    match = _UNIT.search(header)
    unit = match[1] if match else ""
    return unit if unit in ("m", "km", "ft", "mi", "km²", "sq mi", "ha", "kg", "tons", "min") else ""
