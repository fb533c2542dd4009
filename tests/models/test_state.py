"""The state can be kept, restored, forked, rolled back, shared and moved without changing what follows."""

import itertools
import random

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tamsa.errors import CorruptError, InputError
from tamsa.models import KimiLinearCache, PrefixCache


def feed(model, ids, cache, mask=None):
    with torch.no_grad():
        return model(ids, mask, past_key_values=cache, use_cache=True).logits


def difference(a, b):
    """Relative root mean square."""
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("kind", ["dense", "moe"])
def test_random_splits_of_the_prefill_change_nothing(kind, model_of, tokens):
    model = model_of(kind)
    ids = tokens(2, 90)
    with torch.no_grad():
        whole = model(ids).logits
    chooser = random.Random(0)
    for _ in range(6):
        cuts = [0, *sorted(chooser.sample(range(1, 90), chooser.randint(1, 12))), 90]
        cache = model.new_cache()
        parts = [feed(model, ids[:, a:b], cache) for a, b in itertools.pairwise(cuts)]
        assert difference(torch.cat(parts, 1), whole) <= 1e-6


@pytest.mark.parametrize("at", [1, 2, 33])
def test_restore_is_bitwise(at, model_of, tokens):
    model = model_of("moe")
    ids = tokens(2, 60)
    cache = model.new_cache()
    feed(model, ids[:, :at], cache)
    snapshot = cache.snapshot()
    first = feed(model, ids[:, at:50], cache), feed(model, ids[:, 50:51], cache)
    for _ in range(2):
        cache.restore(snapshot)
        assert cache.columns == at
        again = feed(model, ids[:, at:50], cache), feed(model, ids[:, 50:51], cache)
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_snapshot_survives_a_diverging_continuation(model_of, tokens):
    model = model_of()
    ids, other = tokens(1, 40), tokens(1, 40, seed=2)
    cache = model.new_cache()
    feed(model, ids[:, :20], cache)
    snapshot = cache.snapshot()
    wanted = feed(model, ids[:, 20:], KimiLinearCache.from_snapshot(model.config, snapshot))
    feed(model, other[:, :15], cache)
    for t in range(15, 20):
        feed(model, other[:, t : t + 1], cache)
    assert torch.equal(feed(model, ids[:, 20:], KimiLinearCache.from_snapshot(model.config, snapshot)), wanted)


def test_forks_are_bitwise_and_independent(model_of, tokens):
    model = model_of("moe")
    ids = tokens(1, 30)
    cache = model.new_cache()
    feed(model, ids, cache)
    branches = [tokens(1, 10, seed=s) for s in range(3)]
    wanted = []
    for branch in branches:
        alone = model.new_cache()
        feed(model, ids, alone)
        wanted.append([feed(model, branch[:, t : t + 1], alone) for t in range(10)])
    forks = cache.fork(3)
    for t in range(10):  # interleaved, so that sharing would show
        for branch, fork, logits in zip(branches, forks, wanted, strict=True):
            assert torch.equal(feed(model, branch[:, t : t + 1], fork), logits[t])
    assert cache.columns == 30


@pytest.mark.parametrize("feeds", [[1] * 20, [8, 8, 8, 8], [5, 1, 1, 7, 1, 30], [64]])
@pytest.mark.parametrize("k", [1, 3, 8, 16])
def test_rollback_is_as_if_never_fed(feeds, k, model_of, tokens):
    model = model_of()
    total = 12 + sum(feeds)
    ids, more = tokens(2, total), tokens(2, 20, seed=3)
    cache = model.new_cache()
    cache.record(16)
    position = 12
    feed(model, ids[:, :12], cache)
    for n in feeds:
        feed(model, ids[:, position : position + n], cache)
        position += n
    cache.rollback(k)
    never = model.new_cache()
    never.record(16)
    position = 0
    for n in (12, *feeds):
        end = min(position + n, total - k)
        if end > position:
            feed(model, ids[:, position:end], never)
        position = end
    assert cache.columns == never.columns == total - k
    assert difference(feed(model, more, cache), feed(model, more, never)) <= 1e-6
    cache.rollback(4)
    cache.rollback(5)
    never.reset()
    feed(model, torch.cat([ids[:, : total - k], more[:, :11]], 1), never)
    assert difference(feed(model, more, cache), feed(model, more, never)) <= 1e-6


def test_rollback_beyond_the_window_is_refused(model_of, tokens):
    model = model_of()
    cache = model.new_cache()
    feed(model, tokens(1, 30), cache)
    with pytest.raises(InputError, match=r"rollback: k = 1; 0 tokens.*record"):
        cache.rollback(1)
    cache.record(8)
    feed(model, tokens(1, 30), cache)
    with pytest.raises(InputError, match="window = 8"):
        cache.rollback(25)
    cache.rollback(8)
    assert cache.columns == 52


def test_a_call_with_padding_cannot_be_taken_back(model_of, tokens):
    for kinds in (None, ["full_attention"] * 4):
        model = model_of(layer_types=kinds)
        cache = model.new_cache()
        cache.record(64)
        mask = torch.ones(1, 20)
        mask[:, :6] = 0
        feed(model, tokens(1, 20), cache, mask)
        feed(model, tokens(1, 3), cache)
        cache.rollback(3)
        with pytest.raises(InputError, match=r"0 tokens can be taken back .*a call with padding"):
            cache.rollback(1)
        assert cache.lengths == (14,)


def test_assisted_generation_equals_greedy(model_of, tokens):
    model = model_of()
    ids = tokens(1, 10).repeat(1, 4)
    options = {"max_new_tokens": 25, "do_sample": False, "attention_mask": torch.ones_like(ids)}
    greedy = model.generate(ids, **options)
    assert torch.equal(model.generate(ids, prompt_lookup_num_tokens=4, **options), greedy)


def test_batch_operations_move_whole_sequences(model_of, tokens):
    model = model_of("moe")
    ids, more = tokens(3, 20), tokens(4, 5, seed=2)
    mask = torch.ones_like(ids)
    mask[1, :6] = 0
    cache = model.new_cache()
    feed(model, ids, cache, mask)
    rows = torch.tensor([2, 0, 1, 1])
    cache.reorder_cache(rows)
    moved = feed(model, more, cache)
    wanted = model.new_cache()
    feed(model, ids[rows], wanted, mask[rows])
    assert (moved - feed(model, more, wanted)).abs().max() <= 1e-5
    cache.batch_select_indices(torch.tensor([3]))
    cache.batch_repeat_interleave(2)
    assert cache.batch_size == 2


def test_a_saved_state_continues_bitwise(model_of, tokens, tmp_path):
    model = model_of("moe")
    ids, more = tokens(2, 33), tokens(2, 4, seed=2)
    mask = torch.ones_like(ids)
    mask[0, 20:] = 0
    cache = model.new_cache()
    feed(model, ids, cache, mask)
    cache.save(tmp_path / "state.safetensors")
    loaded = KimiLinearCache.load(tmp_path / "state.safetensors", model.config)
    assert torch.equal(feed(model, more, loaded), feed(model, more, cache))


def test_a_state_of_another_config_is_refused_by_name(model_of, config_of, tokens, tmp_path):
    model = model_of()
    cache = model.new_cache()
    feed(model, tokens(1, 5), cache)
    cache.save(tmp_path / "state.safetensors")
    other = config_of(kv_lora_rank=16)
    with pytest.raises(InputError, match="kv_lora_rank 24 there, 16 here"):
        KimiLinearCache.load(tmp_path / "state.safetensors", other)
    with pytest.raises(InputError, match="kv_lora_rank 24 there, 16 here"):
        KimiLinearCache(other).restore(cache.snapshot())
    (tmp_path / "state.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(CorruptError, match=r"state\.safetensors"):
        KimiLinearCache.load(tmp_path / "state.safetensors", model.config)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("state", lambda x: x[..., :1]),
        ("state", lambda x: x.bfloat16()),
        ("state", lambda x: x.double()),
        ("window", lambda x: x[:, :1]),
        ("latents", lambda x: x[..., :8]),
        ("latents", lambda x: x[:, :2]),
    ],
)
def test_a_state_that_does_not_fit_its_description_is_refused(name, change, model_of, tokens, tmp_path):
    model, path = model_of(), tmp_path / "state"
    cache = model.new_cache()
    feed(model, tokens(1, 5), cache)
    cache.save(path)
    with safe_open(path, "pt") as file:
        about = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    key = next(key for key in tensors if key.endswith(name))
    save_file({**tensors, key: change(tensors[key]).contiguous()}, path, about)
    with pytest.raises(CorruptError, match="a tensor's shape or type"):
        KimiLinearCache.load(path, model.config)


def test_columns_of_padding_alone_change_nothing(model_of, tokens, tmp_path):
    model = model_of()
    ids, mask = tokens(2, 40), torch.zeros(2, 40)
    mask[0, 30:] = mask[1, 25:] = 1
    logits, cache = model.prefill(ids, attention_mask=mask, chunk_size=10)
    assert (cache.columns, cache.lengths) == (40, (10, 15))
    with torch.no_grad():
        for row, length in enumerate(cache.lengths):
            assert (logits[row] - model(ids[row : row + 1, -length:]).logits[0, -1]).abs().max() <= 1e-5
    empty = model.new_cache()
    feed(model, ids, empty, torch.zeros(2, 40))
    empty.save(tmp_path / "state")
    loaded = KimiLinearCache.load(tmp_path / "state", model.config)
    assert torch.equal(feed(model, ids, loaded), feed(model, ids, model.new_cache()))


def test_prefill_in_chunks_equals_one_pass(model_of, tokens):
    model = model_of("moe")
    ids = tokens(2, 50)
    seen = []
    logits, cache = model.prefill(ids, chunk_size=7, on_chunk=lambda c: seen.append(c.columns))
    with torch.no_grad():
        assert (logits - model(ids).logits[:, -1]).abs().max() <= 1e-5
    assert seen == [7, 14, 21, 28, 35, 42, 49, 50]
    assert cache.columns == 50


# ---------------------------------------------------------------------------- prefix cache


def test_a_prefix_hit_costs_only_the_new_tokens_and_changes_nothing(model_of, tokens):
    model = model_of()
    ids = tokens(1, 60)
    prefixes = PrefixCache(model.config, 10_000_000)
    for end in (20, 45):
        cache, hit = prefixes.lookup(ids[0, :end].tolist())
        feed(model, ids[:, hit:end], cache)
        prefixes.insert(ids[0, :end].tolist(), cache)
    cache, hit = prefixes.lookup(ids[0].tolist())
    assert hit == 45
    with torch.no_grad():
        assert difference(feed(model, ids[:, hit:], cache), model(ids).logits[:, hit:]) <= 1e-6
    assert prefixes.lookup(ids[0, :30].tolist())[1] == 20
    assert prefixes.lookup(ids[0, :20].tolist())[1] == 0  # at least one token must be left to read
    assert prefixes.lookup([1, 2, 3])[1] == 0
    prefixes.insert(ids[0], cache)
    assert prefixes.lookup(torch.cat([ids[0], ids[0]]))[1] == 60  # tensors are read as what they hold


def test_generate_continues_a_prefix_hit(model_of, tokens):
    model = model_of()
    prefixes = PrefixCache(model.config, 10_000_000)
    turn = tokens(1, 15)
    for _ in range(3):
        cache, hit = prefixes.lookup(turn[0].tolist())
        out = model.generate(turn, past_key_values=cache, max_new_tokens=6, do_sample=False)
        assert torch.equal(out, model.generate(turn, max_new_tokens=6, do_sample=False))
        read = out[0, :-1].tolist()
        prefixes.insert(read, cache)
        turn = torch.cat([out, tokens(1, 4, seed=9)], 1)
    assert hit == 15 + 5 + 10
    assert prefixes.num_hits == 2


def test_the_prefix_cache_equals_a_dictionary(model_of):
    """Random inserts and lookups against the obvious implementation."""
    model = model_of(num_hidden_layers=2, hidden_size=8, intermediate_size=8, linear_head_dim=4)
    prefixes = PrefixCache(model.config, 100_000_000)
    kept: set[tuple[int, ...]] = set()
    chooser = random.Random(0)
    for _ in range(60):
        ids = tuple(chooser.randint(0, 2) for _ in range(chooser.randint(1, 8)))
        cache, hit = prefixes.lookup(ids)
        assert hit == max((len(p) for p in kept if len(p) < len(ids) and ids[: len(p)] == p), default=0)
        assert cache.columns == hit
        feed(model, torch.tensor([ids[hit:]]), cache)
        prefixes.insert(ids, cache)
        kept.add(ids)
        assert len(prefixes) == len(kept)


def test_the_memory_bound_drops_the_least_recently_used(model_of, tokens):
    model = model_of()
    cache = model.new_cache()
    feed(model, tokens(1, 10), cache)
    size = cache.nbytes()
    prefixes = PrefixCache(model.config, int(size * 3.5))
    prompts = [tokens(1, 10, seed=s) for s in range(4)]
    for i, prompt in enumerate(prompts):
        cache = model.new_cache()
        feed(model, prompt, cache)
        prefixes.insert(prompt[0].tolist(), cache)
        if i == 2:
            assert prefixes.lookup([*prompts[0][0].tolist(), 1])[1] == 10
    found = [prefixes.lookup([*p[0].tolist(), 1])[1] for p in prompts]
    assert found == [10, 0, 10, 10]
    assert prefixes.nbytes() <= size * 3.5
    assert not PrefixCache(model.config, 10).insert(prompts[3][0].tolist(), cache)


def test_shared_latents_are_counted_once(model_of, tokens):
    model = model_of()
    ids = tokens(1, 200)
    prefixes = PrefixCache(model.config, 10_000_000)
    cache = model.new_cache()
    cache.reserve(200, 1, torch.empty(0))
    for end in range(20, 201, 20):
        feed(model, ids[:, end - 20 : end], cache)
        prefixes.insert(ids[0, :end].tolist(), cache)
    latents = 200 * 32 * 4
    states = 10 * (cache.nbytes() - latents)
    assert prefixes.nbytes() == latents + states


@pytest.mark.parametrize("padded", [False, True])
def test_generate_reads_a_long_prompt_in_chunks(padded, model_of, tokens, monkeypatch):
    model = model_of("moe")
    ids = tokens(2, 75)
    mask = torch.ones_like(ids)
    if padded:
        mask[0, :40] = 0
    options = {"attention_mask": mask, "max_new_tokens": 6, "do_sample": False}
    whole = model.generate(ids, **options)
    lengths = []
    run = model.model._run
    monkeypatch.setattr("tamsa.models.kimi_linear.PREFILL_CHUNK", 16)
    monkeypatch.setattr(
        model.model, "_run", lambda hidden, *rest: lengths.append(hidden.shape[1]) or run(hidden, *rest)
    )
    assert torch.equal(model.generate(ids, **options), whole)
    assert lengths[:5] == [16, 16, 16, 16, 11]
    assert set(lengths[5:]) == {1}
    cache = model.new_cache()
    feed(model, ids[:, :20], cache, mask[:, :20])
    assert torch.equal(model.generate(ids, past_key_values=cache, **options), whole)
    with torch.no_grad():
        kept = model(ids, mask, past_key_values=model.new_cache(), logits_to_keep=5).logits
        assert kept.shape[1] == 5
        assert (kept - model(ids, mask).logits[:, -5:]).abs().max() <= 1e-5


def test_a_call_that_fails_half_way_is_noticed(model_of, tokens, monkeypatch):
    model = model_of()
    ids = tokens(1, 10)
    cache = model.new_cache()
    feed(model, ids, cache)
    snapshot = cache.snapshot()

    def fail(*arguments):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model.model.layers[2].mlp, "forward", fail)
    with pytest.raises(RuntimeError, match="out of memory"):
        feed(model, ids, cache)
    monkeypatch.undo()
    with pytest.raises(InputError, match="failed half-way"):
        feed(model, ids, cache)
    cache.restore(snapshot)
    feed(model, ids, cache)
