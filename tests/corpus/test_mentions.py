"""Titles are found in texts by general rules."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.corpus.catalog import Catalog, Entry
from tamsa.corpus.documents import key_of
from tamsa.corpus.mentions import find_mentions, find_title
from tamsa.errors import CorruptError


def catalog(*titles: str) -> Catalog:
    return Catalog.empty().changed({key_of(title): Entry(title, title, 1, 1) for title in titles})


def found(titles: list[str], text: str) -> list[str]:
    mentions = find_mentions(catalog(*titles), text)
    for mention in mentions:
        assert mention.id == mention.title
    return [mention.id for mention in mentions]


CITIES = ["New York", "New York City", "York", "Paris", "Saint-Étienne", "The Beatles", "iPhone", "Washington, D.C."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He moved to New York City in spring.", ["New York City"]),
        ("He moved to New York in spring.", ["New York"]),
        ("He left York for Paris, then New York.", ["York", "Paris", "New York"]),
        ("She was born in Saint-Etienne.", ["Saint-Étienne"]),
        ("a song of the Beatles", ["The Beatles"]),
        ("the Beatles' first record", ["The Beatles"]),
        ("Beatles songs", ["The Beatles"]),
        ("Paris's mayor", ["Paris"]),
        ("the iPhone was new", ["iPhone"]),
        ("the iphone was new", []),
        ("in Washington, D.C., and elsewhere", ["Washington, D.C."]),
        ("in paris", []),
        ("They saw New. York was far.", ["York"]),
    ],
)
def test_mentions_are_the_longest_known_titles_in_order(text: str, expected: list[str]) -> None:
    assert found(CITIES, text) == expected


def test_offsets_point_at_the_text_as_written() -> None:
    text = "Zoë met E\u0301tienne  Marcel — and Étienne Marcel!"
    mentions = find_mentions(catalog("Etienne Marcel"), text)
    assert [text[m.start : m.end] for m in mentions] == ["E\u0301tienne  Marcel", "Étienne Marcel"]


@pytest.mark.parametrize(
    "text", ["The end. It was 1984. A is for apple.", "However, it rained in 1984.", "What is it?"]
)
def test_common_words_years_and_letters_are_no_names(text: str) -> None:
    assert found(["The", "It", "1984", "A", "However", "What", "Apple"], text) == []


def test_a_common_word_is_a_name_where_it_is_capitalised_inside_a_sentence() -> None:
    titles = ["Apple", "Music"]
    assert found(titles, "He works for Apple now.") == ["Apple"]
    assert found(titles, "He ate an apple.") == []
    assert found(titles, "Apple trees bloom. An apple falls.") == []
    assert found(titles, "Music is loud.") == []


def test_a_rare_word_is_a_name_at_the_start_of_a_sentence() -> None:
    assert found(["Borussia"], "They met. Borussia won.") == ["Borussia"]


def test_a_name_of_stop_words_needs_its_capitals() -> None:
    assert found(["The Who"], "They like The Who and others.") == ["The Who"]
    assert found(["The Who"], "He is the who of it.") == []


def test_questions_without_capitals_name_titles_of_several_words() -> None:
    assert found(["New York City", "Paris"], "who was mayor of new york city") == ["New York City"]


def test_qualified_titles_are_named_without_their_qualifier() -> None:
    assert found(["Lilu (mythology)"], "the demon Lilu appears") == ["Lilu (mythology)"]
    assert found(["Lilu (mythology)", "Lilu"], "the demon Lilu appears") == ["Lilu"]
    assert found(["Lilu (mythology)", "Lilu"], "In mythology, the demon Lilu appears") == ["Lilu", "Lilu (mythology)"]


def test_of_many_that_share_a_name_the_best_few_are_named() -> None:
    titles = [f"Mercury ({what})" for what in ("planet", "element", "mythology", "band", "film")]
    assert found(titles, "the planet Mercury is small")[0] == "Mercury (planet)"
    assert len(found(titles, "about Mercury")) == 3
    spans = {(m.start, m.end) for m in find_mentions(catalog(*titles), "about Mercury")}
    assert spans == {(6, 13)}


def test_a_place_is_named_without_its_state_only_where_the_text_speaks_of_it() -> None:
    titles = ["Springfield, Illinois", "Springfield, Ohio"]
    assert found(titles, "a house in Springfield") == []
    assert found(titles, "Ohio is large; a house in Springfield") == ["Springfield, Ohio"]


def test_scripts_without_spaces_are_searched_inside_runs() -> None:
    text = "彼は東京に住んでいる。서울에서 왔다."
    mentions = find_mentions(catalog("東京", "서울"), text)
    assert [text[m.start : m.end] for m in mentions] == ["東京", "서울"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("new  york", ["New York"]),
        ("NEW_YORK", ["New York"]),
        ("beatles", ["The Beatles"]),
        ("The Paris", ["Paris"]),
        ("saint etienne", ["Saint-Étienne"]),
        ("Paris (city)", []),
        ("", []),
        ("(", []),
    ],
)
def test_titles_are_found_whatever_their_case_spacing_and_diacritics(asked: str, expected: list[str]) -> None:
    assert find_title(catalog(*CITIES), asked) == expected


def test_a_title_of_signs_is_found() -> None:
    assert find_title(catalog("!!!", "$9.99"), "!!!") == ["!!!"]
    assert find_title(catalog("!!!", "$9.99"), "$9.99") == ["$9.99"]


def test_an_exact_title_hides_the_qualified_ones() -> None:
    known = catalog("Lilu", "Lilu (mythology)", "LILU")
    assert find_title(known, "Lilu") == ["Lilu", "LILU"]
    assert find_title(catalog("Lilu (mythology)"), "lilu") == ["Lilu (mythology)"]


NAMES = st.lists(st.text(alphabet="AaBbé .-(),", min_size=1, max_size=12), min_size=1, max_size=12, unique=True)


@given(NAMES, st.text(alphabet="AaBbé .-(),\n", max_size=80))
def test_mentions_never_overlap_and_lie_in_the_text(titles: list[str], text: str) -> None:
    spans = sorted({(m.start, m.end) for m in find_mentions(catalog(*titles), text)})
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.integers(0, 30), st.none() | st.integers(1, 9), max_size=8), max_size=6))
def test_changes_give_the_same_catalog_as_building_at_once(steps: list[dict[int, int | None]]) -> None:
    stepwise, model = Catalog.empty(), {}
    for step in steps:
        entries = {
            key_of(str(i)): None if v is None else Entry(str(i), f"Title {i % 7} (no {v})", v, v)
            for i, v in step.items()
        }
        stepwise = stepwise.changed(entries)
        for key, entry in entries.items():
            model.pop(key, None)
            if entry is not None:
                model[key] = entry
    at_once = Catalog.empty().changed(model)
    assert stepwise.num_documents == at_once.num_documents == len(model)
    assert stepwise.num_chunks == at_once.num_chunks
    for key, entry in model.items():
        row = stepwise.row(key)
        assert (stepwise.id(row), stepwise.title(row), stepwise.content(row)) == (entry.id, entry.title, entry.content)
        assert stepwise.key(row) == key
    assert sorted(stepwise.ids()) == sorted(at_once.ids())
    for i in range(7):
        assert find_title(stepwise, f"title {i}") == find_title(at_once, f"title {i}")


def test_rows_of_many_keys_agree_with_rows_of_one() -> None:
    known = catalog(*(f"Title {i}" for i in range(200)))
    keys = [key_of(f"Title {i}") for i in range(0, 400, 3)]
    pairs = np.array([struct.unpack("<QQ", key) for key in keys], np.uint64)
    assert known.rows(pairs[:, 0], pairs[:, 1]).tolist() == [known.row(key) for key in keys]


def test_a_saved_catalog_is_the_same_and_damage_is_noticed(tmp_path: Path) -> None:
    known = catalog(*CITIES)
    known.save(tmp_path / "c.bin")
    again = Catalog.load(tmp_path / "c.bin")
    assert list(again.ids()) == list(known.ids())
    assert find_title(again, "paris") == ["Paris"]
    data = bytearray((tmp_path / "c.bin").read_bytes())
    for spoiled in (data[:10], b"", data[:-5], bytes(data[:60]) + b"\xff" + bytes(data[61:]), b"x" * len(data)):
        (tmp_path / "c.bin").write_bytes(spoiled)
        with pytest.raises(CorruptError, match="build it anew"):
            Catalog.load(tmp_path / "c.bin")
