"""Head training from every source: it learns, it resumes to the same bits, and it says what is wrong with its input."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tamsa.decoding import AutoDecoForCausalLM, LossConfig
from tamsa.errors import ConfigError, CorruptError, InputError
from tamsa.train.heads import HeadsRecipe, build_cache, train_heads
from tamsa.train.heads.examples import Example, read_examples
from tamsa.train.heads.recipe import Control, Data, HeadsShape, Optimizer, Reward, Sampling
from tests.train.heads.conftest import WORDS, tokenizer, write_lines

VERIFIER = "tests.train.heads.conftest:short"


def prompts(folder: Path, count=12):
    lines = [{"prompt": f"{WORDS[i]} {WORDS[i + 1]}", "answers": ["w1"]} for i in range(count)]
    return write_lines(folder / "prompts.jsonl", lines)


def recipe(model_folder, folder, source, data, **changes):
    values = {
        "model": str(model_folder),
        "out": folder / "run",
        "source": source,
        "shape": HeadsShape(head_size=8),
        "data": Data(path=data, max_length=40, shard_positions=100),
        "sampling": Sampling(verifier=VERIFIER, num_samples=6, max_new_tokens=6, prompts_at_once=5),
        "optimizer": Optimizer(0.01, warmup_steps=2, batch_positions=64, epochs=3, save_every=2),
        "reward": Reward(num_batches=4, prompts_per_batch=5, passes=2),
    }
    return HeadsRecipe(**{**values, **changes})


def texts(folder: Path):
    lines = [{"text": " ".join(WORDS[(i * j) % 30] for j in range(12))} for i in range(1, 25)]
    return write_lines(folder / "texts.jsonl", lines)


def control(folder: Path):
    lines = [{"prompt": w, "certain": f"w28 {w}", "varied": f"w29 {w}"} for w in WORDS[:20]]
    return write_lines(folder / "control.jsonl", lines)


SOURCES = {"given": texts, "own": prompts, "reward": prompts, "control": control}


class KilledError(Exception):
    pass


@pytest.mark.parametrize("source", SOURCES)
def test_a_killed_run_resumes_to_the_same_heads(source, model_folder, tmp_path):
    made = recipe(model_folder, tmp_path, source, SOURCES[source](tmp_path))
    whole = train_heads(made)

    def kill_at(step):
        def on_step(done, total, measured):
            if done == step:
                raise KilledError

        return on_step

    other = dataclasses.replace(made, out=tmp_path / "killed")
    for step in (1, 3):
        with pytest.raises(KilledError):
            train_heads(other, kill_at(step))
    resumed = train_heads(other)
    first, second = (load_file(run.heads / "autodeco_heads.safetensors") for run in (whole, resumed))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert resumed.summary == whole.summary
    again = train_heads(other)  # a finished run is not run again
    assert again.summary == resumed.summary


@pytest.mark.parametrize("source", SOURCES)
def test_a_run_leaves_heads_a_table_a_plot_and_its_metrics(source, model_folder, tmp_path):
    run = train_heads(recipe(model_folder, tmp_path, source, SOURCES[source](tmp_path)))
    model = AutoDecoForCausalLM.from_pretrained(run.heads, AutoModelForCausalLM.from_pretrained(model_folder))
    assert model.decoding_heads.config.head_size == 8
    out = tmp_path / "run"
    assert (out / "distributions.png").read_bytes()[:4] == b"\x89PNG"
    header, *rows = (out / "tokens.csv").read_text().splitlines()
    assert header == "token,count,temperature,temperature_sd,top_p,top_p_sd" and rows
    counts = [int(row.split(",")[1]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    steps = [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert steps == sorted(steps) and len(steps) > 1
    assert 0 < run.summary["temperature_mean"] < 2 and 0 < run.summary["top_p_mean"] < 1


def test_reward_training_raises_the_reward(model_folder, tmp_path):
    """Right is the base's likeliest first word: the heads can make it sure, and learn to."""
    base, tok = AutoModelForCausalLM.from_pretrained(model_folder), tokenizer()
    lines = []
    for i in range(24):
        prompt = f"{WORDS[i]} {WORDS[(7 * i + 3) % 30]}"
        with torch.no_grad():
            best = int(base(torch.tensor([tok(prompt)["input_ids"]])).logits[0, -1, 3:].argmax()) + 3
        lines.append({"prompt": prompt, "answers": [tok.convert_ids_to_tokens(best)]})
    sampling = Sampling("tests.train.heads.conftest:first", num_samples=12, max_new_tokens=1, must_end=False)
    made = recipe(
        model_folder,
        tmp_path,
        "reward",
        write_lines(tmp_path / "prompts.jsonl", lines),
        reward=Reward(num_batches=25, prompts_per_batch=24, passes=3),
        sampling=sampling,
        optimizer=Optimizer(0.02, save_every=100),
    )
    seen: list[dict[str, float]] = []
    train_heads(made, lambda done, total, measured: seen.append(measured))
    start, end = (sum(m["reward"] for m in part) / 3 for part in (seen[:3], seen[-3:]))
    assert end > start + 0.1
    assert seen[-1]["temperature"] < seen[0]["temperature"] - 0.2


def test_control_training_moves_held_out_prompts_as_asked(model_folder, tmp_path):
    run = train_heads(
        recipe(
            model_folder,
            tmp_path,
            "control",
            control(tmp_path),
            optimizer=Optimizer(0.02, epochs=150, batch_positions=4096, save_every=1000),
            control=Control(held_out=0.3),
        )
    )
    before, after = run.summary["before"], run.summary["after"]
    assert after["num_prompts"] == 6
    moved = ("certain_temperature", "certain_top_p", "varied_temperature", "varied_top_p")
    share = [sum(scores[name] for name in moved) / 4 for scores in (before, after)]
    assert share[1] > 0.75 and share[1] > share[0] + 0.25
    assert after["mean_temperature"][0] == pytest.approx(before["mean_temperature"][0], abs=0.15)  # anchored


@torch.no_grad()
def test_cached_states_give_the_loss_of_the_backbone_in_the_loop(model_folder, tmp_path):
    made = recipe(model_folder, tmp_path, "given", texts(tmp_path))
    model = AutoDecoForCausalLM.from_base(AutoModelForCausalLM.from_pretrained(model_folder)).eval()
    model.loss_config = LossConfig(easy_mask=0.0)
    examples = read_examples(made.data.path, tokenizer(), 40)
    cache = build_cache(tmp_path / "states", model, examples, 100)
    assert cache.num_shards > 1 and cache.num_positions == sum(len(e.ids) - 1 for e in examples)
    shards = [cache.shard(i) for i in range(cache.num_shards)]
    hidden, labels = torch.cat([h for h, _ in shards]), torch.cat([y for _, y in shards])
    ids = torch.tensor([e.ids for e in examples])
    torch.testing.assert_close(model.heads_loss(hidden, labels).loss, model(input_ids=ids, labels=ids).loss)


def test_epochs_hold_every_position_once_in_an_order_of_the_seed(model_folder, tmp_path):
    model = AutoDecoForCausalLM.from_base(AutoModelForCausalLM.from_pretrained(model_folder))
    examples = [Example(list(range(3 + i, 15 + i)), [False] * 4 + [True] * 8) for i in range(12)]
    cache = build_cache(tmp_path / "states", model, examples, 30)
    epochs = [[y for _, y in cache.batches(16, seed=1, epoch=epoch)] for epoch in (0, 0, 1)]
    assert len(epochs[0]) == cache.num_batches(16)
    flat = [torch.cat(epoch) for epoch in epochs]
    assert torch.equal(flat[0], flat[1]) and not torch.equal(flat[0], flat[2])
    expected = torch.tensor([token for e in examples for token in e.ids[4:]])
    assert torch.equal(flat[2].sort().values, expected.sort().values)


def test_an_unfinished_cache_is_finished(model_folder, tmp_path):
    model = AutoDecoForCausalLM.from_base(AutoModelForCausalLM.from_pretrained(model_folder))
    examples = [Example(list(range(3 + i, 15 + i)), [True] * 12) for i in range(9)]
    cache = build_cache(tmp_path / "states", model, examples, 30)
    before = [cache.shard(i)[0] for i in range(cache.num_shards)]
    (tmp_path / "states" / "states-00001.safetensors").unlink()
    again = build_cache(tmp_path / "states", model, examples, 30)
    assert all(torch.equal(a, again.shard(i)[0]) for i, a in enumerate(before))
    with pytest.raises(InputError, match="other data"):
        build_cache(tmp_path / "states", model, examples[:5], 30)


def test_chats_learn_from_the_assistant_alone(tmp_path):
    tok = tokenizer()
    tok.chat_template = (
        "{% for m in messages %}{{ 'w0 ' if m['role'] == 'user' else 'w1 ' }}{{ m['content'] + ' ' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'w1 ' }}{% endif %}"
    )
    turns = [("user", "w5 w6"), ("assistant", "w7"), ("user", "w8"), ("assistant", "w9 w10")]
    messages = [{"role": role, "content": content} for role, content in turns]
    [example] = read_examples(write_lines(tmp_path / "chat.jsonl", [{"messages": messages}]), tok, 40)
    learned = [t for t, y in zip(tok.convert_ids_to_tokens(example.ids), example.learned, strict=True) if y]
    assert learned == ["w7", "w9", "w10"]


@pytest.mark.parametrize("messages", [[{"role": "user", "content": None}], [{"role": 5, "content": "w1"}], [1]])
def test_turns_that_the_template_cannot_show_are_named(tmp_path, messages):
    tok = tokenizer()
    tok.chat_template = "{% for m in messages %}{{ m['role'] + m['content'] }}{% endfor %}"
    with pytest.raises(InputError, match="line 1"):
        read_examples(write_lines(tmp_path / "chat.jsonl", [{"messages": messages}]), tok, 40)


def test_half_a_surrogate_pair_is_read_as_a_mark(tmp_path):
    [example] = read_examples(write_lines(tmp_path / "t.jsonl", [{"text": "w1 \ud800 w2"}]), tokenizer(), 40)
    assert len(example.ids) == 3


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([], "empty"),
        (["nonsense"], "line 1 is not JSON"),
        (["[1]"], "expected an object"),
        (['{"text": 3}'], "line 1: text = 3"),
        (['{"text": "w1"}'], "no example with a token to learn"),
        (['{"messages": [{"role": "user", "content": "w1"}]}'], "no chat template"),
    ],
)
def test_bad_data_is_named_with_its_line(lines, what, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=what):
        read_examples(path, tokenizer(), 40)


def test_bad_recipes_and_folders_are_named(model_folder, tmp_path):
    data = prompts(tmp_path)
    with pytest.raises(ConfigError, match=r"data\.path"):
        HeadsRecipe(model="m", out=tmp_path)
    with pytest.raises(ConfigError, match="num_samples: 6"):
        recipe(model_folder, tmp_path, "reward", data, reward=Reward(k=8))
    with pytest.raises(InputError, match="cannot be read"):
        train_heads(recipe(model_folder, tmp_path, "own", tmp_path / "absent.jsonl"))
    with pytest.raises(InputError, match="model: "):
        train_heads(recipe(tmp_path / "nothing", tmp_path / "a", "own", data))
    with pytest.raises(ConfigError, match="verifier"):
        unknown = Sampling(verifier="no_such")
        train_heads(recipe(model_folder, tmp_path / "b", "own", data, sampling=unknown))
    with pytest.raises(InputError, match="none of 12 x 6 answers was accepted"):
        never = Sampling(verifier="exact", num_samples=6, max_new_tokens=1)
        train_heads(recipe(model_folder, tmp_path / "c", "own", data, sampling=never))
    done = recipe(model_folder, tmp_path / "d", "own", data)
    train_heads(done)
    with pytest.raises(CorruptError, match=r"recipe = "):
        train_heads(dataclasses.replace(done, seed=5))
