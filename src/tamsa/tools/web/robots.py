"""The wishes of a site for programs that read it: robots.txt (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass

AGENT = "tamsa"
"""The name under which a robots.txt may address this program."""
MAX_BYTES = 512_000
_MAX_RULES = 5_000
_MAX_CRAWL_DELAY_S = 10.0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that hold for this program."""

    rules: tuple[tuple[bool, str], ...] = ()
    """`(allowed, pattern)`, as written."""
    crawl_delay_s: float = 0.0

    def allows(self, path: str) -> bool:
        """Say whether a path with its query may be read: the longest pattern decides, on a tie the one that allows."""
        best = (0, True)
        for allowed, pattern in self.rules:
            if pattern and matches(pattern, path):
                best = max(best, (len(pattern), allowed))
        return best[1]


ALLOW_ALL = Robots()
DENY_ALL = Robots(rules=((False, "/"),))


def matches(pattern: str, path: str) -> bool:
    """Say whether a pattern with `*` and a final `$` holds for a path, in linear time."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    at = len(first)
    *middle, last = rest
    for piece in middle:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if anchored:
        return path.endswith(last) and len(path) - len(last) >= at
    return path.find(last, at) >= 0


def parse_robots(text: str) -> Robots:
    """Read a robots.txt: the groups that name this program, else those for everyone."""
    own: list[tuple[bool, str]] = []
    everyone: list[tuple[bool, str]] = []
    delays = {True: 0.0, False: 0.0}
    named = False  # some group names this program
    agents: set[str] = set()
    in_rules = False
    for line in text.lstrip("\ufeff").splitlines():
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            if in_rules:
                agents, in_rules = set(), False
            agents.add(value.lower().partition("/")[0].strip())
            named = named or AGENT in agents
            continue
        mine = AGENT in agents
        if field in ("allow", "disallow"):
            in_rules = True
            rules = own if mine else everyone
            if (mine or "*" in agents) and len(rules) < _MAX_RULES:
                rules.append((field == "allow", value))
        elif field == "crawl-delay":
            in_rules = True
            if mine or "*" in agents:
                delays[mine] = _delay(value)
    return Robots(tuple(own if named else everyone), delays[named])


def _delay(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _MAX_CRAWL_DELAY_S) if seconds == seconds else 0.0
