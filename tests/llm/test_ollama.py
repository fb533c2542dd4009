"""The Ollama client against a real HTTP server speaking its native API."""

from __future__ import annotations

from typing import Any

import pytest

from tamsa.errors import ContextLengthError, ModelError, ModelUnavailableError
from tamsa.llm import ModelSettings, OllamaModel, open_model
from tamsa.types import Message, ToolCall, ToolSchema

ASK = [Message("user", "Capital of France?")]
SEARCH = ToolSchema("search", "Search.", {"type": "object", "properties": {"queries": {"type": "array"}}})
END = {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 3}


def model_at(endpoint: Any, replies: Any, limit: int = 40_960, **options: Any) -> OllamaModel:
    endpoint.routes.setdefault("/api/show", replies.status(200, {"model_info": {"qwen3.context_length": limit}}))
    values: dict[str, Any] = {"backoff_s": 0.001, "max_retries": 2, "timeout_s": 60.0, **options}
    model = open_model("ollama:qwen3", ModelSettings(base_url=endpoint.url, **values))
    assert isinstance(model, OllamaModel)
    return model


def chats(endpoint: Any) -> list[Any]:
    return [r for r in endpoint.requests if r.path == "/api/chat"]


async def test_streams_with_context_length_set_and_truncation_off(endpoint, replies):
    lines = [{"message": {"thinking": "Hm"}}, {"message": {"content": "Par"}}, {"message": {"content": "is"}}, END]
    endpoint.replies = [replies.ndjson(*lines)]
    model = model_at(endpoint, replies, context_length=16_384, seed=7)
    seen: list[str] = []
    done = await model.complete(ASK, max_tokens=100, on_text=seen.append)
    assert done.text == "<think>Hm</think>\nParis" == "".join(seen)
    assert (done.usage.prompt_tokens, done.usage.completion_tokens, done.finish_reason) == (11, 3, "stop")
    [request] = chats(endpoint)
    assert request.body["truncate"] is False and request.body["shift"] is False
    assert request.body["options"] == {
        "num_ctx": 16_384,
        "num_predict": 100,
        "temperature": 0.85,
        "top_p": 0.95,
        "seed": 7,
    }
    await model.aclose()


async def test_context_is_bounded_by_what_the_model_holds(endpoint, replies):
    endpoint.replies = [replies.ndjson({"message": {"content": "ok"}}, END)]
    model = model_at(endpoint, replies, limit=2_048)
    await model.complete(ASK)
    assert model.context_length == 2_048 and chats(endpoint)[0].body["options"]["num_ctx"] == 2_048
    with pytest.raises(ContextLengthError):
        await model.complete([Message("user", "word " * 4_000)])
    assert len(chats(endpoint)) == 1
    assert sum(r.path == "/api/show" for r in endpoint.requests) == 1
    await model.aclose()


async def test_native_calls(endpoint, replies):
    call = {"function": {"name": "search", "arguments": {"queries": ["a"]}}}
    other = {"function": {"name": "search", "arguments": {"queries": ["b"]}}}
    endpoint.replies = [
        replies.ndjson({"message": {"tool_calls": [call]}}, {"message": {"tool_calls": [other]}}, END),
        replies.ndjson({"message": {"content": "ok"}}, END),
    ]
    model = model_at(endpoint, replies, native_tools="yes")
    done = await model.complete(ASK, tools=[SEARCH])
    assert done.tool_calls == (
        ToolCall("call_0_0", "search", {"queries": ["a"]}),
        ToolCall("call_0_1", "search", {"queries": ["b"]}),
    )
    assert done.finish_reason == "tool_calls"
    observed = Message("tool", "nothing", tool_call_id="call_0_0", name="search")
    await model.complete([*ASK, Message("assistant", "", done.tool_calls), observed], tools=[SEARCH])
    sent = chats(endpoint)[1].body["messages"]
    assert sent[1]["tool_calls"][0]["function"] == {"name": "search", "arguments": {"queries": ["a"]}}
    assert sent[2] == {"role": "tool", "content": "nothing", "tool_name": "search"}
    await model.aclose()


FAILURES = {
    "500": lambda r: r.status(500, {"error": "llama runner process has terminated"}),
    "503": lambda r: r.status(503, {"error": "server busy"}),
    "cut": lambda r: r.ndjson({"message": {"content": "Par"}}),
    "cut line": lambda r: r.raw(b'{"message": {"con', "application/x-ndjson"),
    "broken JSON": lambda r: r.ndjson("{nope}", END),
    "not an object": lambda r: r.ndjson("[1]", END),
    "empty": lambda r: r.ndjson(),
    "reset": lambda r: r.reset(),
    "web page": lambda r: r.raw(b"<html>", "text/html"),
    "error line": lambda r: r.ndjson({"message": {"content": "P"}}, {"error": "unexpected EOF"}),
    "silence": lambda r: r.silent(),
}


@pytest.mark.parametrize("kind", FAILURES)
async def test_one_failure_is_cured_and_a_lasting_one_is_typed(endpoint, replies, kind):
    endpoint.replies = [FAILURES[kind](replies), replies.ndjson({"message": {"content": "Paris"}}, END)]
    model = model_at(endpoint, replies, timeout_s=1.0 if kind == "silence" else 60.0)
    assert (await model.complete(ASK)).text == "Paris"
    endpoint.replies = [FAILURES[kind](replies)]
    with pytest.raises(ModelUnavailableError, match="ollama:qwen3 at http"):
        await model.complete(ASK)
    assert len(chats(endpoint)) == 5
    await model.aclose()


async def test_missing_model_says_how_to_get_it(endpoint, replies):
    endpoint.routes["/api/show"] = replies.status(404, {"error": "model 'qwen3' not found"})
    model = model_at(endpoint, replies)
    with pytest.raises(ModelError, match="ollama pull qwen3"):
        await model.complete(ASK)
    await model.aclose()


async def test_server_overflow_is_recognised(endpoint, replies):
    endpoint.replies = [replies.status(400, {"error": "the input length exceeds the context length"})]
    model = model_at(endpoint, replies)
    with pytest.raises(ContextLengthError):
        await model.complete(ASK)
    await model.aclose()


async def test_model_without_tools_names_the_way_out(endpoint, replies):
    endpoint.replies = [replies.status(400, {"error": "registry.ollama.ai/library/x does not support tools"})]
    model = model_at(endpoint, replies, native_tools="yes")
    with pytest.raises(ModelError, match="native_tools to no"):
        await model.complete(ASK, tools=[SEARCH])
    await model.aclose()


async def test_server_that_tells_no_limit_is_served_all_the_same(endpoint, replies):
    endpoint.routes["/api/show"] = replies.status(200, "null")
    endpoint.replies = [replies.ndjson({"message": {"content": "ok"}}, END)]
    model = model_at(endpoint, replies)
    assert (await model.complete(ASK)).text == "ok"
    assert model.context_length == 32_768
    await model.aclose()
