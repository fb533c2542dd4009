"""Rows that join and leave a batch hold bitwise what they held, and decode as they would alone."""

from __future__ import annotations

import pytest
import torch

from tamsa.backbone.latents import Latents
from tamsa.errors import InputError
from tamsa.models import KimiLinearCache, RowBatch


def equal(a: KimiLinearCache, b: KimiLinearCache) -> bool:
    if a.lengths != b.lengths or a.columns != b.columns:
        return False
    for x, y in zip(a.states, b.states, strict=True):
        pairs = [(x.view(), y.view())] if isinstance(x, Latents) else [(x.state, y.state), (x.window, y.window)]
        if not all(torch.equal(p, q) for p, q in pairs):
            return False
    return True


@torch.no_grad()
def read(model, ids):
    cache = model.new_cache()
    model.model(ids, past_key_values=cache, use_cache=True)
    return cache


def test_what_joins_leaves_bitwise_whatever_came_and_went(model_of, tokens):
    model = model_of()
    lengths = [5, 70, 33, 1, 64, 9, 130]
    caches = [read(model, tokens(1, n, seed=n)) for n in lengths]
    batch = RowBatch(model.config, torch.float32, capacity=2)
    held = []
    for cache in caches:
        held.append(cache)
        assert batch.join(cache) == len(held) - 1
    for index in (2, 5, 0, 0, 1, 1, 0):
        row = batch.leave(index)
        assert row is not None and equal(row, held[index])
        held[index] = held[-1]
        held.pop()
    assert len(batch) == 0


@torch.no_grad()
def test_rows_of_different_length_decode_as_alone(model_of, tokens):
    model = model_of()
    lengths = [3, 90, 41, 64]
    fed = tokens(4, 40, seed=5)
    alone = []
    for row, n in enumerate(lengths):
        cache = read(model, tokens(1, n, seed=n))
        alone.append(
            torch.stack([model(fed[row : row + 1, t : t + 1], past_key_values=cache).logits[0, 0] for t in range(40)])
        )
    batch = RowBatch(model.config, torch.float32, capacity=1)
    order, logits = [], [[] for _ in lengths]
    seen = [0] * 4

    def steps(count):
        for _ in range(count):
            ids = torch.stack([fed[row, seen[row]] for row in order])[:, None]
            out = model(ids, past_key_values=batch.cache, use_cache=True).logits[:, 0]
            for at, row in enumerate(order):
                logits[row].append(out[at])
                seen[row] += 1

    def leave(row):
        at = order.index(row)
        kept = batch.leave(at)
        order[at] = order[-1]
        order.pop()
        return kept

    for row, n in enumerate(lengths[:3]):
        batch.join(read(model, tokens(1, n, seed=n)))
        order.append(row)
    steps(7)
    paused = leave(0)
    batch.join(read(model, tokens(1, lengths[3], seed=lengths[3])))
    order.append(3)
    steps(20)
    leave(2)
    batch.join(paused)
    order.append(0)
    steps(13)
    for row in range(4):
        ours, theirs = torch.stack(logits[row]), alone[row][: seen[row]]
        assert seen[row] >= 20
        assert (ours - theirs).abs().max() < 1e-5 * max(1.0, float(theirs.abs().max()))


@torch.no_grad()
def test_a_copy_goes_its_own_way(model_of, tokens):
    model = model_of()
    batch = RowBatch(model.config, torch.float32, capacity=1)
    lengths = [5, 70]
    for n in lengths:
        batch.join(read(model, tokens(1, n, seed=n)))
    fed = tokens(3, 6, seed=9)
    mask = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]])
    model(fed[:2, :4], mask, past_key_values=batch.cache, use_cache=True)  # rows of any number of new tokens
    copy = batch.copy(0)
    assert copy.lengths == (7,) and equal(copy, batch.copy(0))
    assert batch.join(copy) == 2
    out = model(fed[:, 4:], past_key_values=batch.cache, use_cache=True).logits
    for row, start, new in ((0, 0, fed[:1, :2]), (1, 1, fed[1:2, :4]), (2, 0, fed[:1, :2])):
        n = lengths[start]
        alone = model(torch.cat([tokens(1, n, seed=n), new, fed[row : row + 1, 4:]], 1), use_cache=False).logits[0, -2:]
        assert (out[row] - alone).abs().max() < 1e-5 * max(1.0, float(alone.abs().max()))
    assert not equal(batch.copy(0), batch.copy(2)) and copy.lengths == (7,)


@torch.no_grad()
def test_a_fresh_row_starts_from_nothing(model_of, tokens):
    model = model_of()
    batch = RowBatch(model.config, torch.float32)
    batch.join(read(model, tokens(1, 20)))
    batch.leave(0, keep=False)  # its slot must not be felt by the next row
    batch.join(KimiLinearCache(model.config))
    fed = tokens(1, 5, seed=3)
    ours = [model(fed[:, t : t + 1], past_key_values=batch.cache).logits[0, 0] for t in range(5)]
    theirs = model(fed, use_cache=False).logits[0]
    assert (torch.stack(ours) - theirs).abs().max() < 1e-5


def test_wrong_rows_are_refused(model_of, tokens):
    model = model_of()
    batch = RowBatch(model.config, torch.float32)
    with pytest.raises(InputError, match="2 sequences"):
        batch.join(read(model, tokens(2, 5)))
    with pytest.raises(InputError, match="another configuration"):
        batch.join(KimiLinearCache(model_of(kv_lora_rank=16).config))
    with pytest.raises(InputError, match="row 0"):
        batch.leave(0)
    with pytest.raises(InputError, match="row 0"):
        batch.copy(0)
