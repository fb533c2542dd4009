"""TRL's trainers use the model as any other: after `import tamsa.models`, by folder or as an object."""

import json
import sys

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

import tamsa.models

pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")
tokenizers = pytest.importorskip("tokenizers")

pytestmark = pytest.mark.filterwarnings("ignore")  # the trainers' own


@pytest.fixture(autouse=True)
def _no_reporters(monkeypatch):
    """Keep TRL from importing an optional reporter, which may be installed without its own dependencies."""
    monkeypatch.setattr("transformers.integrations.is_trackio_available", lambda: False)


@pytest.fixture
def folder(model_of, tmp_path):
    """A saved tiny model with a tokenizer of single characters."""
    letters = ["<pad>", "<eos>", *(chr(i) for i in range(32, 127))]
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({c: i for i, c in enumerate(letters)}, "<pad>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    inner.decoder = tokenizers.decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>")
    assert tokenizer.vocab_size == 97
    model = model_of(pad_token_id=0, eos_token_id=1, bos_token_id=None)
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_our_class_has_its_name_in_the_namespace_that_others_import():
    assert sys.modules["transformers"].KimiLinearForCausalLM is tamsa.models.KimiLinearForCausalLM


def common(folder):
    return {
        "output_dir": str(folder.parent / "out"),
        "per_device_train_batch_size": 4,
        "learning_rate": 3e-3,
        "use_cpu": True,
        "bf16": False,
        "report_to": [],
        "logging_steps": 1,
        "save_strategy": "no",
        "disable_tqdm": True,
        "seed": 0,
    }


def losses(trainer):
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@pytest.mark.parametrize("packing", [False, True])
def test_sft_learns(folder, packing):
    from trl import SFTConfig, SFTTrainer

    texts = ["abcabcabcabc" * n for n in (1, 2, 3, 1)] * 8
    arguments = SFTConfig(
        **common(folder), max_steps=12, max_length=64, packing=packing, gradient_checkpointing=False,
        model_init_kwargs={"dtype": "float32"},
    )  # fmt: skip
    trainer = SFTTrainer(
        str(folder), args=arguments, train_dataset=datasets.Dataset.from_list([{"text": t} for t in texts])
    )
    trainer.train()
    assert type(trainer.model) is tamsa.models.KimiLinearForCausalLM
    assert losses(trainer)[-1] < 0.7 * losses(trainer)[0]
    trainer.save_model(str(folder.parent / "sft"))
    again = AutoModelForCausalLM.from_pretrained(folder.parent / "sft")
    assert json.loads((folder.parent / "sft" / "config.json").read_text())["model_type"] == "kimi_linear"
    ids = torch.tensor([[67, 68, 69]])
    with torch.no_grad():
        difference = again(ids).logits - trainer.model.eval()(ids).logits
    assert difference.abs().max() < 1e-5


def test_grpo_raises_the_reward(folder):
    from trl import GRPOConfig, GRPOTrainer

    def reward(completions, **_):
        return [sum(c in "aeiou" for c in text) / max(1, len(text)) for text in completions]

    arguments = GRPOConfig(
        **common(folder) | {"per_device_train_batch_size": 16, "learning_rate": 1e-2},
        max_steps=12, num_generations=8, max_completion_length=8, gradient_checkpointing=False, temperature=1.0,
        model_init_kwargs={"dtype": "float32"},
    )  # fmt: skip
    prompts = datasets.Dataset.from_list([{"prompt": text} for text in ("ab", "the cat", "x", "hello")] * 8)
    trainer = GRPOTrainer(str(folder), reward_funcs=reward, args=arguments, train_dataset=prompts)
    trainer.train()
    assert type(trainer.model) is tamsa.models.KimiLinearForCausalLM
    rewards = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    assert len(rewards) == 12
    assert sum(rewards[-3:]) > sum(rewards[:3]) + 0.3
