"""Question files: read strictly, every mistake named by line, field and way out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamsa.errors import InputError
from tamsa.eval.questions import Question, digest, folder_names, read_questions

GOOD = {"id": "q1", "question": "Who?", "answers": ["Ada"], "supporting_titles": ["Ada Lovelace"], "type": "bridge"}


def write(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines), encoding="utf-8")
    return path


def test_reads_questions_with_and_without_the_optional_fields(tmp_path):
    path = write(
        tmp_path, "\ufeff" + json.dumps(GOOD), "", {"id": "2", "question": "W?", "answers": ["a", "b"], "table_id": 3}
    )
    first, second = read_questions(path)
    assert first == Question("q1", "Who?", ("Ada",), ("Ada Lovelace",), "bridge")
    assert second == Question("2", "W?", ("a", "b"))
    assert read_questions(write(tmp_path, {**GOOD, "kind": "chain"}))[0].kind == "chain"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{nope", ["line 2", "not JSON"]),
        ("[1]", ["line 2", "list"]),
        ("[" * 100_000, ["line 2", "not JSON"]),
        ({**GOOD, "id": 7}, ["line 2", "id = 7", "write a string"]),
        ({k: v for k, v in GOOD.items() if k != "id"}, ["line 2", "id is missing"]),
        ({**GOOD, "id": "b", "question": " "}, ["line 2", "question", "not empty"]),
        ({**GOOD, "id": "b", "question": "x" * 100_001}, ["line 2", "100,001"]),
        ({**GOOD, "id": "b", "answers": "Ada"}, ["line 2", "answers = 'Ada'", "list of strings"]),
        ({**GOOD, "id": "b", "answers": []}, ["line 2", "answers is empty", "NOT FOUND"]),
        ({**GOOD, "id": "b", "answers": ["a", ""]}, ["line 2", "answers holds ''"]),
        ({**GOOD, "id": "b", "answers": [3]}, ["line 2", "answers holds 3"]),
        ({**GOOD, "id": "b", "supporting_titles": "x"}, ["line 2", "supporting_titles"]),
        ({**GOOD, "id": "b", "type": 3}, ["line 2", "type = 3"]),
        (GOOD, ["line 2", "'q1'", "line 1"]),
    ],
)
def test_wrong_line_is_named(tmp_path, line, words):
    with pytest.raises(InputError) as caught:
        read_questions(write(tmp_path, GOOD, line))
    message = str(caught.value)
    assert all(word in message for word in words) and "\n" not in message and len(message) < 500


def test_halves_of_surrogate_pairs_are_replaced(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text(r'{"id": "\ud800", "question": "a \ud800", "answers": ["\udfff"], "kind": "k\ud800"}')
    (question,) = read_questions(path)
    shown = [question.id, question.question, *question.answers, question.kind]
    assert shown == ["\ufffd", "a \ufffd", "\ufffd", "k\ufffd"]


def test_empty_missing_and_binary_files(tmp_path):
    with pytest.raises(InputError, match="holds no question"):
        read_questions(write(tmp_path, "", "  "))
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path)
    (tmp_path / "b").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        read_questions(tmp_path / "b")


IDS = st.one_of(
    st.text(min_size=1),
    st.sampled_from(["../../x", "/etc/passwd", "a", "A", "a.b", "..", ".", "CON", "a/b", "a b", "\x00", "-x"]),
)


@given(st.lists(IDS, unique=True, max_size=20))
def test_folder_names_are_harmless_and_distinct_even_without_case(ids):
    names = folder_names([Question(i, "q", ("a",)) for i in ids])
    assert set(names) == set(ids)
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name in names.values():
        assert (
            name[0] not in ".-" and len(name) <= 80 and not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-_.")
        )


def test_digest_tells_questions_apart():
    base = [Question("a", "q", ("x",))]
    others = [Question("a", "q", ("y",)), Question("a", "q", ("x",), ("t",)), Question("b", "q", ("x",))]
    assert len({digest(base), *(digest([q]) for q in others)}) == 4
    assert digest(base) == digest([Question("a", "q", ("x",))])
