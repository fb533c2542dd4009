"""The scripted model: deterministic by the conversation alone, strict about its script."""

from __future__ import annotations

import asyncio
import json

import pytest

from tamsa.errors import (
    ConfigError,
    ContextLengthError,
    ModelAuthError,
    ModelError,
    ModelUnavailableError,
)
from tamsa.llm import ModelSettings, ScriptedModel, open_model
from tamsa.types import Completion, Message


def talk(question: str, *turns: str) -> list[Message]:
    messages = [Message("system", "s"), Message("user", question)]
    for turn in turns:
        messages += [Message("assistant", turn), Message("user", f"seen {turn}")]
    return messages


async def test_answers_in_order_of_the_conversation_whatever_was_asked_before():
    model = ScriptedModel(["a", "b", "c"])
    for _ in range(2):
        assert (await model.complete(talk("q", "a", "b"))).text == "c"
        assert (await model.complete(talk("q"))).text == "a"
        assert (await model.complete(talk("q", "a"))).text == "b"


async def test_interleaved_conversations_do_not_disturb_each_other():
    script = [
        {"question": "Q1", "text": "one-1", "delay_s": 0.01},
        {"question": "Q1", "text": "one-2"},
        {"question": "Q2", "text": "two-1"},
        {"text": "common"},
    ]
    model = ScriptedModel(script)

    async def run(question: str) -> list[str]:
        said: list[str] = []
        for _ in range(3 if question == "Q1" else 2):
            said.append((await model.complete(talk(question, *said))).text)
        return said

    results = await asyncio.gather(*(run(q) for q in ["Q1", "Q2"] * 5))
    assert results == [["one-1", "one-2", "common"], ["two-1", "common"]] * 5


async def test_when_answers_by_the_last_message():
    model = ScriptedModel([{"when": "seen b$", "text": "rule"}, "a", "b", "never"])
    assert (await model.complete(talk("q"))).text == "a"
    assert (await model.complete(talk("q", "a", "b"))).text == "rule"


async def test_exhausted_script_says_so_and_repeat_goes_on():
    with pytest.raises(ModelError, match="holds 1 completions for this conversation and number 2"):
        await ScriptedModel(["a"]).complete(talk("q", "a"))
    model = ScriptedModel([{"text": "a", "repeat": True}])
    assert (await model.complete(talk("q", "a", "a", "a"))).text == "a"


async def test_native_calls_and_tokens():
    model = ScriptedModel([{"tool_calls": [{"name": "search", "arguments": {"queries": ["x"]}}], "prompt_tokens": 5}])
    assert model.native_tools
    done = await model.complete(talk("q"))
    assert done.tool_calls[0].name == "search" and done.tool_calls[0].id == "call_0_0"
    assert done.finish_reason == "tool_calls" and done.usage.prompt_tokens == 5


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("auth", ModelAuthError),
        ("unavailable", ModelUnavailableError),
        ("context", ContextLengthError),
        ("model", ModelError),
    ],
)
async def test_errors_on_demand(kind, error):
    with pytest.raises(error, match="boom"):
        await ScriptedModel([{"error": kind, "error_text": "boom"}]).complete(talk("q"))


async def test_functions_sync_and_async():
    async def later(messages):
        await asyncio.sleep(0)
        return {"text": f"{len(messages)}"}

    assert (await ScriptedModel(lambda m: m[-1].content.upper()).complete(talk("q"))).text == "Q"
    assert (await ScriptedModel(later).complete(talk("q"))).text == "2"
    assert (await ScriptedModel(lambda m: Completion("c")).complete(talk("q"))).text == "c"


async def test_stop_streaming_and_context():
    seen: list[str] = []
    model = ScriptedModel(["abc STOP def"], ModelSettings(context_length=1_000))
    assert (await model.complete(talk("q"), stop=["STOP"], on_text=seen.append)).text == "abc " == seen[0]
    with pytest.raises(ContextLengthError):
        await model.complete(talk("word " * 2_000))


async def test_jsonl_and_toml_files_agree(tmp_path):
    jsonl = tmp_path / "s.jsonl"
    jsonl.write_text('{"text": "a"}\n\n{"question": "q", "text": "b", "repeat": true}\n', encoding="utf-8")
    toml = tmp_path / "s.toml"
    toml.write_text('[[completion]]\ntext = "a"\n[[completion]]\nquestion = "q"\ntext = "b"\nrepeat = true\n')
    for path in (jsonl, toml):
        model = open_model(f"scripted:{path}")
        assert model.name == f"scripted:{path}"
        assert [(await model.complete(talk("q", *said))).text for said in ((), ("a",), ("a", "b"))] == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2: must be a text or an object"),
        ('{"txt": "a"}', "unknown field 'txt'"),
        ('{"text": 3}', "text = 3"),
        ('{"delay_s": true}', "delay_s"),
        ('{"error": "fire"}', "choose one of auth"),
        ('{"when": "("}', "not a regular expression"),
        ('{"tool_calls": [{"arguments": {}}]}', "tool_calls must hold"),
        ('{"finish_reason": "tired"}', "finish_reason"),
    ],
)
def test_wrong_script_names_the_line(tmp_path, line, match):
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps({"text": "fine"}) + "\n" + line + "\n")
    with pytest.raises(ConfigError, match=match):
        ScriptedModel.from_file(path)


@pytest.mark.parametrize("text", ["", "completion = 3", "[[answers]]\ntext = 'a'", "= broken"])
def test_wrong_toml(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"s\.toml"):
        ScriptedModel.from_file(path)


def test_empty_script():
    with pytest.raises(ConfigError, match="empty"):
        ScriptedModel([])
