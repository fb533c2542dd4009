"""`hf:PATH_OR_ID` and `nano`: a model in this process, behind the same protocol as every other."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.errors import ConfigError, ContextLengthError
from tamsa.llm.about import About, Defaults
from tamsa.llm.local.chat import Chat
from tamsa.llm.local.desk import Desk
from tamsa.llm.local.engine import Engine, Network
from tamsa.llm.local.folder import Folder
from tamsa.llm.local.formats import find_format
from tamsa.llm.local.reading import Reading, Vocabulary
from tamsa.llm.local.requests import Outcome, Request, Sampling
from tamsa.llm.local.source import ids_of
from tamsa.llm.settings import ModelSettings
from tamsa.llm.tokens import Grammar
from tamsa.llm.wire import MIN_ANSWER_TOKENS, check_roles
from tamsa.types import Completion, Message, Profile, Sampled, ToolCall, ToolSchema

_USUAL = ModelSettings()


class LocalModel:
    """A causal language model of transformers, decoded by an `Engine` of its own.

    Completions asked for side by side, from any number of event loops, are decoded together. The weights are loaded
    with the first completion, or by `start`. Every completion carries `Completion.sampled`.

    Args:
        path: a folder or hub id.
        settings: `dtype`, `device`, `threads`, `batch_size`, `state_megabytes`, `heads`, `greedy`, `temperature`,
            `top_p`, `seed`, `max_tokens`, `context_length`, `native_tools` and prices are used.
        name: the spec.

    Raises:
        InputError: there is no such folder, or it holds no model.
        ConfigError: no chat template, or a wrong setting.
    """

    def __init__(self, path: str | Path, settings: ModelSettings | None = None, *, name: str | None = None) -> None:
        settings = settings or ModelSettings()
        name = name or f"hf:{path}"
        folder = Folder(path, name)

        def load() -> Network:
            return folder.load(dtype=settings.dtype, device=settings.device, heads=settings.heads)

        self._set_up(name, settings, folder.tokenizer, folder.config, folder.about, folder.end_ids, load)

    @classmethod
    def of(
        cls,
        model: Any,
        tokenizer: Any,
        settings: ModelSettings | None = None,
        *,
        name: str = "local",
        about: About | None = None,
        engine: Desk | None = None,
    ) -> LocalModel:
        """Decode with a model that is loaded already, as a trainer's is; call `forget` when its weights have changed.

        Args:
            model: a causal language model of transformers, or an `AutoDecoForCausalLM`.
            tokenizer: its tokenizer, with a chat template.
            settings: as above; `dtype`, `device` and `heads` mean nothing here.
            name: how it is called in runs.
            about: what `tamsa.json` would say.
            engine: what decodes in place of an `Engine` on `model`; `batch_size`, `state_megabytes` and `threads` mean
                nothing then.

        Raises:
            ConfigError: no chat template, or a wrong setting.
        """
        self = cls.__new__(cls)
        network = (
            Network(model.base, model.decoding_heads) if isinstance(model, AutoDecoForCausalLM) else Network(model)
        )
        ends = ids_of(model.generation_config.eos_token_id)
        self._set_up(
            name, settings or ModelSettings(), tokenizer, model.config, about or About(), ends, lambda: network, engine
        )
        return self

    def _set_up(
        self,
        name: str,
        settings: ModelSettings,
        tokenizer: Any,
        config: Any,
        about: About,
        ends: frozenset[int],
        load: Callable[[], Network],
        engine: Desk | None = None,
    ) -> None:
        self.name = name
        self.profile: Profile = about.profile
        self._settings, self._tokenizer = settings, tokenizer
        self._chat = Chat(tokenizer, name)
        self._format = find_format(self._chat.template)
        wanted = about.native_tools if about.native_tools is not None else not about.profile.brief
        self.native_tools = settings.native_tools == "yes" or (
            settings.native_tools == "auto" and wanted and self._format is not None
        )
        if self.native_tools and self._format is None:
            raise ConfigError(f"{name}: native_tools = yes, but its way of writing calls is unknown; set it to auto")
        self.context_length = settings.context_length or about.context_length or _context_length(config, tokenizer)
        self._vocabulary = Vocabulary(tokenizer)
        added = (str(token) for token in tokenizer.added_tokens_decoder.values())
        self.control_tokens = tuple(sorted(token for token in added if token.startswith(("<", "["))))
        """What the tokenizer takes for structure wherever it stands in a text, a document's included."""
        ends |= ids_of(config.eos_token_id) | ids_of(tokenizer.eos_token_id) | ids_of(self._chat.turn_end)
        self._end_ids = ends
        self._temperature, self._top_p = _sampling(settings, about.sampling)
        self._seed = settings.seed
        self._asked: OrderedDict[bytes, int] = OrderedDict()
        self._count = lru_cache(maxsize=4096)(self._count_tokens)
        self._encoded = lru_cache(maxsize=16_384)(self._encode)
        self.engine: Desk = engine or Engine(
            load,
            name=name,
            batch_size=settings.batch_size,
            max_bytes=settings.state_megabytes * 2**20,
            threads=settings.threads,
        )
        """Decodes; its counters say how much was read, reused and drawn."""
        self.takes_grammar: bool = self.engine.takes_grammar
        """Completions can be held to a form, token by token."""

    @property
    def batch_size(self) -> int:
        """Conversations decoded together; that many runs side by side keep it busy."""
        return self._settings.batch_size

    def __repr__(self) -> str:
        return f"LocalModel({self.name!r})"

    def start(self) -> None:
        """Begin to load the weights, while the caller does something else."""
        self.engine.start()

    def leave_a_processor(self) -> None:
        """Decode on one processor less than there are, unless the settings say on how many; call it before `start`.

        Where much else is done beside, threads that wait for one another lose more than they bring.
        """
        if self._settings.threads is None and isinstance(self.engine, Engine):
            self.engine.threads = max(1, (os.cpu_count() or 1) - 1)

    def forget(self, seed: int | None = None) -> None:
        """Drop every kept state: the weights have changed. The ids of conversations stay.

        Args:
            seed: what is drawn from now on depends on it, whatever was asked before; None goes on as it was.
        """
        self.engine.forget()
        if seed is not None:
            self._seed = seed
            self._asked.clear()

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, exactly."""
        return self._count(text)

    def _encode(self, text: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the ids of a text and where in it each ends."""
        found = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return found["input_ids"], [end for _, end in found["offset_mapping"]]

    def _count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False, verbose=False)) if text else 0

    async def aclose(self) -> None:
        """End the engine's thread and let the weights go."""
        await asyncio.to_thread(self.engine.close)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        grammar: Grammar | None = None,
        sampling: Sampling | None = None,
    ) -> Completion:
        """Answer a conversation; see `tamsa.types.Model`. A cancelled call gives its place up at the next token.

        Args:
            messages, tools, max_tokens, stop, on_text: as there.
            grammar: the form that the answer is held to.
            sampling: how tokens are drawn, where not as the settings say.

        Raises:
            ContextLengthError: the prompt does not fit.
            InputError: the weights cannot be loaded.
            ModelError: decoding failed, or the model is closed.
        """
        [completion] = await self._answers(messages, [sampling], tools, max_tokens, stop, on_text, grammar)
        return completion

    async def draw(
        self, messages: Sequence[Message], count: int, *, max_tokens: int | None = None, grammar: Grammar | None = None
    ) -> list[Completion]:
        """Draw several answers to one conversation, also where the settings say greedy: at temperature 1, or as the
        model's heads say. The prompt is read once; the draws depend on it and on the seed alone.

        Args:
            messages, max_tokens, grammar: as of `complete`.
            count: how many.
        """
        text = "\0".join(f"{message.role}\0{message.content}" for message in messages)
        key = np.frombuffer(hashlib.blake2b(text.encode(), digest_size=16).digest(), dtype=np.uint32).tolist()
        seed = (self._seed or 0) % 2**63
        streams = [Sampling(random=np.random.default_rng([seed, number, *key])) for number in range(count)]
        return await self._answers(messages, streams, max_tokens=max_tokens, grammar=grammar)

    async def _answers(
        self,
        messages: Sequence[Message],
        samplings: Sequence[Sampling | None],
        tools: Sequence[ToolSchema] = (),
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        on_text: Callable[[str], None] | None = None,
        grammar: Grammar | None = None,
    ) -> list[Completion]:
        """Answer a conversation once for each way to draw, side by side; only one answer can be shown as it comes."""
        check_roles(messages, native_tools=self.native_tools)
        offered = tuple(tools) if self.native_tools else ()
        owner = id(asyncio.current_task())
        prompt = self._chat.prompt(messages, offered, owner, self._end_ids)
        room = self._room(len(prompt), max_tokens or self._settings.max_tokens)
        calls_format = self._format if self.native_tools else None
        loop = asyncio.get_running_loop()
        shown: list[str] = []

        def post(callback: Callable[..., object], *arguments: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(callback, *arguments)

        def show(text: str) -> None:
            shown.append(text)
            post(on_text, text)  # type: ignore[arg-type]

        def begin(sampling: Sampling) -> tuple[Request, Reading, asyncio.Future[tuple[Outcome, str]]]:
            future: asyncio.Future[tuple[Outcome, str]] = loop.create_future()
            reading = Reading(self._vocabulary, stop, None if on_text is None else show, calls_format)

            def settle(result: Outcome | BaseException, text: str) -> None:
                if future.done():
                    return
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result((result, text))

            def done(result: Outcome | BaseException) -> None:
                post(settle, result, "" if isinstance(result, BaseException) else reading.finish())

            request = Request(prompt, room, sampling, self._end_ids, done, reading.take)
            if grammar is not None:
                request.allowed = grammar(self._encoded, self._end_ids)
            return request, reading, future

        begun = [begin(sampling or self._sampler(prompt)) for sampling in samplings]
        self.engine.submit(*(request for request, _, _ in begun))
        try:
            outcomes = await asyncio.gather(*(future for _, _, future in begun))
        except BaseException:
            for request, _, _ in begun:
                self.engine.cancel(request)
            raise
        completions = []
        for (_, reading, _), (outcome, raw) in zip(begun, outcomes, strict=True):
            text, calls = calls_format.read(raw) if calls_format is not None else (raw, ())
            if on_text is not None and calls_format is not None and text.startswith(before := "".join(shown)):
                on_text(text[len(before) :])  # what the format held back, and belongs to the text all the same
            ends = reading.ends if text == raw else []
            text = text.replace("\x00", "\ufffd")
            completions.append(self._completion(messages, offered, owner, prompt, outcome, text, calls, ends))
        return completions

    def _completion(
        self,
        messages: Sequence[Message],
        offered: Sequence[ToolSchema],
        owner: int,
        prompt: Sequence[int],
        outcome: Outcome,
        text: str,
        calls: Sequence[ToolCall],
        ends: Sequence[int],
    ) -> Completion:
        turn = sum(message.role == "assistant" for message in messages)
        named = tuple(
            ToolCall(call.id or f"call_{turn}_{number}", call.name, call.arguments) for number, call in enumerate(calls)
        )
        answer = Message("assistant", text, named)
        self._chat.remember(messages, offered, answer, [*prompt, *outcome.ids], owner)
        sampled = Sampled(
            tuple(prompt),
            tuple(outcome.ids),
            tuple(outcome.logprobs),
            tuple(outcome.temperatures),
            tuple(outcome.top_ps),
            tuple(outcome.model_logprobs),
            # the end token, which has no text, stands at the end
            tuple(ends) + (ends[-1],) * (len(outcome.ids) - len(ends)) if ends else (),
            tuple(outcome.allowed),
        )
        finish = "tool_calls" if named and outcome.finish == "stop" else outcome.finish
        usage = self._settings.usage(len(prompt), len(outcome.ids))
        return Completion(text, named, usage, finish, sampled)

    def _room(self, prompt: int, wanted: int) -> int:
        """Return how many tokens the completion may have: as many as wanted, or what the context leaves."""
        room = self.context_length - prompt
        if room < min(wanted, MIN_ANSWER_TOKENS, max(1, self.context_length // 16)):
            raise ContextLengthError(
                f"{self.name}: the prompt has {prompt:,} tokens, which leaves too little of the context of "
                f"{self.context_length:,} for an answer"
            )
        return min(wanted, room)

    def _sampler(self, prompt: Sequence[int]) -> Sampling:
        """Give a completion its stream of random numbers.

        With a seed the stream depends on the seed, the prompt, and how often this very prompt was asked before.
        """
        if self._seed is None:
            return Sampling(self._temperature, self._top_p)
        key = hashlib.blake2b(np.asarray(prompt, dtype=np.int32).tobytes(), digest_size=16).digest()
        number = self._asked.pop(key, 0)
        self._asked[key] = number + 1
        if len(self._asked) > 100_000:
            self._asked.popitem(last=False)
        words = [self._seed % 2**63, number, *np.frombuffer(key, dtype=np.uint32).tolist()]
        return Sampling(self._temperature, self._top_p, random=np.random.default_rng(words))


def _sampling(settings: ModelSettings, model: Defaults) -> tuple[float, float]:
    """Return temperature and top-p: what was asked for, else what the model wants, else the usual values."""
    temperature = settings.temperature
    if temperature in (None, _USUAL.temperature):
        temperature = 0.0 if model.greedy and settings.greedy is not False else model.temperature
    if temperature is None:
        temperature = 1.0 if settings.temperature is None else settings.temperature
    top_p = settings.top_p if settings.top_p not in (None, _USUAL.top_p) else model.top_p
    if top_p is None:
        top_p = 1.0 if settings.top_p is None else settings.top_p
    return (0.0 if settings.greedy else temperature), top_p


def _context_length(config: Any, tokenizer: Any) -> int:
    text = config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config
    known = [getattr(text, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    usable = [int(n) for n in known if n is not None and 0 < n < 10**9]
    return min(usable) if usable else 32_768
