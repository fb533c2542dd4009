"""TRL samples its rollouts from a model with heads as from any other, and so with the learned strategy."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from tamsa.decoding import AutoDecoForCausalLM
from tests.decoding.conftest import VOCAB

pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")

pytestmark = pytest.mark.filterwarnings("ignore")  # the trainer's own


@pytest.fixture(autouse=True)
def _no_reporters(monkeypatch):
    """Keep TRL from importing an optional reporter, which may be installed without its own dependencies."""
    monkeypatch.setattr("transformers.integrations.is_trackio_available", lambda: False)


def make_tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    plain = Tokenizer(models.WordLevel({f"w{i}": i for i in range(VOCAB)}, unk_token="w0"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=plain, pad_token="w0", eos_token="w2")


def rollouts(model: Any, folder: Any) -> list[list[int]]:
    """Take one step of GRPO and return the completions that it rewarded."""
    from trl import GRPOConfig, GRPOTrainer

    seen: list[list[int]] = []

    def reward(completion_ids, **_):
        seen.extend(list(map(int, ids)) for ids in completion_ids)
        return [float(len(set(ids))) for ids in completion_ids]

    arguments = GRPOConfig(
        output_dir=str(folder), per_device_train_batch_size=8, num_generations=8, max_completion_length=6, max_steps=1,
        learning_rate=1e-3, temperature=1.0, use_cpu=True, bf16=False, report_to=[], save_strategy="no",
        disable_tqdm=True, gradient_checkpointing=False, seed=0,
    )  # fmt: skip
    prompts = datasets.Dataset.from_list([{"prompt": "w5 w6 w7"}] * 8)
    trainer = GRPOTrainer(
        model, reward_funcs=reward, args=arguments, train_dataset=prompts, processing_class=make_tokenizer()
    )
    trainer.train()
    return seen


def test_rollouts_of_grpo_follow_the_heads(llama, tmp_path):
    prompt = torch.tensor([[5, 6, 7]])
    greedy = llama.generate(prompt, max_new_tokens=6, do_sample=False)[0, 3:].tolist()
    model = AutoDecoForCausalLM.from_base(llama)
    with torch.no_grad():  # heads that ask for the likeliest token everywhere
        model.decoding_heads.temp_head.mlp[2].bias.fill_(-30.0)
    before = llama.lm_head.weight.clone()
    sure = rollouts(model, tmp_path / "sure")
    assert len(sure) == 8 and all(ids == greedy[: len(ids)] for ids in sure)
    assert torch.equal(before, llama.lm_head.weight)  # equal rewards: nothing to learn
    free = rollouts(AutoDecoForCausalLM.from_base(llama), tmp_path / "free")
    assert len({tuple(ids) for ids in free}) > 1
