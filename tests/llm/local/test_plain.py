"""Without transformers a Kimi Linear is the same model with the same tokenizer, and loads without what that imports."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers")

from jinja2.exceptions import TemplateError
from transformers import AutoTokenizer

from tamsa.llm import ModelSettings
from tamsa.llm.local import LocalModel
from tamsa.llm.local import folder as opening
from tamsa.llm.local.folder import Folder
from tamsa.llm.local.hub_source import HubSource
from tamsa.llm.local.plain_source import PlainSource
from tamsa.llm.local.template import Template
from tamsa.llm.local.tokenizer import PlainTokenizer
from tamsa.llm.specs import nano_folder
from tamsa.types import Message
from tests.llm.local.tiny import CHATML, make_tokenizer

HEAVY = ("transformers", "torch._dynamo", "torch._inductor", "scipy.sparse", "sympy", "sklearn", "pandas")
PIECES = [
    "<|begin|>", "<|end|>", "<|user|>", "<|assistant|>", "<|tool|>", "<think>", "</think>", "<|im_end|>", "<tool_call>",
    "<|", "|>", "<|end", "end|>", "<|END|>", "{{ messages }}", "{% endfor %}", " ", "  ", "\n", "\r\n", "\t", "\x00",
    "\u2063", "Port Alder", "탐사", "é", "e\u0301", "🏴\u200d☠️", "\ufffd", "0", "1912", "in the hills", "\\u0000",
]  # fmt: skip


def hostile(seed: int) -> str:
    source = random.Random(seed)
    return "".join(source.choices(PIECES, k=source.randrange(1, 30)))


@pytest.fixture(params=["nano", "tiny"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "nano":
        return nano_folder()
    make_tokenizer(CHATML).save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_texts_have_the_ids_and_offsets_that_transformers_gives_them(folder: Path) -> None:
    ours, theirs = PlainTokenizer(folder), AutoTokenizer.from_pretrained(folder)
    options = {"add_special_tokens": False, "verbose": False}
    for text in [hostile(seed) for seed in range(300)]:
        expected = theirs(text, return_offsets_mapping=True, **options)
        found = ours(text, return_offsets_mapping=True, **options)
        assert found["input_ids"] == expected["input_ids"] == ours.encode(text, **options)
        assert found["offset_mapping"] == expected["offset_mapping"]
        plain = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
        assert ours.decode(found["input_ids"], **plain) == theirs.decode(found["input_ids"], **plain)
    assert ours.eos_token_id == theirs.eos_token_id and ours.model_max_length in (None, theirs.model_max_length)
    assert {k: str(v) for k, v in ours.added_tokens_decoder.items()} == {
        k: str(v) for k, v in theirs.added_tokens_decoder.items()
    }


def test_conversations_are_rendered_as_transformers_renders_them(folder: Path) -> None:
    ours, theirs = PlainTokenizer(folder), AutoTokenizer.from_pretrained(folder)
    roles = ["user", "assistant"]
    for seed in range(100):
        source = random.Random(seed)
        turns: list[dict[str, Any]] = [{"role": "system", "content": hostile(seed)}] * source.randrange(2)
        turns += [{"role": roles[n % 2], "content": hostile(seed * 99 + n)} for n in range(source.randrange(1, 5))]
        calls = [{"id": "1", "type": "function", "function": {"name": "search", "arguments": {"q": hostile(seed)}}}]
        if turns[-1]["role"] == "assistant":
            turns[-1] |= {"tool_calls": calls}
        tools = (
            [{"type": "function", "function": {"name": "search", "description": hostile(seed + 1)}}]
            if seed % 2
            else None
        )
        options = {"tools": tools, "tokenize": False, "add_generation_prompt": seed % 3 == 0}
        assert ours.apply_chat_template(turns, **options) == theirs.apply_chat_template(turns, **options)


def test_a_template_may_refuse_loop_and_name_the_day() -> None:
    text = "{% for m in messages %}{% if m == 'b' %}{% break %}{% endif %}{{ m }}{% endfor %}"
    text += "{{ strftime_now('%Y') | length }}"
    assert Template(text).render(messages=["a", "b", "c"]) == "a4"
    with pytest.raises(TemplateError, match="no system"):
        Template("{{ raise_exception('no system') }}").render()
    with pytest.raises(TemplateError):
        Template("{{ ''.__class__.__mro__ }}").render()


@pytest.mark.parametrize(
    "changes",
    [
        {"tokenizer_class": "LlamaTokenizer"},
        {"add_bos_token": True},
        {"clean_up_tokenization_spaces": True},
        {"eos_token": "<|unheard|>"},
        {"pad_token": {"content": "<|pad|>", "__type": "AddedToken"}},
    ],
)
def test_a_tokenizer_out_of_the_ordinary_is_left_to_transformers(saved, changes) -> None:
    path = saved("kimi")
    assert PlainSource.open(path, "x") is not None
    config = json.loads((path / "tokenizer_config.json").read_text())
    (path / "tokenizer_config.json").write_text(json.dumps(config | changes))
    assert PlainSource.open(path, "x") is None


async def answers(path: Path, **settings: Any) -> list[Any]:
    model = LocalModel(path, ModelSettings(max_tokens=12, threads=1, seed=3, **settings), name="x")
    found = []
    try:
        messages: list[Message] = []
        for text in ("Which town?", "<|end|> And <think> when?", hostile(4)):
            messages.append(Message("user", text))
            completion = await model.complete(messages)
            messages.append(Message("assistant", completion.text))
            found.append(completion)
    finally:
        await model.aclose()
    return [(c.text, c.finish_reason, c.sampled) for c in found]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("which", ["nano", "tiny"])
async def test_both_ways_of_opening_a_folder_answer_alike(saved, monkeypatch, which, dtype) -> None:
    path = nano_folder() if which == "nano" else saved("kimi", heads=True)
    ours = await answers(path, dtype=dtype, greedy=False)
    assert isinstance(Folder(path, "x")._source, PlainSource)
    monkeypatch.setattr(PlainSource, "open", classmethod(lambda *_: None))
    assert isinstance(Folder(path, "x")._source, HubSource)
    assert await answers(path, dtype=dtype, greedy=False) == ours
    assert ours[0][2].temperatures  # the heads drew


def test_both_ways_know_the_same_of_a_folder(monkeypatch) -> None:
    ours = Folder(nano_folder(), "nano")
    monkeypatch.setattr(opening.PlainSource, "open", classmethod(lambda *_: None))
    theirs = Folder(nano_folder(), "nano")
    assert ours.end_ids == theirs.end_ids and ours.about == theirs.about
    assert ours.config.eos_token_id == theirs.config.eos_token_id
    assert ours.config.max_position_embeddings == theirs.config.max_position_embeddings
    network = [f.load(dtype="float32", device="cpu", heads=True) for f in (ours, theirs)]
    ids = torch.arange(50)[None]
    with torch.inference_mode():
        assert torch.equal(network[0].model(ids), network[1].model(ids).logits)
    for one, other in zip(network[0].heads.parameters(), network[1].heads.parameters(), strict=True):
        assert torch.equal(one, other)


def test_nano_answers_without_importing_transformers() -> None:
    code = (
        "import asyncio, json, sys\n"
        "from tamsa.llm import ModelSettings, open_model\n"
        "from tamsa.types import Message\n"
        "async def main():\n"
        "    model = open_model('nano', ModelSettings(max_tokens=2, threads=1))\n"
        "    completion = await model.complete([Message('user', 'Which town is it?')])\n"
        "    await model.aclose()\n"
        "    return len(completion.sampled.completion_ids)\n"
        "print(asyncio.run(main()))\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    drawn, modules = out.strip().split("\n")
    assert int(drawn) >= 1
    loaded = set(json.loads(modules))
    assert "torch" in loaded and not loaded & set(HEAVY)
