"""Columns of tables in words. A header that is not here is never asked about: most read badly or mean too little."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tamsa.synthesis.wording.saying import Asked


@dataclass(frozen=True, slots=True)
class Column:
    """One kind of column: its noun, and what its value says of the thing in the row (`{V}` is the value)."""

    noun: str
    asked: Asked
    clauses: tuple[str, ...]
    """After the noun of the row: `from {V}`, `directed by {V}`."""
    most: tuple[str, ...] = ()
    """For the largest value: `with the largest capacity`."""
    least: tuple[str, ...] = ()
    more: str = ""
    """For values above a bound: `with a capacity of more than {V}`."""
    fewer: str = ""


_COLUMNS: dict[str, Column] = {}


def _add(
    headers: str,
    noun: str,
    asked: Asked,
    clauses: str,
    most: str = "",
    least: str = "",
    more: str = "",
    fewer: str = "",
) -> None:
    parts = [tuple(part.strip() for part in text.split("|") if part.strip()) for text in (clauses, most, least)]
    for header in headers.split("|"):
        _COLUMNS[header.strip()] = Column(noun, asked, parts[0], parts[1], parts[2], more, fewer)


_add("player|players", "player", "person", "with {V} as the player")
_add("team|current team|teams", "team", "organisation", "with {V} as the team|whose team is {V}")
_add("club|current club|clubs", "club", "organisation", "whose club is {V}|with {V} as the club")
_add("location|place|locale", "location", "place", "located in {V}|in {V}")
_add("city|city served|home city", "city", "place", "in {V}|in the city of {V}")
_add("city or town|town|municipality", "town", "place", "in {V}")
_add("country|nation", "country", "place", "from {V}|with {V} as the country")
_add("state|province", "state", "place", "in {V}")
_add("county", "county", "place", "in {V}")
_add("region", "region", "place", "in {V}")
_add("district", "district", "place", "in the district of {V}")
_add("island", "island", "place", "on {V}")
_add("nationality", "nationality", "text", "whose nationality is given as {V}")
_add("position|pos", "position", "text", "with the position {V}")
_add("stadium|arena", "stadium", "place", "that plays at {V}|with {V} as the stadium")
_add("ground|home ground", "home ground", "place", "that plays at {V}|with {V} as the home ground")
_add("venue", "venue", "place", "held at {V}|with {V} as the venue")
_add("sport", "sport", "thing", "in {V}|for {V}")
_add("event", "event", "thing", "in the {V} event")
_add("medal", "medal", "text", "with a {V} medal")
_add("winner|winners", "winner", "person", "won by {V}|with {V} as the winner")
_add("champion|champions", "champion", "person", "won by {V}|with {V} as the champion")
_add("runner-up|runners-up", "runner-up", "person", "with {V} as the runner-up|in which {V} came second")
_add("director|directed by", "director", "person", "directed by {V}|whose director is {V}")
_add("artist|performer", "artist", "person", "by {V}|performed by {V}")
_add("author", "author", "person", "by {V}|written by {V}")
_add("writer", "writer", "person", "written by {V}")
_add("producer", "producer", "person", "produced by {V}")
_add("composer", "composer", "person", "composed by {V}")
_add("publisher", "publisher", "organisation", "published by {V}")
_add("developer", "developer", "organisation", "developed by {V}")
_add("studio", "studio", "organisation", "from the studio {V}")
_add("label|record label", "label", "organisation", "released on {V}")
_add("network", "network", "organisation", "on the network {V}")
_add("character", "character", "thing", "with {V} as the character")
_add("genre", "genre", "text", "in the genre {V}")
_add("language", "language", "thing", "in {V}|with {V} as the language")
_add("original title", "original title", "text", "with the original title {V}")
_add("album", "album", "work", "from the album {V}")
_add("film", "film", "work", "for the film {V}")
_add("song", "song", "work", "with the song {V}")
_add("school|high school", "school", "organisation", "from {V}|whose school is {V}")
_add("college|university|institution", "college", "organisation", "from {V}|whose college is {V}")
_add("party", "party", "organisation", "of the party {V}|whose party is {V}")
_add("driver", "driver", "person", "driven by {V}|with {V} as the driver")
_add("constructor", "constructor", "organisation", "with {V} as the constructor")
_add("manufacturer|builder", "manufacturer", "organisation", "made by {V}|built by {V}")
_add("operator", "operator", "organisation", "operated by {V}")
_add("owner", "owner", "organisation", "owned by {V}")
_add("manager|head coach|coach", "coach", "person", "coached by {V}")
_add("captain", "captain", "person", "captained by {V}")
_add("architect", "architect", "person", "designed by {V}")
_add("sculptor", "sculptor", "person", "by the sculptor {V}")
_add("river", "river", "place", "on {V}|with {V} as the river")
_add("source", "source", "place", "with its source at {V}")
_add("capital", "capital", "place", "whose capital is {V}")
_add("headquarters", "headquarters", "place", "with headquarters in {V}")
_add("hometown|home town", "home town", "place", "from {V}|whose home town is {V}")
_add("residence", "residence", "place", "living in {V}")
_add("league", "league", "organisation", "in the {V} league")
_add("conference", "conference", "organisation", "in the {V} conference")
_add("division", "division", "organisation", "in the division {V}")
_add("nickname", "nickname", "text", "nicknamed {V}")
_add("profession|occupation", "profession", "text", "whose profession is given as {V}")
_add("opponent", "opponent", "thing", "against {V}")
_add("host", "host", "thing", "hosted by {V}")
_add("named after", "namesake", "thing", "named after {V}")
_add("race|grand prix", "race", "thing", "with {V} as the race")
_add("tournament|competition", "tournament", "thing", "at {V}|with {V} as the tournament")
_add("iata", "IATA code", "text", "with the IATA code {V}")
_add("icao", "ICAO code", "text", "with the ICAO code {V}")
_add("frequency", "frequency", "text", "with the frequency {V}")
_add("call sign|callsign|call letters", "call sign", "text", "with the call sign {V}")
_add("role", "role", "text", "with the role {V}")
_add("status", "status", "text", "with the status “{V}”")
_add("family", "family", "thing", "of the family {V}")
_add(
    "year|season",
    "year",
    "date",
    "of {V}|listed for {V}",
    "that is the most recent",
    "that is the earliest",
    "dated after {V}",
    "dated before {V}",
)
_add(
    "date|release date|released",
    "date",
    "date",
    "dated {V}",
    "with the latest date",
    "with the earliest date",
    "dated after {V}",
    "dated before {V}",
)
_add(
    "founded|established",
    "founding date",
    "date",
    "founded in {V}",
    "that was founded last",
    "that was founded first|that is the oldest",
    "founded after {V}",
    "founded before {V}",
)
_add(
    "opened|year opened",
    "opening date",
    "date",
    "opened in {V}",
    "that opened last",
    "that opened first",
    "opened after {V}",
    "opened before {V}",
)
_add(
    "built|completed|year completed",
    "year of building",
    "date",
    "built in {V}",
    "that was built last",
    "that was built first",
    "built after {V}",
    "built before {V}",
)
_add(
    "closed",
    "closing date",
    "date",
    "closed in {V}",
    "that closed last",
    "that closed first",
    "closed after {V}",
    "closed before {V}",
)
_add(
    "date listed",
    "listing date",
    "date",
    "listed on {V}",
    "that was listed last",
    "that was listed first",
    "listed after {V}",
    "listed before {V}",
)
_add(
    "joined",
    "year of joining",
    "date",
    "that joined in {V}",
    "that joined last",
    "that joined first",
    "that joined after {V}",
    "that joined before {V}",
)
_add("born", "date of birth", "date", "born on {V}", "born last", "born first", "born after {V}", "born before {V}")
_add(
    "from",
    "first year",
    "date",
    "beginning in {V}",
    "with the latest beginning",
    "with the earliest beginning",
    "beginning after {V}",
    "beginning before {V}",
)
_add(
    "capacity|stadium capacity",
    "capacity",
    "number",
    "with a capacity of {V}",
    "with the largest capacity",
    "with the smallest capacity",
    "with a capacity of more than {V}",
    "with a capacity of less than {V}",
)
_add(
    "population",
    "population",
    "number",
    "with a population of {V}",
    "with the largest population|with the most inhabitants",
    "with the smallest population",
    "with more than {V} inhabitants",
    "with fewer than {V} inhabitants",
)
_add(
    "area",
    "area",
    "number",
    "with an area of {V}",
    "with the largest area",
    "with the smallest area",
    "with an area of more than {V}",
    "with an area of less than {V}",
)
_add(
    "length",
    "length",
    "number",
    "with a length of {V}",
    "that is the longest",
    "that is the shortest",
    "longer than {V}",
    "shorter than {V}",
)
_add(
    "height|elevation",
    "height",
    "number",
    "with a height of {V}",
    "with the greatest height",
    "with the smallest height",
    "with a height of more than {V}",
    "with a height of less than {V}",
)
_add(
    "floors|storeys",
    "number of floors",
    "number",
    "with {V} floors",
    "with the most floors",
    "with the fewest floors",
    "with more than {V} floors",
    "with fewer than {V} floors",
)
_add(
    "enrollment",
    "enrollment",
    "number",
    "with an enrollment of {V}",
    "with the largest enrollment",
    "with the smallest enrollment",
    "with an enrollment of more than {V}",
    "with an enrollment of less than {V}",
)
_add(
    "goals",
    "number of goals",
    "number",
    "with {V} goals",
    "with the most goals",
    "",
    "with more than {V} goals",
    "with fewer than {V} goals",
)
_add(
    "appearances|apps",
    "number of appearances",
    "number",
    "with {V} appearances",
    "with the most appearances",
    "",
    "with more than {V} appearances",
    "with fewer than {V} appearances",
)
_add(
    "points|total points|pts",
    "number of points",
    "number",
    "with {V} points",
    "with the most points",
    "with the fewest points",
    "with more than {V} points",
    "with fewer than {V} points",
)
_add(
    "age",
    "age",
    "number",
    "aged {V}",
    "that is the oldest",
    "that is the youngest",
    "older than {V}",
    "younger than {V}",
)
_add(
    "attendance|total attendance",
    "attendance",
    "number",
    "with an attendance of {V}",
    "with the highest attendance",
    "with the lowest attendance",
    "with an attendance of more than {V}",
    "with an attendance of less than {V}",
)
_add(
    "average attendance",
    "average attendance",
    "number",
    "with an average attendance of {V}",
    "with the highest average attendance",
    "with the lowest average attendance",
    "with an average attendance of more than {V}",
    "with an average attendance of less than {V}",
)
_add(
    "votes",
    "number of votes",
    "number",
    "with {V} votes",
    "with the most votes",
    "with the fewest votes",
    "with more than {V} votes",
    "with fewer than {V} votes",
)
_add("rank", "rank", "number", "ranked number {V}")
_add("round", "round", "number", "in round {V}")
_add("pick", "pick", "number", "taken with pick number {V}")
_add("number", "number", "number", "with number {V}")
_add(
    "wins",
    "number of wins",
    "number",
    "with {V} wins",
    "with the most wins",
    "",
    "with more than {V} wins",
    "with fewer than {V} wins",
)
_add(
    "titles",
    "number of titles",
    "number",
    "with {V} titles",
    "with the most titles",
    "",
    "with more than {V} titles",
    "with fewer than {V} titles",
)
_add(
    "gold",
    "number of gold medals",
    "number",
    "with {V} gold medals",
    "with the most gold medals",
    "",
    "with more than {V} gold medals",
    "with fewer than {V} gold medals",
)
_add(
    "passengers|total passengers",
    "number of passengers",
    "number",
    "with {V} passengers",
    "with the most passengers",
    "with the fewest passengers",
    "with more than {V} passengers",
    "with fewer than {V} passengers",
)
_add(
    "1901|1931|1961|1991",
    "population",
    "number",
    "with {V} inhabitants",
    "with the most inhabitants",
    "with the fewest inhabitants",
    "with more than {V} inhabitants",
    "with fewer than {V} inhabitants",
)

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
