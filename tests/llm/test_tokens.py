"""The token estimate: from above on ordinary text, additive enough to budget with, never failing."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tamsa.llm.tokens import estimate_prompt, estimate_tokens
from tamsa.types import Message

ENGLISH = (
    "The Kunsthaus, opened in 1910 near Heimplatz, holds 4,000 paintings; its director (since 2019) "
    "announced on 3 May that the north wing will close for repairs lasting eighteen months. "
)


def test_is_above_the_pieces_of_english():
    # words, each number by three digits and each punctuation mark: what the usual tokenizers make at the least
    pieces = re.findall(r"[A-Za-z]+|\d{1,3}|[^\w\s]", ENGLISH)
    assert len(pieces) <= estimate_tokens(ENGLISH) <= len(ENGLISH) / 2


@given(st.text(max_size=2_000), st.text(max_size=300))
def test_grows_with_the_text_and_is_bounded_by_its_bytes(first, second):
    joined = estimate_tokens(first + second)
    assert max(estimate_tokens(first), estimate_tokens(second)) <= joined
    assert joined <= estimate_tokens(first) + estimate_tokens(second) + 1
    assert joined <= len((first + second).encode("utf-8", "replace")) + 1


def test_short_and_long_ways_agree():
    assert abs(estimate_tokens("ab, 12\n" * 40) - 40 * estimate_tokens("ab, 12\n" * 10) / 10) <= 40
    assert estimate_tokens("") == 0 and estimate_tokens("\ud800") >= 1


def test_prompt_counts_every_part():
    plain = estimate_prompt([Message("user", "hello")])
    assert estimate_prompt([Message("user", "hello"), Message("assistant", "")]) > plain
