"""Native calls of each family, read from what such models write."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamsa.llm.assembly import MALFORMED_ARGUMENTS
from tamsa.llm.local.formats import FORMATS, find_format

READ = {known.name: known.read for known in FORMATS}
CALL = [("search", {"queries": ["a", "b"]})]
ARGUMENTS = '{"queries": ["a", "b"]}'
JSON = f'{{"name": "search", "arguments": {ARGUMENTS}}}'


THOUGHT = f"<think>I could <tool_call>{JSON}</tool_call></think>no"
XML = """<tool_call>
<function=search>
<parameter=queries>
["a", "b"]
</parameter>
</function>
</tool_call>"""
XML_TEXT = (
    "<tool_call><function=f><parameter=x>\ntwo words\n</parameter><parameter=n>3</parameter></function></tool_call>"
)
HM = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant"
TO = "to=functions.search <|constrain|>json<|message|>"
KIMI = (
    f"<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{ARGUMENTS}"
    "<|tool_call_end|><|tool_calls_section_end|>"
)
NAMED = f"[TOOL_CALLS]search[ARGS]{ARGUMENTS}[TOOL_CALLS]search[CALL_ID]ab12[ARGS]{ARGUMENTS}"


WRITTEN = [
    ("tagged", f"Let me see.\n<tool_call>\n{JSON}\n</tool_call>", "Let me see.", CALL),
    ("tagged", f"<tool_call>{JSON}</tool_call>\n<tool_call>{JSON}</tool_call>", "", CALL * 2),
    ("tagged", f"<tool_call>{JSON}", "", CALL),
    ("tagged", THOUGHT, THOUGHT, []),
    ("tagged", "<tool_call>{broken</tool_call>", "<tool_call>{broken</tool_call>", []),
    ("tagged", XML, "", CALL),
    ("tagged", XML_TEXT, "", [("f", {"x": "two words", "n": 3})]),
    ("bare", f'{{"name": "search", "parameters": {ARGUMENTS}}}', "", CALL),
    ("bare", f"<|python_tag|>{JSON}; {JSON}", "", CALL * 2),
    ("bare", '{"title": "no call"}', '{"title": "no call"}', []),
    ("bare", "It is {not} JSON", "It is {not} JSON", []),
    ("harmony", f"{HM}<|channel|>commentary {TO}{ARGUMENTS}<|call|>", "<think>hm</think>", CALL),
    (
        "harmony",
        f"<|start|>assistant to=functions.search<|channel|>commentary<|message|>{ARGUMENTS}<|call|>",
        "",
        CALL,
    ),
    ("harmony", f"{HM}<|channel|>final<|message|>Paris<|return|>", "<think>hm</think>\nParis", []),
    ("harmony", "plain", "plain", []),
    ("kimi", f"ok{KIMI}", "ok", CALL),
    ("mistral", f"[TOOL_CALLS][{JSON}]", "", CALL),
    ("mistral", f"so{NAMED}", "so", CALL * 2),
    ("mistral", "[TOOL_CALLS]nonsense", "[TOOL_CALLS]nonsense", []),
]


@pytest.mark.parametrize(("name", "raw", "text", "calls"), WRITTEN)
def test_calls_are_read(name, raw, text, calls):
    said, found = READ[name](raw)
    assert (said, [(call.name, call.arguments) for call in found]) == (text, calls)


def test_ids_that_a_family_writes_are_kept():
    _, [call] = READ["kimi"](
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.search:7<|tool_call_argument_begin|>{}<|tool_call_end|>"
    )
    assert call.id == "functions.search:7"
    _, [call] = READ["mistral"]('[TOOL_CALLS][{"name": "f", "arguments": {}, "id": "abcdefghi"}]')
    assert call.id == "abcdefghi"


def test_arguments_that_are_no_object_are_handed_on_raw():
    _, [call] = READ["kimi"](
        "<|tool_calls_section_begin|><|tool_call_begin|>f:0<|tool_call_argument_begin|>{oops<|tool_call_end|>"
    )
    assert call.arguments == {MALFORMED_ARGUMENTS: "{oops"}


@pytest.mark.parametrize("name", sorted(READ))
@pytest.mark.parametrize(
    "garbage", ["", "<", "{", "[[[[", "<|channel|>", "<tool_call>" * 50, "[TOOL_CALLS]", "{" * 3000]
)
def test_garbage_is_text(name, garbage):
    said, calls = READ[name](garbage)
    assert calls == () and isinstance(said, str)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{% if tools %}<tool_call>{% endif %}", "tagged"),
        ("<|start_header_id|>{{ tools }} parameters", "bare"),
        ("<|channel|>final<|message|>", "harmony"),
        ("<|tool_calls_section_begin|>", "kimi"),
        ("[AVAILABLE_TOOLS][TOOL_CALLS]", "mistral"),
        ("{{ messages }}", None),
    ],
)
def test_the_family_is_told_by_its_template(template, name):
    found = find_format(template)
    assert (found.name if found else None) == name


FORMAT = {known.name: known for known in FORMATS}
MARKS = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|call|>", "<|return|>", "analysis", "final", " to=f"]
MARKS += [
    "<tool_call>",
    "</tool_call>",
    "<|python_tag|>",
    "[TOOL_CALLS]",
    "assistant",
    "{",
    "x",
    " ",
    "\n",
    "<|",
    "hm <",
]


def stream(name, raw, cuts):
    """Show a completion that comes in pieces; return the pieces shown."""
    shown = FORMAT[name].shown()
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    return [*(shown.feed(raw[start:end]) for start, end in pairwise(places)), shown.end()]


@pytest.mark.parametrize(("name", "raw", "text", "calls"), WRITTEN)
@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_what_is_shown_on_the_way_begins_the_text(name, raw, text, calls, cuts):
    shown = "".join(stream(name, raw, cuts))
    assert text.startswith(shown)
    assert "<|" not in shown and "[TOOL_CALLS]" not in shown


@settings(max_examples=300)
@given(st.lists(st.sampled_from(MARKS), max_size=14), st.lists(st.integers(0, 200), max_size=8))
def test_whatever_harmony_writes_what_is_shown_begins_the_text(pieces, cuts):
    raw = "".join(pieces)
    text = READ["harmony"](raw)[0]
    shown = "".join(stream("harmony", raw, cuts))
    assert text.startswith(shown), (raw, text, shown)
    if "<|message|>" in raw:
        assert shown == text, (raw, text, shown)


def test_thoughts_and_answers_of_harmony_are_shown_as_they_come():
    pieces = ["<|channel|>", "anal", "ysis", "<|message|>", "The town", " is ", "Velm", "<|end|>", "<|start|>assistant"]
    pieces += ["<|channel|>", "final", "<|message|>", "Ve", "lm", "<|return|>"]
    shown = FORMAT["harmony"].shown()
    assert [shown.feed(piece) for piece in pieces] == [
        *("", "", "", "<think>", "The town", " is", " Velm", "</think>", ""),
        *("", "", "", "\nVe", "lm", ""),
    ]


def test_bare_calls_are_not_shown():
    assert "".join(stream("bare", f" {JSON}", [3, 9])) == ""
    assert "".join(stream("bare", "It is so", [3])) == "It is so"
