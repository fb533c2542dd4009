"""Renaming: a permutation of rare tokens, the same all through a conversation, and the same whenever it comes."""

from __future__ import annotations

import numpy as np
import pytest

from tamsa.train.renaming import FREQUENT, Renaming

TOKENS = [
    f"{first}{a}{b}{c}" for first in ("X", "\u0120y") for a in "abcdefghij" for b in "abcdefghij" for c in "abcdefgh"
]
COUNTS = np.arange(len(TOKENS), 0, -1)


@pytest.fixture
def renaming() -> Renaming:
    return Renaming(TOKENS, COUNTS, 1.0, seed=3)


def test_rare_tokens_change_places_within_their_class_and_frequent_ones_stay(renaming: Renaming) -> None:
    ids = np.arange(len(TOKENS), dtype=np.uint16)
    renamed = renaming(ids, 7)
    assert renamed.dtype == ids.dtype
    assert sorted(renamed.tolist()) == ids.tolist()
    assert (renamed[:FREQUENT] == ids[:FREQUENT]).all()
    assert (renamed[FREQUENT:] != ids[FREQUENT:]).mean() > 0.9
    assert all(TOKENS[a][0] == TOKENS[b][0] for a, b in zip(ids, renamed, strict=True))


def test_what_was_equal_stays_equal_and_an_item_is_always_renamed_alike(renaming: Renaming) -> None:
    ids = np.random.default_rng(0).integers(0, len(TOKENS), 500).astype(np.uint16)
    renamed = renaming(ids, 11)
    assert ((ids[:, None] == ids) == (renamed[:, None] == renamed)).all()
    assert (renaming(ids, 11) == renamed).all()
    assert (renaming(ids, 12) != renamed).any()


def test_the_share_of_the_conversations_is_kept() -> None:
    half = Renaming(TOKENS, COUNTS, 0.5, seed=0)
    ids = np.arange(len(TOKENS))
    changed = sum(bool((half(ids, item) != ids).any()) for item in range(400))
    assert 160 < changed < 240
    assert not any((Renaming(TOKENS, COUNTS, 0.0, 0)(ids, item) != ids).any() for item in range(20))
