"""The OpenAI-compatible client against a real HTTP server that streams well, badly and not at all."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import traceback
from typing import Any

import pytest

from tamsa.errors import ContextLengthError, ModelAuthError, ModelError, ModelUnavailableError
from tamsa.llm import MALFORMED_ARGUMENTS, ModelSettings, OpenAIModel, bounded, open_model
from tamsa.llm.assembly import read_arguments
from tamsa.llm.settings import for_openai
from tamsa.types import Message, ToolCall, ToolSchema

KEY = "sk-secret-0123456789abcdef"
ASK = [Message("system", "Be brief."), Message("user", "Capital of France?")]
SEARCH = ToolSchema("search", "Search.", {"type": "object", "properties": {"queries": {"type": "array"}}})


def model_at(endpoint: Any, **options: Any) -> OpenAIModel:
    values: dict[str, Any] = {"api_key": KEY, "backoff_s": 0.001, "max_retries": 2, "timeout_s": 60.0, **options}
    model = open_model("openai:m1", ModelSettings(base_url=endpoint.url + "/v1", **values))
    assert isinstance(model, OpenAIModel)
    return model


async def test_streams_text_with_reported_usage_and_cost(endpoint, replies):
    endpoint.replies = [replies.text("Par", "is", usage={"prompt_tokens": 20, "completion_tokens": 2})]
    model = model_at(endpoint, price_prompt=1.0, price_completion=10.0)
    seen: list[str] = []
    done = await model.complete(ASK, max_tokens=50, on_text=seen.append)
    assert (done.text, done.finish_reason, seen) == ("Paris", "stop", ["Par", "is"])
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (20, 2)
    assert done.usage.cost == pytest.approx(40e-6)
    await model.aclose()
    [request] = endpoint.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["model"] == "m1" and request.body["stream"] is True
    assert request.body["max_tokens"] == 50
    assert request.body["temperature"] == 0.85 and request.body["top_p"] == 0.95
    assert request.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Capital of France?"},
    ]


async def test_missing_usage_is_estimated_and_unpriced_cost_is_none(endpoint, replies):
    endpoint.replies = [replies.text("Paris is the capital.")]
    model = model_at(endpoint)
    done = await model.complete(ASK)
    assert done.usage.prompt_tokens >= 8 and done.usage.completion_tokens >= 5
    assert done.usage.cost is None
    await model.aclose()


async def test_no_key_sends_no_authorization(endpoint, replies):
    endpoint.replies = [replies.text("ok")]
    model = model_at(endpoint, api_key=None)
    await model.complete(ASK)
    assert "authorization" not in endpoint.requests[0].headers
    await model.aclose()


async def test_only_chat_completions_is_ever_asked(endpoint, replies):
    endpoint.replies = [replies.status(500), replies.text("ok")]
    model = model_at(endpoint)
    await model.complete(ASK)
    await model.aclose()
    assert {r.path for r in endpoint.requests} == {"/v1/chat/completions"}


FAILURES = {
    "500": lambda r: r.status(500, {"error": {"message": "boom"}}),
    "503 text": lambda r: r.status(503, "upstream gone", kind="text/plain"),
    "429": lambda r: r.status(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.01"}),
    "cut in a chunk": lambda r: r.raw(b'data: {"choices": [{"del'),
    "cut after text": lambda r: r.text("Par", finish=None, done=False),
    "done without an end": lambda r: r.text("Par", finish=None, done=True),
    "connection reset": lambda r: r.reset(),
    "broken JSON": lambda r: r.raw(r.sse('{"choices": [}')),
    "not an object": lambda r: r.raw(r.sse("[1, 2]")),
    "number": lambda r: r.raw(r.sse("17")),
    "invalid UTF-8": lambda r: r.raw(b'data: {"choices": "\xff\xfe"}\n\n'),
    "web page": lambda r: r.raw(b"<html>hello</html>", "text/html"),
    "plain text": lambda r: r.raw(b"hello", "text/plain"),
    "empty body": lambda r: r.raw(b""),
    "empty choices": lambda r: r.raw(r.sse({"choices": []}, {"choices": []})),
    "choices of a wrong type": lambda r: r.raw(r.sse({"choices": "abc"}, {"choices": [3]}, {"choices": None})),
    "error in the stream": lambda r: r.raw(r.sse({"error": {"message": "engine died", "code": "server_error"}})),
    "JSON without choices": lambda r: r.status(200, {"id": "x"}),
    "broken whole JSON": lambda r: r.status(200, "{nope"),
    "silence": lambda r: r.silent(),
    "silence in the stream": lambda r: r.raw(r.sse({"choices": [{"delta": {"content": "P"}}]}, done=False), hang=True),
}


def patience_s(kind: str) -> float:
    """Say how long to wait for a server: silence has to be told, and nothing else may pass for it on a busy machine."""
    return 1.0 if "silence" in kind else 60.0


@pytest.mark.parametrize("kind", FAILURES)
async def test_one_failure_is_cured_by_a_retry(endpoint, replies, kind):
    endpoint.replies = [FAILURES[kind](replies), replies.text("Paris")]
    model = model_at(endpoint, timeout_s=patience_s(kind))
    done = await model.complete(ASK)
    assert done.text == "Paris" and len(endpoint.requests) == 2
    await model.aclose()


@pytest.mark.parametrize("kind", FAILURES)
async def test_lasting_failure_is_one_typed_line_without_the_key(endpoint, replies, kind):
    endpoint.replies = [FAILURES[kind](replies)]
    model = model_at(endpoint, timeout_s=patience_s(kind))
    with pytest.raises(ModelUnavailableError) as caught:
        await model.complete(ASK)
    message = str(caught.value)
    assert "openai:m1" in message and endpoint.url in message and "\n" not in message
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert len(endpoint.requests) == 3
    await model.aclose()


async def test_endpoint_down_names_the_address():
    model = OpenAIModel(
        "m1", for_openai(ModelSettings(base_url="http://127.0.0.1:9/v1", backoff_s=0, max_retries=1), {})
    )
    with pytest.raises(ModelUnavailableError, match=r"127\.0\.0\.1:9.*is the server up"):
        await model.complete(ASK)
    await model.aclose()


async def test_retry_after_is_waited_for(endpoint, replies):
    endpoint.replies = [replies.status(429, {}, {"Retry-After": "0.25"}), replies.text("ok")]
    model = model_at(endpoint)
    loop = asyncio.get_running_loop()
    start = loop.time()
    await model.complete(ASK)
    assert loop.time() - start >= 0.25
    await model.aclose()


async def test_retry_after_beyond_the_deadline_fails_at_once(endpoint, replies):
    endpoint.replies = [replies.status(429, {}, {"Retry-After": "3600"})]
    model = model_at(endpoint, deadline_s=30)
    with pytest.raises(ModelUnavailableError, match="3600 s before the next try"):
        await model.complete(ASK)
    assert len(endpoint.requests) == 1
    await model.aclose()


async def test_deadline_ends_a_stream_that_drips(endpoint, replies):
    drip = replies.sse(*[{"choices": [{"delta": {"content": "x"}}]}] * 400, done=False)
    endpoint.replies = [replies.raw(drip, pause_s=0.005)]
    model = model_at(endpoint, deadline_s=0.3)
    with pytest.raises(ModelUnavailableError, match=r"within 0\.3 s"):
        await model.complete(ASK)
    await model.aclose()


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_key_fails_at_once_without_the_servers_words(endpoint, replies, status):
    endpoint.replies = [replies.status(status, {"error": {"message": f"Incorrect API key provided: {KEY}"}})]
    model = model_at(endpoint)
    with pytest.raises(ModelAuthError) as caught:
        await model.complete(ASK)
    assert len(endpoint.requests) == 1
    assert KEY not in str(caught.value) and "OPENAI_API_KEY" in str(caught.value)
    assert KEY[:8] not in "".join(traceback.format_exception(caught.value))
    await model.aclose()


async def test_key_is_scrubbed_wherever_a_server_echoes_it(endpoint, replies, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint.replies = [replies.status(400, {"error": {"message": f"bad request with {KEY}\nand more"}})]
    model = model_at(endpoint)
    with pytest.raises(ModelError, match=r"\*\*\*") as caught:
        await model.complete(ASK)
    shown = "".join(traceback.format_exception(caught.value)) + repr(model) + repr(vars(model)) + caplog.text
    assert KEY not in shown
    await model.aclose()


async def test_unknown_model_is_named(endpoint, replies):
    endpoint.replies = [replies.status(404, {"error": {"message": "The model `m1` does not exist"}})]
    model = model_at(endpoint)
    with pytest.raises(ModelError, match=r"openai:m1.*no such model.*does not exist"):
        await model.complete(ASK)
    assert len(endpoint.requests) == 1
    await model.aclose()


async def test_spent_account_is_not_retried(endpoint, replies):
    endpoint.replies = [replies.status(429, {"error": {"code": "insufficient_quota", "message": "You exceeded…"}})]
    model = model_at(endpoint)
    with pytest.raises(ModelError, match="no credit"):
        await model.complete(ASK)
    assert len(endpoint.requests) == 1
    await model.aclose()


OVERFLOWS = {
    "openai": (400, {"error": {"code": "context_length_exceeded", "message": "too much"}}),
    "vllm": (400, {"object": "error", "message": "This model's maximum context length is 8192 tokens. However, you …"}),
    "llama.cpp": (
        400,
        {"error": {"type": "exceed_context_size_error", "message": "the request exceeds the available context size"}},
    ),
    "llama.cpp 500": (500, {"error": {"message": "the request exceeds the available context size. try increasing it"}}),
    "anthropic": (400, {"error": {"message": "prompt is too long: 210000 tokens > 200000 maximum"}}),
    "tgi": (
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` exceed the maximum model length"},
    ),
    "payload": (413, {"error": "Request Entity Too Large"}),
}


@pytest.mark.parametrize("server", OVERFLOWS)
async def test_server_overflow_is_recognised(endpoint, replies, server):
    status, body = OVERFLOWS[server]
    endpoint.replies = [replies.status(status, body)]
    model = model_at(endpoint)
    with pytest.raises(ContextLengthError):
        await model.complete(ASK)
    assert len(endpoint.requests) == 1
    await model.aclose()


async def test_overflow_inside_a_stream_is_recognised(endpoint, replies):
    endpoint.replies = [replies.raw(replies.sse({"error": {"message": "maximum context length is 10 tokens"}}))]
    model = model_at(endpoint)
    with pytest.raises(ContextLengthError):
        await model.complete(ASK)
    await model.aclose()


async def test_prompt_that_cannot_fit_is_never_sent(endpoint, replies):
    endpoint.replies = [replies.text("ok")]
    model = model_at(endpoint, context_length=2_000)
    with pytest.raises(ContextLengthError, match="2,000"):
        await model.complete([Message("user", "word " * 4_000)])
    assert endpoint.requests == []
    await model.aclose()


async def test_completion_is_bounded_by_what_the_context_leaves(endpoint, replies):
    endpoint.replies = [replies.text("ok")]
    model = model_at(endpoint, context_length=2_000, max_tokens=8_000)
    prompt = [Message("user", "word " * 500)]
    await model.complete(prompt)
    assert 256 <= endpoint.requests[0].body["max_tokens"] < 2_000 - 500
    assert endpoint.requests[0].body["messages"][0]["content"] == "word " * 500
    await model.aclose()


async def test_native_calls_are_assembled_from_deltas(endpoint, replies):
    def piece(index: int, call_id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}]}

    endpoint.replies = [
        replies.deltas(
            {"content": "Let me look."},
            piece(0, "a", "search", '{"quer'),
            piece(1, "b", "visit", '{"ids": ["x"'),
            piece(0, None, None, 'ies": ["q"]}'),
            piece(1, None, None, "], "),
            finish="tool_calls",
        )
    ]
    model = model_at(endpoint, native_tools="yes")
    done = await model.complete(ASK, tools=[SEARCH])
    assert done.text == "Let me look." and done.finish_reason == "tool_calls"
    assert done.tool_calls == (
        ToolCall("a", "search", {"queries": ["q"]}),
        ToolCall("b", "visit", {MALFORMED_ARGUMENTS: '{"ids": ["x"], '}),
    )
    assert endpoint.requests[0].body["tools"][0]["function"]["name"] == "search"
    await model.aclose()


async def test_calls_without_ids_or_with_one_index_stay_apart(endpoint, replies):
    def piece(call_id: str | None, name: str, arguments: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, "id": call_id, "function": {"name": name, "arguments": arguments}}]}

    endpoint.replies = [
        replies.deltas(piece("a", "find", '{"text": "1"}'), piece("b", "find", '{"text": "2"}'), finish="stop"),
        replies.deltas(piece(None, "find", "[1]")),
    ]
    model = model_at(endpoint, native_tools="yes")
    first = await model.complete(ASK, tools=[SEARCH])
    assert [dict(call.arguments) for call in first.tool_calls] == [{"text": "1"}, {"text": "2"}]
    assert first.finish_reason == "tool_calls"
    history = [*ASK, Message("assistant", "", first.tool_calls), Message("tool", "none", tool_call_id="a", name="find")]
    second = await model.complete(history, tools=[SEARCH])
    assert second.tool_calls == (ToolCall("call_1_0", "find", {MALFORMED_ARGUMENTS: "[1]"}),)
    sent = endpoint.requests[1].body["messages"]
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == {"text": "1"}
    assert sent[3] == {"role": "tool", "content": "none", "tool_call_id": "a"}
    await model.aclose()


async def test_text_mode_sends_no_tools_and_refuses_tool_messages(endpoint, replies):
    endpoint.replies = [replies.text("ok")]
    model = model_at(endpoint)
    assert model.native_tools is False
    await model.complete(ASK, tools=[SEARCH])
    assert "tools" not in endpoint.requests[0].body
    with pytest.raises(RuntimeError, match="internal error"):
        await model.complete([*ASK, Message("tool", "x", tool_call_id="a")])
    with pytest.raises(RuntimeError, match="internal error"):
        await model.complete([*ASK, Message("assistant", "", (ToolCall("a", "b", {}),))])
    assert len(endpoint.requests) == 1
    await model.aclose()


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_wrapped(endpoint, replies, field):
    endpoint.replies = [replies.deltas({field: "Hmm, "}, {field: "France."}, {"content": "Paris"})]
    model = model_at(endpoint)
    seen: list[str] = []
    done = await model.complete(ASK, on_text=seen.append)
    assert done.text == "<think>Hmm, France.</think>\nParis" == "".join(seen)
    await model.aclose()


async def test_reasoning_cut_by_the_length_is_closed(endpoint, replies):
    endpoint.replies = [replies.deltas({"reasoning_content": "Hmm"}, finish="length")]
    model = model_at(endpoint)
    done = await model.complete(ASK)
    assert done.text.rstrip() == "<think>Hmm</think>" and done.finish_reason == "length"
    await model.aclose()


async def test_stop_strings_hold_even_where_the_server_ignores_them(endpoint, replies):
    endpoint.replies = [replies.text("one <tool", "_resp", "onse> invented", " more")]
    model = model_at(endpoint)
    seen: list[str] = []
    done = await model.complete(ASK, stop=["<tool_response>"], on_text=seen.append)
    assert done.text == "one " == "".join(seen) and done.finish_reason == "stop"
    assert endpoint.requests[0].body["stop"] == ["<tool_response>"]
    await model.aclose()


async def test_what_only_began_like_a_stop_string_is_kept(endpoint, replies):
    endpoint.replies = [replies.text("a <to", "ast> b <t")]
    model = model_at(endpoint)
    assert (await model.complete(ASK, stop=["<tool_response>"])).text == "a <toast> b <t"
    await model.aclose()


async def test_unstreamed_answer_is_understood(endpoint, replies):
    body = {
        "choices": [{"message": {"content": "Paris"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 1},
    }
    endpoint.replies = [replies.status(200, body)]
    model = model_at(endpoint)
    done = await model.complete(ASK)
    assert done.text == "Paris" and done.usage.prompt_tokens == 7
    await model.aclose()


async def test_fields_an_endpoint_does_not_know_are_left_out_with_a_warning(endpoint, replies, caplog):
    def refuse(field: str) -> Any:
        return replies.status(
            400, {"error": {"message": f"Unsupported parameter: '{field}' is not supported", "param": field}}
        )

    endpoint.replies = [refuse("temperature"), refuse("max_tokens"), refuse("stream_options"), replies.text("ok")]
    model = model_at(endpoint)
    assert (await model.complete(ASK)).text == "ok"
    assert (await model.complete(ASK)).text == "ok"
    for request in endpoint.requests[-2:]:
        assert not {"temperature", "stream_options", "max_tokens"} & set(request.body)
        assert request.body["max_completion_tokens"] > 0
    assert len(endpoint.requests) == 5
    assert [r.getMessage() for r in caplog.records if "temperature" in r.getMessage()]
    await model.aclose()


async def test_field_refused_for_ever_ends(endpoint, replies):
    endpoint.replies = [replies.status(400, {"error": {"message": "'max_tokens' 'max_completion_tokens' unsupported"}})]
    model = model_at(endpoint)
    with pytest.raises(ModelError, match="HTTP 400"):
        await model.complete(ASK)
    assert len(endpoint.requests) <= 3
    await model.aclose()


async def test_refused_native_tools_name_the_way_out(endpoint, replies):
    message = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    endpoint.replies = [replies.status(400, {"message": message})]
    model = model_at(endpoint, native_tools="yes")
    with pytest.raises(ModelError, match="native_tools to no"):
        await model.complete(ASK, tools=[SEARCH])
    await model.aclose()


async def test_retry_after_streamed_text_is_announced(endpoint, replies):
    endpoint.replies = [replies.text("Pa", finish=None, done=False), replies.text("Paris")]
    model = model_at(endpoint)
    seen: list[str] = []
    done = await model.complete(ASK, on_text=seen.append)
    assert done.text == "Paris"
    assert seen[0] == "Pa" and seen[-1] == "Paris" and "asking again" in seen[1]
    await model.aclose()


async def test_concurrency_is_bounded(endpoint, replies):
    endpoint.replies = [
        replies.raw(replies.sse({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}), pause_s=0.002)
    ]
    model = model_at(endpoint, concurrency=3)
    await asyncio.gather(*(model.complete(ASK) for _ in range(12)))
    assert endpoint.most_in_flight == 3
    await model.aclose()


async def test_cancelling_ends_the_request(endpoint, replies):
    endpoint.replies = [replies.silent()]
    model = model_at(endpoint, timeout_s=60)
    task = asyncio.ensure_future(model.complete(ASK))
    while not endpoint.requests:
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await model.aclose()


async def test_surrogates_neither_break_the_request_nor_the_answer(endpoint, replies):
    endpoint.replies = [replies.text("a\ud83d", "\ude00b\udc00")]
    model = model_at(endpoint)
    seen: list[str] = []
    done = await model.complete([Message("user", "bad \ud800 text")], on_text=seen.append)
    assert done.text == "a😀b�"
    "".join(seen).encode()
    await model.aclose()


async def test_extra_body_travels(endpoint, replies):
    endpoint.replies = [replies.text("ok")]
    model = model_at(endpoint, extra_body={"top_k": 20})
    await model.complete(ASK)
    assert endpoint.requests[0].body["top_k"] == 20
    await model.aclose()


async def test_content_filter_is_an_error_finish(endpoint, replies):
    endpoint.replies = [replies.text("Par", finish="content_filter")]
    model = model_at(endpoint)
    assert (await model.complete(ASK)).finish_reason == "error"
    await model.aclose()


GOOD_STREAM = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "reasoning_content": "Hmm"}}]},
    {"choices": [{"index": 0, "delta": {"content": "<answer>Pa"}}]},
    {
        "choices": [
            {
                "index": 0,
                "delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}]},
            }
        ]
    },
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
]
JUNK = [None, True, -1, 1e308, "", "x", [], {}, [[]], {"a": [{}]}, "\ud800", "9" * 400]


def mutate(value: Any, dice: random.Random) -> Any:
    """Put junk somewhere into a JSON value."""
    if dice.random() < 0.15:
        return dice.choice(JUNK)
    if isinstance(value, dict):
        return {k: mutate(v, dice) for k, v in value.items() if dice.random() > 0.05}
    if isinstance(value, list):
        return [mutate(v, dice) for v in value] * dice.choice([1, 1, 1, 2])
    return value


async def flood(endpoint: Any, replies: Any, seeds: range) -> None:
    model = model_at(endpoint, max_retries=1, backoff_s=0, timeout_s=5, native_tools="yes")
    ended = {"answer": 0, "error": 0}
    for seed in seeds:
        dice = random.Random(seed)
        data = bytearray(replies.sse(*[mutate(chunk, dice) for chunk in GOOD_STREAM], done=dice.random() < 0.5))
        for _ in range(dice.choice([0, 0, 1, 5])):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        kind = dice.choice(["text/event-stream"] * 4 + ["application/json", "text/html", "", "x/y; charset=nope"])
        endpoint.replies = [replies.raw(bytes(data), kind)]
        try:
            done = await model.complete(ASK, tools=[SEARCH], stop=["STOP"])
        except ModelError as error:
            assert "\n" not in str(error) and len(str(error)) < 900
            ended["error"] += 1
        else:
            done.text.encode()
            json.dumps([dict(call.arguments) for call in done.tool_calls])
            assert all(isinstance(call.name, str) and call.id for call in done.tool_calls)
            assert done.usage.prompt_tokens >= 0
            ended["answer"] += 1
    await model.aclose()
    assert min(ended.values()) > len(seeds) // 20, f"the flood is one-sided: {ended}"


async def test_mangled_streams_end_in_an_answer_or_a_typed_error(endpoint, replies):
    await flood(endpoint, replies, range(150))


@pytest.mark.soak
async def test_flood_of_mangled_streams(endpoint, replies):
    await flood(endpoint, replies, range(1_000, 6_000))


@pytest.mark.parametrize("opened", ["application/json", "text/event-stream", "error"])
async def test_answer_without_end_is_refused(endpoint, replies, monkeypatch, opened):
    monkeypatch.setattr(bounded, "MAX_ANSWER_BYTES", 1 << 20)

    async def endless(writer: Any) -> None:
        kind = b"400 X\r\nContent-Type: application/json" if opened == "error" else b"200 X\r\nContent-Type: "
        writer.write(b"HTTP/1.1 " + kind + (b"" if opened == "error" else opened.encode()) + b"\r\n\r\ndata: ")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    endpoint.replies = [endless]
    model = model_at(endpoint, deadline_s=20)
    with pytest.raises(ModelError, match="answer of more than"):
        await model.complete([Message("user", "x")])
    assert len(endpoint.requests) == 1
    await model.aclose()


async def test_packed_answer_is_refused(endpoint, replies):
    endpoint.replies = [replies.status(200, "{}", {"Content-Encoding": "gzip"})]
    model = model_at(endpoint)
    with pytest.raises(ModelError, match="packs its answer as gzip"):
        await model.complete([Message("user", "x")])
    assert endpoint.requests[0].headers["accept-encoding"] == "identity"
    await model.aclose()


@pytest.mark.parametrize("arguments", ['{"a": ' + "[" * 200 + "]" * 200 + "}", '{"a": "\\ud800"}'])
async def test_arguments_of_calls_can_always_be_written_again(arguments):
    for given in (arguments, json.loads(arguments)):
        json.dumps(read_arguments(given), ensure_ascii=False).encode()
    assert (MALFORMED_ARGUMENTS in read_arguments(arguments)) == ("[" in arguments)
