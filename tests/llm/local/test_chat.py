"""The ids of a conversation are never made twice, whatever the tokenizer would make of the text."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tamsa.errors import ConfigError
from tamsa.llm.local.chat import Chat
from tamsa.llm.local.reading import Reading, Vocabulary
from tamsa.train.tokenizer import MIN_VOCAB_SIZE, ChatEncoder, train_tokenizer
from tamsa.types import Message, ToolCall, ToolSchema
from tests.llm.local.tiny import CHATML, PLAIN, TEXTS, make_tokenizer

END = frozenset({2})
ASKED = [Message("system", "s"), Message("user", "Which town?")]
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
STRIPS_THOUGHTS = PLAIN.replace("{{ m.content }}", "{{ m.content.split('</think>')[-1] }}")


def answered(chat, messages, text, ids, owner=0):
    prompt = chat.prompt(messages, (), owner, END)
    answer = Message("assistant", text)
    chat.remember(messages, (), answer, [*prompt, *ids], owner)
    return prompt, [*messages, answer, Message("user", "and then?")]


def odd_ids(tokenizer, text):
    """Ids of a text that the tokenizer itself would never choose: a token a byte."""
    return [i for byte in text for i in tokenizer.encode(byte, add_special_tokens=False)]


@pytest.mark.parametrize("template", [PLAIN, NO_SYSTEM, STRIPS_THOUGHTS])
def test_the_next_prompt_begins_with_prompt_and_completion(template):
    tokenizer = make_tokenizer(template)
    chat = Chat(tokenizer, "m")
    text = "<think>The river Tamsa</think>Port Alder"
    ids = odd_ids(tokenizer, "The river Tamsa rises in the northern hills")
    assert tokenizer.encode(tokenizer.decode(ids), add_special_tokens=False) != ids
    messages = ASKED
    for _ in range(3):
        prompt, messages = answered(chat, messages, text, [*ids, 2])
        after = chat.prompt(messages, (), 0, END)
        known = [*prompt, *ids, 2]
        assert after[: len(known)] == known
        assert (
            tokenizer.decode(after[len(known) :]) == "\n<|im_start|>user\nand then?<|im_end|>\n<|im_start|>assistant\n"
        )


def test_a_completion_cut_short_gets_its_end_from_the_template():
    tokenizer = make_tokenizer()
    chat = Chat(tokenizer, "m")
    ids = odd_ids(tokenizer, "Port")
    prompt, messages = answered(chat, ASKED, "Port", ids)
    after = chat.prompt(messages, (), 0, END)
    assert after[len(prompt) + len(ids)] == 2


def test_without_kept_ids_the_text_is_rendered():
    tokenizer = make_tokenizer()
    chat = Chat(tokenizer, "m")
    messages = [*ASKED, Message("assistant", "Port Alder"), Message("user", "sure?")]
    rendered = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in messages], tokenize=False, add_generation_prompt=True
    )
    assert chat.prompt(messages, (), 0, END) == tokenizer.encode(rendered, add_special_tokens=False)


def test_conversations_that_say_the_same_keep_their_own_ids():
    tokenizer = make_tokenizer()
    chat = Chat(tokenizer, "m")
    one, other = odd_ids(tokenizer, "Port Alder"), tokenizer.encode("Port Alder", add_special_tokens=False)
    assert one != other
    prompt, messages = answered(chat, ASKED, "Port Alder", [*one, 2], owner=1)
    answered(chat, ASKED, "Port Alder", [*other, 2], owner=2)
    assert chat.prompt(messages, (), 1, END)[: len(prompt) + len(one)] == [*prompt, *one]
    assert chat.prompt(messages, (), 2, END)[: len(prompt) + len(other)] == [*prompt, *other]
    assert chat.prompt(messages, (), 3, END)[: len(prompt) + len(other)] == [*prompt, *other]  # a stranger: the latest


def test_native_calls_are_found_again_whatever_their_ids():
    tokenizer = make_tokenizer(CHATML)
    chat = Chat(tokenizer, "m")
    tools = [ToolSchema("search", "finds", {"type": "object"})]
    prompt = chat.prompt(ASKED, tools, 0, END)
    ids = odd_ids(tokenizer, "call")
    chat.remember(ASKED, tools, Message("assistant", "", (ToolCall("a", "search", {"q": "x"}),)), [*prompt, *ids, 2], 0)
    messages = [
        *ASKED,
        Message("assistant", "", (ToolCall("renamed", "search", {"q": "x"}),)),
        Message("tool", "found", tool_call_id="renamed", name="search"),
    ]
    assert chat.prompt(messages, tools, 0, END)[: len(prompt) + len(ids)] == [*prompt, *ids]
    assert "search" in tokenizer.decode(prompt)


def test_prompts_of_the_trained_format_are_those_it_was_trained_on():
    tokenizer = train_tokenizer(TEXTS * 4, vocab_size=MIN_VOCAB_SIZE + 60, min_frequency=1)
    chat = Chat(tokenizer, "nano")
    call = '<think>x 12</think><tool_call>{"name": "search", "arguments": {"queries": ["Port", "sea"]}}</tool_call>'
    messages = [
        Message("system", "Tools: search\nMode: react\nDate: 2026-11-25"),
        Message("user", "Which town was founded in 1911?"),
        Message("assistant", call),
        Message("user", "<tool_response>\nTamsa, 탐사 探査\n</tool_response>"),
    ]
    end = frozenset({chat.turn_end})
    ids = tokenizer.encode(call, add_special_tokens=False)
    prompt = chat.prompt(messages[:2], (), 0, end)
    chat.remember(messages[:2], (), messages[2], [*prompt, *ids, chat.turn_end], 0)
    trained = ChatEncoder(tokenizer)([{"role": m.role, "content": m.content} for m in messages])
    assert chat.prompt(messages, (), 0, end) == [
        *trained.ids,
        *tokenizer.encode("<|assistant|>", add_special_tokens=False),
    ]
    reading = Reading(Vocabulary(tokenizer))
    for token in ids:
        reading.take(token)
    assert reading.finish() == call


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr("tamsa.llm.local.chat.KEPT_TOKENS", 500)
    chat = Chat(make_tokenizer(), "m")
    for n in range(50):
        answered(chat, [Message("user", f"question {n}")], "x", [5, 2])
    assert chat._held <= 500 and len(chat._kept) < 40


def test_no_template_and_a_refusing_template_are_one_line():
    with pytest.raises(ConfigError, match="no chat template; choose"):
        Chat(make_tokenizer(None), "hf:x")
    chat = Chat(make_tokenizer(NO_SYSTEM), "hf:x")
    wrong = [Message("assistant", "x"), Message("user", "y")]
    with pytest.raises(ConfigError, match=r"hf:x: its chat template refuses .*alternate") as caught:
        chat.prompt(wrong, (), 0, END)
    assert "\n" not in str(caught.value)


async def test_rollouts_of_one_question_never_mix_their_ids(local):
    model = local("kimi", greedy=False, temperature=1.0, seed=2, max_tokens=6)

    async def rollout():
        messages, turns = list(ASKED), []
        for _ in range(4):
            completion = await model.complete(messages)
            turns.append(completion.sampled)
            messages += [Message("assistant", completion.text), Message("user", "go on")]
        return turns

    for turns in await asyncio.gather(*(rollout() for _ in range(8))):
        for before, after in itertools.pairwise(turns):
            known = before.prompt_ids + before.completion_ids
            assert after.prompt_ids[: len(known)] == known
