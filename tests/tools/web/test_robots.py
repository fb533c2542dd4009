from hypothesis import given
from hypothesis import strategies as st

from tamsa.tools.web.robots import matches, parse_robots


def test_longest_pattern_decides() -> None:
    robots = parse_robots("user-agent: *\ndisallow: /\nallow: /a\ndisallow: /a/b # note\nallow: /a/b$\nDisallow:\n")
    assert [robots.allows(path) for path in ("/", "/x", "/a", "/a/c", "/a/b", "/a/b/c")] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_group_that_names_us_replaces_the_one_for_everyone() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: Other\nUser-agent: Tamsa/1.0\nDisallow: /no\nCrawl-delay: 99\n"
    robots = parse_robots(text)
    assert robots.allows("/x")
    assert not robots.allows("/no")
    assert robots.crawl_delay_s == 10
    assert parse_robots("User-agent: tamsa\n\nUser-agent: *\nDisallow: /").allows("/x") is False


def test_patterns() -> None:
    for pattern, path, holds in (
        ("/a*c", "/abbbc/d", True),
        ("/a*c$", "/abc/d", False),
        ("/a*c$", "/abcc", True),
        ("*.pdf$", "/x/y.pdf", True),
        ("*.pdf$", "/x/y.pdf?z", False),
        ("/a**b", "/ab", True),
        ("/$", "/", True),
        ("/$", "/a", False),
        ("/ab*b$", "/ab", False),
    ):
        assert matches(pattern, path) is holds, (pattern, path)


class Counted(str):
    """A path that counts the characters which are looked at."""

    looked_at = 0

    def find(self, piece: str, start: int = 0) -> int:  # type: ignore[override]
        found = super().find(piece, start)
        Counted.looked_at += (len(self) if found < 0 else found + len(piece)) - start
        return found


def test_hostile_pattern_takes_linear_work() -> None:
    matches("/" + "a*" * 20_000 + "b$", Counted("/" + "a" * 50_000))
    matches("/" + "a*" * 20_000 + "c*" * 20_000, Counted("/" + "a" * 50_000))
    assert 20_000 <= Counted.looked_at <= 2 * 51_000


@given(st.text(max_size=300), st.text(max_size=50))
def test_any_text_is_read(text: str, path: str) -> None:
    parse_robots(text).allows("/" + path)
    parse_robots("user-agent: *\n" + "\n".join(f"disallow: {line}" for line in text.splitlines())).allows("/" + path)
