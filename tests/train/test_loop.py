"""The loop: it learns, resumes bit for bit, and counts each token as much however it is batched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tamsa.errors import ConfigError, CorruptError, InputError, StorageError, TamsaError
from tamsa.llm.about import About, read_about, write_calibration
from tamsa.train.checkpoints import checkpoints, read_checkpoint
from tamsa.train.loop import Trainer, train
from tamsa.train.muon import Muon
from tamsa.train.recipe import TrainRecipe
from tamsa.train.sft import SftRecipe
from tamsa.train.tokenizer import ChatEncoder
from tamsa.types import Calibration, Profile
from tests.train.conftest import MakeRecipe
from tests.train.making import conversation

torch.set_num_threads(1)
QUIET: dict[str, Any] = {"on_note": lambda note: None}


def losses(out: Path) -> list[float]:
    records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [record["loss"] for record in records if "loss" in record]


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(checkpoints(out / "checkpoints")[-1] / "weights.safetensors")


def close(trainer: Trainer) -> None:
    assert trainer.metrics is not None
    trainer.metrics.close()


def stop_after(recipe: TrainRecipe, steps: int, *, resume: bool = False) -> None:
    """Run to a step and die there, as a killed process would: what was not saved is lost."""
    trainer = Trainer("pretrain", recipe, resume=resume, **QUIET)
    step = trainer._step

    def dying() -> tuple[float, float, int]:
        if trainer.step == steps:
            raise KeyboardInterrupt
        return step()

    trainer._step = dying  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        trainer.run()


def test_loss_falls_and_the_model_loads(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(schedule={"steps": 60, "warmup": 5}, optimiser={"lr": 1e-2})
    train("pretrain", recipe, **QUIET)
    found = losses(recipe.out)
    assert found[-1] < 0.6 * found[0]
    model = AutoModelForCausalLM.from_pretrained(recipe.out / "model")
    tokenizer = AutoTokenizer.from_pretrained(recipe.out / "model")
    ids = torch.tensor([ChatEncoder(tokenizer)(conversation(1)).ids])
    loss = float(model(ids, labels=ids).loss.detach())
    held_out = json.loads((recipe.out / "model" / "training.json").read_text())["held_out"]
    assert loss == pytest.approx(held_out["chat"], abs=1.0)
    assert (recipe.out / "loss.png").stat().st_size > 1000
    assert (recipe.out / "samples.jsonl").read_text().count("\n") >= 2


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["muon", "adamw"])
def test_resume_equals_uninterrupted(make_recipe: MakeRecipe, tmp_path: Path, precision: str, name: str) -> None:
    changes = {"precision": precision, "optimiser": {"name": name}}
    straight = make_recipe(out=tmp_path / "straight", **changes)
    train("pretrain", straight, **QUIET)
    broken = make_recipe(out=tmp_path / "broken", **changes)
    stop_after(broken, 3)  # before the first checkpoint
    stop_after(broken, 6, resume=True)
    stop_after(broken, 11, resume=True)
    train("pretrain", broken, resume=True, **QUIET)
    a, b = (read_checkpoint(checkpoints(out / "checkpoints")[-1]) for out in (straight.out, broken.out))
    for first, second in ((a.weights, b.weights), (a.optimiser, b.optimiser)):
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert losses(straight.out) == losses(broken.out)
    for key in ("step", "tokens", "packer", "rng"):
        assert a.state[key] == b.state[key]


def test_one_batch_of_eight_equals_eight_of_one(make_recipe: MakeRecipe, tmp_path: Path, data: Path) -> None:
    chosen = {"sources": [{"path": data / "texts.jsonl", "join": True}], "stages": [{"context": 64}]}
    for name, micro in (("one", 512), ("eight", 64)):
        recipe = make_recipe(out=tmp_path / name, batch={"tokens": 512, "micro_tokens": micro}, **chosen)
        train("pretrain", recipe, **QUIET)
    first, second = losses(tmp_path / "one"), losses(tmp_path / "eight")
    assert first == pytest.approx(second, rel=1e-4)
    a, b = weights(tmp_path / "one"), weights(tmp_path / "eight")
    moved = max(float((a[key] - b[key]).abs().max()) for key in a)
    assert moved < 2e-3  # signs of tiny AdamW updates may flip; the learning rate is 4e-3


def test_bf16_follows_fp32_and_keeps_fp32_masters(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    for precision in ("float32", "bfloat16", "autocast"):
        train("pretrain", make_recipe(out=tmp_path / precision, precision=precision), **QUIET)
    exact = losses(tmp_path / "float32")
    for precision in ("bfloat16", "autocast"):
        assert losses(tmp_path / precision) == pytest.approx(exact, rel=0.02)
        saved = weights(tmp_path / precision)
        assert all(value.dtype == torch.float32 for value in saved.values())
        matrix = saved["model.layers.0.mlp.up_proj.weight"]
        assert not torch.equal(matrix, matrix.bfloat16().float())


@pytest.mark.parametrize("has_bf16", [True, False])
def test_precision_is_what_the_processor_computes(
    make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch, has_bf16: bool
) -> None:
    wanted = torch.bfloat16 if has_bf16 else torch.float32
    monkeypatch.setattr("tamsa.models.precision.computes_bf16", lambda device: has_bf16)
    notes: list[str] = []
    trainer = Trainer("pretrain", make_recipe(precision="auto"), resume=False, on_note=notes.append)
    assert trainer.model.model.layers[0].mlp.up_proj.weight.dtype == wanted
    assert trainer.optimisers.masters["model.layers.0.mlp.up_proj.weight"].dtype == torch.float32
    muons = [member for member in trainer.optimisers.members if isinstance(member, Muon)]
    assert [member.dtype for member in muons] == [wanted]
    trainer.run()
    assert any(str(wanted).removeprefix("torch.") in note for note in notes)


def test_decay_rates_norms_and_embeddings_do_not_decay(make_recipe: MakeRecipe) -> None:
    trainer = Trainer("pretrain", make_recipe(), resume=False, **QUIET)
    kinds = trainer.optimisers.kinds
    close(trainer)
    assert kinds["model.embed_tokens.weight"] == "embedding"
    assert {kind for name, kind in kinds.items() if name.endswith(("A_log", "dt_bias", "norm.weight"))} == {"plain"}
    assert {kind for name, kind in kinds.items() if name.endswith("up_proj.weight")} == {"muon"}
    decays = {g["weight_decay"] for m in trainer.optimisers.members for g in m.param_groups if g["params"]}
    assert decays == {0.0, 0.1}


def test_sft_counts_the_models_tokens_alone(make_recipe: MakeRecipe, data: Path, tmp_path: Path) -> None:
    recipe = make_recipe(sources=[{"path": data / "chat.jsonl", "held_out": 0.1}], stages=[{"context": 256}])
    sft = SftRecipe(**{name: getattr(recipe, name) for name in TrainRecipe.__slots__ if name != "context_loss_weight"})
    trainer = Trainer("sft", sft, resume=False, **QUIET)
    batch = trainer.packer.next_batch()
    close(trainer)
    counted = batch.ids[0][1:][batch.weights[:-1] > 0]
    text = trainer.tokenizer.decode(counted.tolist())
    assert "tool_response" not in text and "Date" not in text
    assert text.count("<|end|>") == 2 * (len(batch.cu_seqlens) - 1)
    loss, parts = trainer._forward(batch)
    assert set(parts) == {1.0} and parts[1.0][1] == len(counted)
    assert float(loss.detach()) == pytest.approx(parts[1.0][0])


def test_begins_from_a_model_with_a_fresh_optimiser(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    first = make_recipe(out=tmp_path / "first")
    train("pretrain", first, **QUIET)
    second = make_recipe(out=tmp_path / "second", init=first.out / "model", model={}, tokenizer=None)
    trainer = Trainer("mid", second, resume=False, **QUIET)
    close(trainer)
    saved = weights(first.out)
    assert all(torch.equal(value, saved[name]) for name, value in trainer.optimisers.weights().items())
    assert trainer.optimisers.state() == {}
    run = json.loads((second.out / "run.json").read_text())
    assert run["parent"] == json.loads((first.out / "run.json").read_text())["run_id"]


def test_what_an_agent_should_know_is_handed_on_without_the_calibration(
    make_recipe: MakeRecipe, tmp_path: Path
) -> None:
    first = make_recipe(out=tmp_path / "first")
    train("pretrain", first, **QUIET)
    about = {"profile": {"brief": True, "page_chars": 900}, "context_length": 777}
    (first.out / "model" / "tamsa.json").write_text(json.dumps(about))
    write_calibration(first.out / "model", Calibration(0.0, 1.0, 0.0, 0.0, 50, 0.3, 0.1))
    second = make_recipe(out=tmp_path / "second", init=first.out / "model", model={}, tokenizer=None)
    train("mid", second, **QUIET)
    assert read_about(second.out / "model") == About(profile=Profile(brief=True, page_chars=900), context_length=777)
    (first.out / "model" / "tamsa.json").write_text("nonsense")
    with pytest.raises(InputError, match="not JSON"):
        train("mid", make_recipe(out=tmp_path / "third", init=first.out / "model", model={}, tokenizer=None), **QUIET)


def test_adapters_train_alone_and_are_merged(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    first = make_recipe(out=tmp_path / "first")
    train("pretrain", first, **QUIET)
    lora = {"rank": 4, "alpha": 8.0, "targets": ["up_proj", "down_proj", "q_proj"]}
    init = {"init": first.out / "model", "model": {}, "tokenizer": None}
    second = make_recipe(out=tmp_path / "second", lora=lora, optimiser={"lr": 3e-2, "name": "adamw"}, **init)
    train("sft", second, **QUIET)
    assert all("lora" in name for name in weights(second.out))
    before = AutoModelForCausalLM.from_pretrained(first.out / "model").state_dict()
    after = AutoModelForCausalLM.from_pretrained(second.out / "model").state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.endswith(("up_proj.weight", "down_proj.weight", "q_proj.weight")) for name in changed)
    assert (second.out / "model" / "adapter" / "adapter_config.json").is_file()


def test_another_architecture_trains_packed(make_recipe: MakeRecipe, tokenizer: Any, tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    llama = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), num_key_value_heads=2, **size))
    llama.save_pretrained(tmp_path / "llama")
    tokenizer.save_pretrained(tmp_path / "llama")
    recipe = make_recipe(init=tmp_path / "llama", model={}, tokenizer=None, precision="float32")
    trainer = Trainer("sft", recipe, resume=False, **QUIET)
    batch = trainer.packer.next_batch()
    whole = float(trainer._forward(batch)[0].detach())
    separate = 0.0
    for start, end in zip(batch.cu_seqlens[:-1].tolist(), batch.cu_seqlens[1:].tolist(), strict=True):
        logits = llama(batch.ids[:, start:end]).logits[0].float()
        rows = torch.nn.functional.cross_entropy(logits, batch.targets[start:end], ignore_index=-100, reduction="none")
        separate += float((rows * batch.weights[start:end]).sum().detach())
    assert whole == pytest.approx(separate, rel=1e-5)
    trainer.run()
    assert losses(recipe.out)[-1] < losses(recipe.out)[0]


# ---------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sources": []}, "sources: none"),
        ({"sources": [{"path": "nowhere.jsonl"}]}, "nowhere.jsonl"),
        ({"tokenizer": None}, "tokenizer: missing"),
        ({"batch": {"tokens": 500, "micro_tokens": 256}}, "multiple"),
        ({"stages": [{"context": 5000}]}, "longest context is 5000"),
        ({"stages": [{"context": 64, "until": 0.5}]}, "until"),
        ({"schedule": {}}, "no budget"),
        ({"schedule": {"tokens": 10}}, "less than one step"),
        ({"optimiser": {"lr": -1.0}}, "lr = -1.0"),
        ({"optimiser": {"lr": float("nan")}}, "lr = nan"),
        ({"optimiser": {"betas": [2.0, 0.9]}}, "betas"),
        ({"schedule": {"epochs": float("nan")}}, "epochs = nan"),
        ({"schedule": {"minutes": 0.0}}, "minutes = 0.0"),
        ({"seed": -1}, "seed = -1"),
        ({"threads": 0}, "threads = 0"),
        ({"track": {"log_every": 0}}, "log_every = 0"),
        ({"lora": {"rank": 0}}, "lora"),
        ({"lora": {"targets": ["nothing"]}}, "lora"),
        ({"sources": [{"path": "x.jsonl", "limit": -1}]}, "limit = -1"),
        ({"sources": [{"path": "x.jsonl", "weight": float("nan")}]}, "weight = nan"),
        ({"model": {"hidden_size": "x"}}, "hidden_size"),
        ({"model": {"hiden_size": 3}}, "hiden_size"),
        ({"model": {"hidden_size": 32, "num_hidden_layers": 0}}, "num_hidden_layers"),
        ({"init": "nowhere", "model": {}}, "nowhere"),
        ({"context_loss_weight": 2.0}, "context_loss_weight"),
        ({"copied_loss_weight": -1.0}, "copied_loss_weight"),
    ],
)
def test_mistake_is_named_before_anything_is_written(
    make_recipe: MakeRecipe, changes: dict[str, Any], words: str
) -> None:
    recipe = make_recipe(**changes)
    with pytest.raises(TamsaError, match=words):
        train("pretrain", recipe, **QUIET)
    assert not recipe.out.exists()


def test_bad_records_are_counted_and_none_left_is_refused(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    bad = [{"messages": "x"}, {"messages": []}, {"messages": [{"role": "robot", "content": "x"}]}]
    good = [{"messages": conversation(i)} for i in range(5)]
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in [*bad, *good]))
    notes: list[str] = []
    recipe = make_recipe(sources=[{"path": path, "held_out": 0.0}], stages=[{"context": 256}])
    trainer = Trainer("sft", recipe, resume=False, on_note=notes.append)
    close(trainer)
    assert len(trainer.mixture.feeds[0].cache) == 5
    assert "3 skipped" in notes[0]
    path.write_text("".join(json.dumps(record) + "\n" for record in bad))
    with pytest.raises(InputError, match="nothing to train on"):
        Trainer("sft", make_recipe(out=tmp_path / "b", sources=[{"path": path}]), resume=False, **QUIET)


def test_taken_folder_and_changed_recipe_are_refused(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe()
    with pytest.raises(InputError, match="no run to resume"):
        train("pretrain", recipe, resume=True, **QUIET)
    train("pretrain", recipe, **QUIET)
    with pytest.raises(InputError, match="--resume"):
        train("pretrain", recipe, **QUIET)
    with pytest.raises(InputError, match="seed"):
        train("pretrain", make_recipe(seed=5), resume=True, **QUIET)
    with pytest.raises(ConfigError, match="nonsense"):
        make_recipe(nonsense=1)


def test_changed_data_are_refused_on_resume_and_another_way_to_the_same_folder_is_not(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes((data / "chat.jsonl").read_bytes())
    changes: dict[str, Any] = {"sources": [{"path": path}], "stages": [{"context": 256}]}
    stop_after(make_recipe(**changes), 5)
    monkeypatch.chdir(tmp_path)
    stop_after(make_recipe(out=Path("run"), **changes), 7, resume=True)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:6]))
    with pytest.raises(InputError, match=r"own\.jsonl: has changed"):
        train("pretrain", make_recipe(**changes), resume=True, **QUIET)
    with pytest.raises(InputError, match="no run of train sft"):
        train("sft", make_recipe(**changes), resume=True, **QUIET)


def test_conversations_without_room_are_told_and_are_no_part_of_an_epoch(
    make_recipe: MakeRecipe, data: Path, tmp_path: Path
) -> None:
    long = [{"role": "user", "content": "Alba " * 900}, {"role": "assistant", "content": "Yes."}]
    path = tmp_path / "mixed.jsonl"
    path.write_text((data / "chat.jsonl").read_text() + (json.dumps({"messages": long}) + "\n") * 10)
    notes: list[str] = []
    found = []
    for source in (data / "chat.jsonl", path):
        sources = [{"path": source, "held_out": 0.0}]
        recipe = make_recipe(out=tmp_path / source.stem, sources=sources, schedule={"epochs": 2.0})
        trainer = Trainer("sft", recipe, resume=False, on_note=notes.append)
        close(trainer)
        found.append((trainer.mixture.num_tokens, trainer.schedule.end))
    assert found[0] == found[1]
    assert notes[-1] == "mixed.jsonl: 10 conversations longer than 256 tokens left out"


def test_half_a_surrogate_pair_is_read_as_a_mark(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "Alba \\ud800 Bay"}\n' * 3)
    trainer = Trainer("pretrain", make_recipe(sources=[{"path": path}]), resume=False, **QUIET)
    close(trainer)
    assert len(trainer.mixture.feeds[0].cache) == 3


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_damaged_model_is_named(make_recipe: MakeRecipe, tmp_path: Path, name: str) -> None:
    recipe = make_recipe(schedule={"steps": 1})
    train("pretrain", recipe, **QUIET)
    (recipe.out / "model" / name).write_bytes(b"{}")
    again = make_recipe(out=tmp_path / "b", init=recipe.out / "model", tokenizer=None, model={}, schedule={"steps": 1})
    with pytest.raises(InputError, match="run/model"):
        train("pretrain", again, **QUIET)


def test_model_that_does_not_fit_the_disk_is_one_line(make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, folder: Path, **settings: Any) -> None:
        raise SafetensorError("No space left on device")

    recipe = make_recipe(schedule={"steps": 1})
    monkeypatch.setattr("transformers.PreTrainedModel.save_pretrained", full)
    with pytest.raises(StorageError, match="No space left"):
        train("pretrain", recipe, **QUIET)


def test_samples_of_steps_that_were_lost_are_dropped(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(track={"evaluate_every": 5, "save_every": 4, "held_out_tokens": 256, "sample_tokens": 2})
    stop_after(recipe, 7)
    train("pretrain", recipe, resume=True, **QUIET)
    steps = [json.loads(line)["step"] for line in (recipe.out / "samples.jsonl").read_text().splitlines()]
    assert steps == [5, 5, 10, 10, 12, 12]


def test_longer_budget_goes_on_from_the_end(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe()
    train("pretrain", recipe, **QUIET)
    train("pretrain", make_recipe(schedule={"steps": 16, "warmup": 2, "decay": 0.5}), resume=True, **QUIET)
    assert read_checkpoint(checkpoints(recipe.out / "checkpoints")[-1]).state["step"] == 16


def test_damaged_checkpoint_is_named_and_unfinished_ones_ignored(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe()
    train("pretrain", recipe, **QUIET)
    folder = recipe.out / "checkpoints"
    shutil.copytree(checkpoints(folder)[-1], folder / ".step_00000099.tmp")
    (folder / "step_00000100").mkdir()
    assert [path.name for path in checkpoints(folder)] == ["step_00000008", "step_00000012"]
    target = checkpoints(folder)[-1] / "weights.safetensors"
    target.write_bytes(target.read_bytes()[:100])
    with pytest.raises(CorruptError, match="resume from the one before"):
        train("pretrain", recipe, resume=True, **QUIET)


def test_loss_that_is_no_number_stops_the_run(make_recipe: MakeRecipe) -> None:
    trainer = Trainer("pretrain", make_recipe(), resume=False, **QUIET)
    with torch.no_grad():
        next(iter(trainer.model.parameters())).fill_(np.nan)
    with pytest.raises(TamsaError, match=r"not a number|holds NaN"):
        trainer.run()
