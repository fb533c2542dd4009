"""`openai:MODEL`: any endpoint that speaks OpenAI's chat completions, through the official client.

One kind of request goes out, `POST {base_url}/chat/completions`, streamed; nothing else is asked of
the endpoint or of anyone else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from tamsa.errors import ModelError
from tamsa.llm.assembly import Assembly
from tamsa.llm.bounded import bounds
from tamsa.llm.failures import Endpoint, TransientError, failure
from tamsa.llm.retrying import retrying
from tamsa.llm.settings import ModelSettings, is_official
from tamsa.llm.slots import Slots
from tamsa.llm.tokens import estimate_prompt, estimate_tokens
from tamsa.llm.wire import check_roles, completion_room, function_schemas, openai_messages
from tamsa.types import Completion, Message, Profile, ToolSchema

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)
RETRY_NOTICE = "\n[the answer broke off; asking again]\n"
"""Goes to `on_text` where text has streamed and the attempt must be repeated."""
_DROPPABLE = ("temperature", "top_p", "seed", "stop", "stream_options")
_OTHER_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


class OpenAIModel:
    """A model behind an OpenAI-compatible endpoint. Use one instance within one event loop.

    Args:
        model: the endpoint's name of the model.
        settings: with address and context length filled in (`settings.for_openai`).
        slots: the endpoint's places, where they are shared with other models.
    """

    profile = Profile()

    def __init__(self, model: str, settings: ModelSettings, slots: Slots | None = None) -> None:
        if settings.base_url is None or settings.context_length is None:
            raise ValueError("settings must come from for_openai")
        self.name = f"openai:{model}"
        self.context_length = settings.context_length
        official = is_official(settings.base_url)
        self.native_tools = settings.native_tools == "yes" or (settings.native_tools == "auto" and official)
        self._model = model
        self._settings = settings
        self._endpoint = Endpoint(self.name, settings.base_url, settings.secret)
        self._limit_field = "max_completion_tokens" if official else "max_tokens"
        self._dropped: set[str] = set()
        self._client: AsyncOpenAI | None = None
        self._slots = slots or Slots(settings)

    def __repr__(self) -> str:
        return f"OpenAIModel({self.name!r}, base_url={self._endpoint.url!r})"

    def count_tokens(self, text: str) -> int:
        """Estimate from above the tokens of a text."""
        return estimate_tokens(text)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """Answer a conversation; see `tamsa.types.Model`.

        Raises:
            ContextLengthError: the prompt does not fit, by our estimate or by the endpoint's word.
            ModelAuthError: the key is missing or refused.
            ModelUnavailableError: no whole answer after all retries or within the deadline.
            ModelError: the endpoint refused the request.
        """
        check_roles(messages, native_tools=self.native_tools)
        offered = tuple(tools) if self.native_tools else ()
        wanted = max_tokens or self._settings.max_tokens
        room = completion_room(messages, offered, self.context_length, wanted, self._endpoint)
        body: dict[str, Any] = {"messages": openai_messages(messages), "max_tokens": room}
        if offered:
            body["tools"] = function_schemas(offered)
        if stop:
            body["stop"] = list(stop)
        for name in ("temperature", "top_p", "seed"):
            if (value := getattr(self._settings, name)) is not None:
                body[name] = value
        body["stream_options"] = {"include_usage": True}
        prompt_estimate = estimate_prompt(messages, offered)
        streamed = False

        def pass_on(text: str) -> None:
            nonlocal streamed
            streamed = True
            if on_text is not None:
                on_text(text)

        async def attempt(number: int) -> tuple[Assembly, Mapping[str, Any]]:
            if number and streamed and on_text is not None:
                on_text(RETRY_NOTICE)
            await self._slots.pace(prompt_estimate)
            assembly = Assembly(stop, pass_on)
            return assembly, await self._attempt(body, assembly, bool(offered))

        async with self._slots.place():
            assembly, reported = await retrying(attempt, self._endpoint, self._settings)
        turn = sum(message.role == "assistant" for message in messages)
        text, calls = assembly.text(), assembly.calls(turn)
        finish = assembly.finish or "stop"
        if calls and finish == "stop":
            finish = "tool_calls"
        prompt_tokens = _count(reported.get("prompt_tokens"))
        completion_tokens = _count(reported.get("completion_tokens"))
        if prompt_tokens is None:
            prompt_tokens = prompt_estimate
        if completion_tokens is None:
            completion_tokens = estimate_prompt([Message("assistant", text, calls)])
        self._slots.spend(completion_tokens)
        return Completion(text, calls, self._settings.usage(prompt_tokens, completion_tokens), finish)

    async def _attempt(self, body: Mapping[str, Any], assembly: Assembly, native_tools: bool) -> Mapping[str, Any]:
        """Make one request, adapting it where the endpoint does not know a field; returns the reported usage."""
        import httpx2
        import openai

        while True:
            sent = {name: value for name, value in body.items() if name == "max_tokens" or name not in self._dropped}
            sent[self._limit_field] = sent.pop("max_tokens")
            try:
                return await self._stream(sent, assembly)
            except openai.APIStatusError as error:
                if self._adapt(_refused_field(error, sent)):
                    continue
                raise failure(
                    self._endpoint,
                    error.status_code,
                    error.body if error.body is not None else error.message,
                    headers=error.response.headers,
                    native_tools=native_tools,
                ) from None
            except openai.APITimeoutError:
                raise TransientError(f"nothing came for {self._settings.timeout_s:g} s") from None
            except openai.APIConnectionError as error:
                cause = error.__cause__
                kind = type(cause).__name__ if cause is not None else "no connection"
                raise TransientError(f"{kind}: {self._endpoint.clean(cause or error)}".rstrip(": ")) from None
            except httpx2.HTTPError as error:
                raise TransientError(f"{type(error).__name__}: {self._endpoint.clean(error)}".rstrip(": ")) from None
            except openai.APIError as error:  # an error object inside the stream
                status = _status_of(error.code)
                raise failure(self._endpoint, status, error.body or error.message, native_tools=native_tools) from None
            except openai.OpenAIError as error:
                raise ModelError(f"{self._endpoint}: {self._endpoint.clean(error)}") from None
            except (ValueError, RecursionError) as error:
                raise TransientError(f"the answer is not the JSON expected ({self._endpoint.clean(error)})") from None

    def _adapt(self, field: str | None) -> bool:
        """Note that the endpoint does not take a field; False where that has been tried already."""
        if field is None or field in self._dropped:
            return False
        self._dropped.add(field)
        if field in _OTHER_LIMIT:  # two names of one thing; the old and the new API know one each
            self._limit_field = _OTHER_LIMIT[field]
            return self._limit_field not in self._dropped
        log.warning("%s does not take %s; going on without it", self._endpoint, field)
        return True

    async def _stream(self, sent: Mapping[str, Any], assembly: Assembly) -> Mapping[str, Any]:
        import openai

        client = self._client = self._client or self._connect()
        create = cast(Any, client.chat.completions.create)
        stream = await create(
            model=self._model,
            stream=True,
            extra_body=dict(self._settings.extra_body),
            # without a key no authorization header goes out at all
            extra_headers=None if self._settings.secret else {"Authorization": openai.omit},
            **sent,
        )
        try:
            kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == "application/json":  # the endpoint does not stream
                return self._read_whole(await stream.response.aread(), assembly)
            if kind.startswith("text/html"):
                raise TransientError("the server answered with a web page; base_url may lack its /v1")
            return await self._read_chunks(stream, assembly)
        finally:
            await stream.close()

    async def _read_chunks(self, stream: AsyncIterator[Any], assembly: Assembly) -> Mapping[str, Any]:
        usage: Mapping[str, Any] = {}
        async for chunk in stream:
            value = _plain(chunk)
            if isinstance(value.get("usage"), dict):
                usage = value["usage"]
            choices = value.get("choices")
            if isinstance(choices, list) and choices and isinstance(choices[0], dict):
                _add_delta(assembly, choices[0].get("delta"))
                assembly.end(choices[0].get("finish_reason"))
            if assembly.stopped:
                return usage
        if assembly.finish is None:
            what = "empty" if assembly.empty else "cut off before its end"
            raise TransientError(f"the answer was {what}")
        return usage

    def _read_whole(self, data: bytes, assembly: Assembly) -> Mapping[str, Any]:
        value = json.loads(data)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        if value.get("error"):
            raise failure(self._endpoint, None, value)
        choices = value.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            raise TransientError("the answer was empty")
        _add_delta(assembly, choices[0].get("message"))
        assembly.end(choices[0].get("finish_reason") or "stop")
        usage = value.get("usage")
        return usage if isinstance(usage, dict) else {}

    def _connect(self) -> AsyncOpenAI:
        import httpx2
        import openai

        settings = self._settings
        timeout = httpx2.Timeout(settings.timeout_s, connect=min(15.0, settings.timeout_s), pool=None)
        limits = httpx2.Limits(max_connections=settings.concurrency, max_keepalive_connections=settings.concurrency)
        return openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=settings.secret or "none",
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(timeout=timeout, limits=limits, **bounds(self._endpoint)),
        )


def _add_delta(assembly: Assembly, delta: object) -> None:
    if not isinstance(delta, dict):
        return
    assembly.add_thought(delta.get("reasoning_content") or delta.get("reasoning"))
    assembly.add_text(delta.get("content"))
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            assembly.add_call(call.get("index"), call.get("id"), function.get("name"), function.get("arguments"))


def _plain(chunk: object) -> dict[str, Any]:
    """Turn a chunk of the client into plain values; the client does not validate what it passes on."""
    dump = getattr(chunk, "model_dump", None)
    value = dump(mode="python", warnings=False) if dump is not None else chunk
    if not isinstance(value, dict):
        raise ValueError(f"a chunk is {type(value).__name__}, not an object")
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _status_of(code: object) -> int | None:
    """Read an HTTP status that some servers put into the error code of a stream."""
    text = str(code)
    return int(text) if text.isdigit() and 400 <= int(text) <= 599 else None


def _refused_field(error: Any, sent: Mapping[str, Any]) -> str | None:
    """Name the field that made an endpoint refuse a request, where going on without it is harmless."""
    if error.status_code not in (400, 422):
        return None
    words = f"{error.param or ''} {error.message}"
    refused = (
        "unsupported",
        "not supported",
        "unrecognized",
        "unknown",
        "extra_forbidden",
        "not permitted",
        "does not support",
    )
    if not any(word in words.lower() for word in refused):
        return None
    for name in (*_OTHER_LIMIT, *_DROPPABLE):
        if name in sent and (
            error.param == name or f"'{name}'" in words or f'"{name}"' in words or f": {name}" in words
        ):
            return name
    return None
