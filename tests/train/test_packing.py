"""Packing: every token in its turn, nothing from one sequence to the next, and a state that resumes at the token."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tamsa.agent.guided.prompt import BRIEF
from tamsa.errors import InputError
from tamsa.train.ahead import Ahead
from tamsa.train.building import new_model
from tamsa.train.cache import TokenCache, open_cache
from tamsa.train.objective import Objective
from tamsa.train.packing import IGNORE, Feed, PackedBatch, Packer, build_batch, held_out_batches, split_items
from tamsa.train.sources import Source
from tests.train.making import TINY


@pytest.fixture
def texts(data: Path, tokenizer: Any, tmp_path: Path) -> TokenCache:
    return open_cache(Source(data / "texts.jsonl"), tokenizer, tmp_path)


@pytest.fixture
def chats(data: Path, tokenizer: Any, tmp_path: Path) -> TokenCache:
    return open_cache(Source(data / "chat.jsonl"), tokenizer, tmp_path)


def sequences(batch: PackedBatch) -> list[list[int]]:
    bounds = batch.cu_seqlens.tolist()
    return [batch.ids[0, a:b].tolist() for a, b in pairwise(bounds)]


def equal(a: PackedBatch, b: PackedBatch) -> bool:
    pairs = ((a.ids, b.ids), (a.targets, b.targets), (a.weights, b.weights), (a.cu_seqlens, b.cu_seqlens))
    return all(torch.equal(x, y) for x, y in pairs)


def test_cache_holds_each_text_between_begin_and_end(texts: TokenCache, tokenizer: Any, data: Path) -> None:
    records = [json.loads(line) for line in (data / "texts.jsonl").read_text().splitlines()]
    assert len(texts) == len(records)
    for i in (0, 7, len(records) - 1):
        tokens, marks = texts.span(i, 0, texts.length(i))
        text = tokenizer.decode(tokens.tolist())
        assert text == f"<|begin|>{records[i]['title']}\n{records[i]['text']}<|end|>"
        assert marks is None


def test_one_epoch_reads_every_token_once(texts: TokenCache) -> None:
    packer = Packer([Feed(texts, 1.0)], seed=1, context_length=32, batch_tokens=128)
    counts = np.zeros(1 << 16, np.int64)
    total = int(texts.ends[-1])
    read = 0
    while read < total:
        batch = packer.next_batch()
        counts += np.bincount(batch.ids[0].numpy(), minlength=len(counts))
        read += batch.num_tokens
    expected = np.bincount(np.asarray(texts.tokens), minlength=len(counts))
    # the packer looks ahead, so the last batches hold some of the next epoch in place of what still waits
    waiting = sum(end - start for _, segments in packer.state()["waiting"] for _, start, end in segments)
    assert np.abs(counts - expected).sum() <= 2 * waiting
    assert packer.epochs[0] >= 1.0


def test_batches_of_texts_are_full_and_sequences_within_the_context(texts: TokenCache) -> None:
    packer = Packer([Feed(texts, 1.0)], seed=2, context_length=50, batch_tokens=200)
    for _ in range(50):
        batch = packer.next_batch()
        assert 200 - 64 < batch.num_tokens <= 200
        assert int(batch.cu_seqlens.diff().max()) <= 50


def test_joined_texts_fill_the_context(texts: TokenCache) -> None:
    packer = Packer([Feed(texts, 1.0, join=True)], seed=2, context_length=100, batch_tokens=400)
    for _ in range(10):
        batch = packer.next_batch()
        assert batch.cu_seqlens.tolist() == [0, 100, 200, 300, 400]


def test_conversations_are_whole_and_only_the_models_tokens_count(chats: TokenCache, tokenizer: Any) -> None:
    packer = Packer([Feed(chats, 1.0, context_weight=0.25)], seed=0, context_length=256, batch_tokens=512)
    batch = packer.next_batch()
    bounds = batch.cu_seqlens.tolist()
    for start, end in pairwise(bounds):
        ids = batch.ids[0, start:end]
        assert ids[0] == tokenizer.bos_token_id
        assert ids[-1] == tokenizer.eos_token_id
        assert batch.targets[end - 1] == IGNORE
        assert batch.weights[end - 1] == 0
        assert torch.equal(batch.targets[start : end - 1], ids[1:])
        written = tokenizer.decode(ids[1:][batch.weights[start : end - 1] == 1.0].tolist())
        assert written.startswith("<think>") and written.endswith("</answer><|end|>")
        assert "tool_response" not in written
    assert set(batch.weights.tolist()) == {0.0, 0.25, 1.0}


def test_copies_of_a_reading_have_a_weight_of_their_own(tokenizer: Any, tmp_path: Path) -> None:
    asked = "Question: Where?\n\n[1] Torva\nIt lies in Hald, by the sea.\nIt is old.\n\nQuestion: Where?"
    said = "Torva: It lies in Hald, by the sea.\nAnswer: Hald"
    roles = ("system", "user", "assistant")
    messages = [{"role": role, "content": text} for role, text in zip(roles, (BRIEF, asked, said), strict=True)]
    (tmp_path / "reading.jsonl").write_text(json.dumps({"messages": messages}) + "\n")
    cache = open_cache(Source(tmp_path / "reading.jsonl"), tokenizer, tmp_path / "tokens")
    batch = build_batch([(Feed(cache, 1.0, context_weight=0.0, copied_weight=0.25), [(0, 0, cache.length(0))])])
    targets, copied = batch.targets[batch.weights == 1.0], batch.targets[batch.weights == 0.25]
    assert tokenizer.decode(targets.tolist()).endswith("Answer: Hald<|end|>")
    assert "by the sea" in tokenizer.decode(copied.tolist())
    assert cache.about["generated"] == len(targets) + len(copied)


def test_mixture_keeps_its_shares(texts: TokenCache, chats: TokenCache) -> None:
    packer = Packer([Feed(texts, 3.0), Feed(chats, 1.0)], seed=0, context_length=256, batch_tokens=1024)
    for _ in range(40):
        packer.next_batch()
    served = [cursor[3] for cursor in packer.state()["cursors"]]
    assert served[0] / sum(served) == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("join", [False, True])
def test_state_resumes_at_the_token(texts: TokenCache, chats: TokenCache, join: bool) -> None:
    def make() -> Packer:
        return Packer([Feed(texts, 2.0, join), Feed(chats, 1.0)], seed=4, context_length=128, batch_tokens=256)

    packer = make()
    for _ in range(90):  # into the second epoch
        packer.next_batch()
    state = json.loads(json.dumps(packer.state()))
    again = make()
    again.restore(state)
    for _ in range(30):
        assert equal(packer.next_batch(), again.next_batch())


def test_too_short_a_context_is_refused(chats: TokenCache) -> None:
    with pytest.raises(InputError, match="raise the context"):
        Packer([Feed(chats, 1.0)], seed=0, context_length=16, batch_tokens=64)
    with pytest.raises(InputError, match="micro_tokens"):
        Packer([Feed(chats, 1.0)], seed=0, context_length=512, batch_tokens=64)


def test_batches_keep_their_size_when_the_context_falls(texts: TokenCache) -> None:
    packer = Packer([Feed(texts, 1.0, join=True)], seed=3, context_length=128, batch_tokens=200)
    packer.next_batch()
    packer.set_context(50)
    assert all(packer.next_batch().num_tokens <= 200 for _ in range(60))


def test_held_out_items_are_never_trained_on(texts: TokenCache) -> None:
    training, kept = split_items(texts, 0.1)
    assert len(kept) == 12
    assert not set(training) & set(kept)
    assert len(training) + len(kept) == len(texts)
    feed = Feed(texts, 1.0, items=training)
    packer = Packer([feed], seed=0, context_length=256, batch_tokens=256)
    known = {tuple(texts.span(int(i), 0, texts.length(int(i)))[0].tolist()) for i in kept}
    known -= {tuple(texts.span(int(i), 0, texts.length(int(i)))[0].tolist()) for i in training}
    for _ in range(60):
        assert not known & {tuple(sequence) for sequence in sequences(packer.next_batch())}
    batches = held_out_batches(feed, kept, 256, 256, 10_000)
    assert {tuple(s) for batch in batches for s in sequences(batch)} >= known


def test_packed_equals_separate(texts: TokenCache, chats: TokenCache, tokenizer: Any) -> None:
    torch.manual_seed(0)
    model = new_model(TINY, tokenizer)
    objective = Objective(model)
    feeds = [Feed(texts, 1.0), Feed(chats, 1.0, context_weight=0.5)]
    chosen = [(feeds[0], [(0, 0, 1)]), (feeds[0], [(1, 0, texts.length(1))]), (feeds[1], [(2, 0, chats.length(2))])]
    whole, parts = objective(build_batch(chosen))
    whole.backward()
    packed = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    separate = [objective(build_batch([one])) for one in chosen[1:]]  # a single token predicts nothing
    total = separate[0][0] + separate[1][0]
    total.backward()
    assert float(whole.detach()) == pytest.approx(float(total.detach()), rel=1e-5)
    assert sum(count for _, count in parts.values()) == sum(c for _, p in separate for _, c in p.values())
    for name, p in model.named_parameters():
        scale = max(1.0, float(p.grad.abs().max()))
        assert float((p.grad - packed[name]).abs().max()) < 3e-5 * scale, name


def test_batches_prepared_ahead_are_those_that_come_next(texts: TokenCache, chats: TokenCache) -> None:
    feeds = [Feed(texts, 2.0), Feed(chats, 1.0)]

    def packer() -> Packer:
        return Packer(feeds, seed=3, context_length=192, batch_tokens=256)

    plain, ahead = packer(), Ahead(packer(), 2)
    for _ in range(4):
        for batch in ahead.take():
            assert equal(batch, plain.next_batch())
        ahead.prepare()
        resumed = packer()
        resumed.restore(ahead.state())  # what is prepared has not been taken
        assert resumed.state() == plain.state()
    plain.set_context(224)
    ahead.set_context(224)
    for batch in ahead.take():
        assert equal(batch, plain.next_batch())
