"""`ollama:MODEL`: a local Ollama server, through its own `/api/chat`.

Ollama's OpenAI-compatible address cannot set the context length, and its default is a few thousand
tokens, beyond which it drops the front of the conversation without a word. So the native API is used:
`options.num_ctx` is set, `truncate` and `shift` are off, and the model's own limit is read once from
`/api/show` of the same server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tamsa.errors import ModelError
from tamsa.llm.assembly import Assembly
from tamsa.llm.bounded import bounds
from tamsa.llm.failures import Endpoint, TransientError, failure
from tamsa.llm.openai_chat import RETRY_NOTICE
from tamsa.llm.retrying import retrying
from tamsa.llm.settings import ModelSettings
from tamsa.llm.slots import Slots
from tamsa.llm.tokens import estimate_prompt, estimate_tokens
from tamsa.llm.wire import check_roles, completion_room, function_schemas, ollama_messages
from tamsa.types import Completion, Message, Profile, ToolSchema

if TYPE_CHECKING:
    import httpx2


class OllamaModel:
    """A model served by Ollama. Use one instance within one event loop.

    `context_length` may fall at the first completion, when the server says that the model holds less.

    Args:
        model: the model's name as `ollama list` shows it.
        settings: with address and context length filled in (`settings.for_ollama`).
        slots: the endpoint's places, where they are shared with other models.
    """

    profile = Profile()

    def __init__(self, model: str, settings: ModelSettings, slots: Slots | None = None) -> None:
        if settings.base_url is None or settings.context_length is None:
            raise ValueError("settings must come from for_ollama")
        self.name = f"ollama:{model}"
        self.context_length = settings.context_length
        self.native_tools = settings.native_tools == "yes"
        self._model = model
        self._settings = settings
        self._endpoint = Endpoint(self.name, settings.base_url, settings.secret)
        self._client: httpx2.AsyncClient | None = None
        self._slots = slots or Slots(settings)
        self._shown = False

    def __repr__(self) -> str:
        return f"OllamaModel({self.name!r}, base_url={self._endpoint.url!r})"

    def count_tokens(self, text: str) -> int:
        """Estimate from above the tokens of a text."""
        return estimate_tokens(text)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

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
            ContextLengthError: the prompt does not fit, by our estimate or by the server's word.
            ModelUnavailableError: no whole answer after all retries or within the deadline.
            ModelError: the server refused the request, or does not have the model.
        """
        check_roles(messages, native_tools=self.native_tools)
        offered = tuple(tools) if self.native_tools else ()
        streamed = False

        def pass_on(text: str) -> None:
            nonlocal streamed
            streamed = True
            if on_text is not None:
                on_text(text)

        async def attempt(number: int) -> tuple[Assembly, Mapping[str, Any]]:
            if not self._shown:
                await self._read_limit()
            wanted = max_tokens or self._settings.max_tokens
            room = completion_room(messages, offered, self.context_length, wanted, self._endpoint)
            await self._slots.pace(estimate_prompt(messages, offered))
            if number and streamed and on_text is not None:
                on_text(RETRY_NOTICE)
            assembly = Assembly(stop, pass_on)
            return assembly, await self._chat(self._body(messages, offered, room, stop), assembly, bool(offered))

        async with self._slots.place():
            assembly, last = await retrying(attempt, self._endpoint, self._settings)
        turn = sum(message.role == "assistant" for message in messages)
        text, calls = assembly.text(), assembly.calls(turn)
        prompt_tokens = last.get("prompt_eval_count") or estimate_prompt(messages, offered)
        completion_tokens = last.get("eval_count") or estimate_prompt([Message("assistant", text, calls)])
        self._slots.spend(int(completion_tokens))
        finish = assembly.finish or "stop"
        return Completion(
            text,
            calls,
            self._settings.usage(int(prompt_tokens), int(completion_tokens)),
            "tool_calls" if calls and finish == "stop" else finish,
        )

    def _body(
        self, messages: Sequence[Message], tools: Sequence[ToolSchema], room: int, stop: Sequence[str]
    ) -> dict[str, Any]:
        settings = self._settings
        options = {
            "num_ctx": self.context_length,
            "num_predict": room,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
            "stop": list(stop) or None,
        }
        body: dict[str, Any] = {
            "model": self._model,
            "messages": ollama_messages(messages),
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": {name: value for name, value in options.items() if value is not None},
        }
        if tools:
            body["tools"] = function_schemas(tools)
        return {**body, **self._settings.extra_body}

    async def _read_limit(self) -> None:
        """Learn the model's own context length, so that a larger `num_ctx` is not cut behind our back."""
        value = bytearray()
        async for line in self._request("/api/show", {"model": self._model}, False):
            value += line
        try:
            details = json.loads(value)
        except (ValueError, RecursionError):
            details = None
        info = details.get("model_info") if isinstance(details, dict) else None
        for name, limit in (info or {}).items() if isinstance(info, dict) else ():
            if str(name).endswith(".context_length") and isinstance(limit, int) and limit > 0:
                self.context_length = min(self.context_length, limit)
        self._shown = True

    async def _chat(self, body: Mapping[str, Any], assembly: Assembly, native_tools: bool) -> Mapping[str, Any]:
        async for line in self._request("/api/chat", body, native_tools):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise TransientError("a line of the answer is not JSON") from None
            if not isinstance(value, dict):
                raise TransientError("a line of the answer is not a JSON object")
            if value.get("error"):
                raise failure(self._endpoint, None, value, native_tools=native_tools)
            _add_message(assembly, value.get("message"))
            if value.get("done"):
                assembly.end(value.get("done_reason") or "stop")
                return {key: n for key, n in value.items() if key.endswith("_count") and isinstance(n, int) and n > 0}
            if assembly.stopped:
                return {}
        raise TransientError("the answer was " + ("empty" if assembly.empty else "cut off before its end"))

    async def _request(self, path: str, body: Mapping[str, Any], native_tools: bool) -> AsyncIterator[bytes]:
        """Post a body and yield the lines of the answer."""
        import httpx2

        client = self._client = self._client or self._connect()
        try:
            async with client.stream("POST", self._endpoint.url + path, json=dict(body)) as response:
                if response.status_code != 200:
                    data = await response.aread()
                    try:
                        detail: Any = json.loads(data)
                    except ValueError:
                        detail = data.decode("utf-8", "replace")
                    self._refuse(response.status_code, detail, dict(response.headers), native_tools)
                if response.headers.get("content-type", "").startswith("text/html"):
                    raise TransientError("the server answered with a web page; is base_url an Ollama server?")
                buffer = bytearray()
                async for data in response.aiter_bytes():
                    buffer += data
                    if b"\n" in data:
                        *lines, buffer = buffer.split(b"\n")
                        for line in lines:
                            yield bytes(line)
                if buffer:
                    yield bytes(buffer)
        except httpx2.TimeoutException:
            raise TransientError(f"nothing came for {self._settings.timeout_s:g} s") from None
        except httpx2.HTTPError as error:
            raise TransientError(f"{type(error).__name__}: {self._endpoint.clean(error)}".rstrip(": ")) from None

    def _refuse(self, status: int, detail: Any, headers: Mapping[str, str], native_tools: bool) -> None:
        if status == 404:
            reason = detail.get("error") if isinstance(detail, dict) else None
            raise ModelError(
                f"{self._endpoint}: no such model ({self._endpoint.clean(reason or 'HTTP 404')}); "
                f"run: ollama pull {self._model}, and check that base_url is an Ollama server"
            )
        raise failure(self._endpoint, status, detail, headers=headers, native_tools=native_tools)

    def _connect(self) -> httpx2.AsyncClient:
        import httpx2

        settings = self._settings
        client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(settings.timeout_s, connect=min(15.0, settings.timeout_s), pool=None),
            limits=httpx2.Limits(max_connections=settings.concurrency),
            **bounds(self._endpoint),
        )
        if settings.secret:
            client.headers["Authorization"] = f"Bearer {settings.secret}"
        return client


def _add_message(assembly: Assembly, message: object) -> None:
    if not isinstance(message, dict):
        return
    assembly.add_thought(message.get("thinking"))
    assembly.add_text(message.get("content"))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            arguments = function.get("arguments")
            assembly.add_call(
                None, call.get("id"), function.get("name"), arguments if isinstance(arguments, Mapping | str) else {}
            )
