"""Native calls of each family, read from what such models write."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    ("name", "raw", "text", "calls"),
    [
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
    ],
)
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
