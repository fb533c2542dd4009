"""A real vLLM on a CPU serves a base with heads: `make test-vllm`, in an environment of its own.

The oracle is our transformers path on the same weights.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

pytest.importorskip("vllm", reason="vLLM is not installed; run `make test-vllm`")
pytestmark = pytest.mark.vllm

from tamsa.decoding import AutoDecoConfig, AutoDecoForCausalLM  # noqa: E402
from tamsa.decoding.vllm import engine_arguments  # noqa: E402

VOCAB = 97
PROMPTS = [[5, 6, 7, 8, 9], [11, 12], [21, 22, 23], [31, 40, 50, 60, 70, 80]]
DRAWS = 3000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny Llama with heads whose T and P differ from token to token, saved as two folders."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=VOCAB,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    base = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        base.lm_head.weight.mul_(8.0)
    folder = tmp_path_factory.mktemp("served")
    base.generation_config.temperature, base.generation_config.top_k = 0.3, 5  # must not leak in
    base.generation_config.do_sample = True
    base.save_pretrained(folder / "base")
    base.config._name_or_path = str(folder / "base")
    made = AutoDecoForCausalLM.from_base(base, AutoDecoConfig(head_size=16, initial_top_p=0.85))
    with torch.no_grad():
        for head in (made.decoding_heads.temp_head, made.decoding_heads.top_p_head):
            head.mlp[2].weight.mul_(10.0)
    made.save_pretrained(folder / "heads", dtype=torch.float32)
    made.folder = folder
    return made.eval()


@pytest.fixture(scope="module")
def engine(model: Any) -> Any:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"  # as it is served: a process that loads the plugin itself
    from vllm import LLM

    return LLM(
        **engine_arguments(Path(model.folder) / "heads"),
        skip_tokenizer_init=True,
        dtype="float32",
        enforce_eager=True,
        max_model_len=128,
        max_num_seqs=256,
        max_logprobs=VOCAB,
        seed=0,
    )


def ask(engine: Any, prompts: list[list[int]], **settings: Any) -> list[Any]:
    from vllm import SamplingParams

    parameters = SamplingParams(detokenize=False, ignore_eos=True, **settings)
    return engine.generate([{"prompt_token_ids": p} for p in prompts], parameters, use_tqdm=False)


@torch.no_grad()
def learned(model: Any, prompt: list[int]) -> torch.Tensor:
    """Return the learned distribution of the next token, `[V]`."""
    return torch.softmax(model(torch.tensor([prompt])).logits[0, -1].double(), -1)


def test_greedy_tokens_are_those_of_transformers(model, engine):
    for prompt, out in zip(PROMPTS, ask(engine, PROMPTS, temperature=0.0, max_tokens=16), strict=True):
        expected = model.generate(
            torch.tensor([prompt]), max_new_tokens=16, do_sample=False, eos_token_id=None, pad_token_id=0
        )
        assert list(out.outputs[0].token_ids) == expected[0, len(prompt) :].tolist()


def test_sampled_first_tokens_have_the_learned_distribution_and_stay_in_the_kept_set(model, engine):
    for prompt, out in zip(PROMPTS, ask(engine, PROMPTS, n=DRAWS, max_tokens=1), strict=True):
        p = learned(model, prompt)
        counts = torch.bincount(torch.tensor([o.token_ids[0] for o in out.outputs]), minlength=VOCAB).double()
        kept = p > 0
        assert 1 < int(kept.sum()) < VOCAB
        assert int(counts[~kept].sum()) == 0
        common = p * DRAWS >= 5
        chi = float(((counts - p * DRAWS) ** 2 / (p * DRAWS))[common].sum())
        freedom = max(1, int(common.sum()) - 1)
        assert chi < freedom + 4.5 * math.sqrt(2 * freedom), prompt


def test_log_probabilities_are_those_of_the_learned_distribution(model, engine):
    for prompt, out in zip(PROMPTS, ask(engine, PROMPTS, max_tokens=1, logprobs=VOCAB), strict=True):
        p = learned(model, prompt)
        found = out.outputs[0].logprobs[0]
        for token in (p > 0).nonzero().flatten().tolist():
            assert found[token].logprob == pytest.approx(math.log(p[token]), abs=1e-4)


def test_seeds_repeat_and_a_client_s_settings_apply_on_top(model, engine):
    first, second = (ask(engine, PROMPTS, max_tokens=8, seed=7) for _ in range(2))
    assert [list(o.outputs[0].token_ids) for o in first] == [list(o.outputs[0].token_ids) for o in second]
    for prompt, out in zip(PROMPTS, ask(engine, PROMPTS, n=400, max_tokens=1, top_k=2), strict=True):
        likeliest = learned(model, prompt).topk(2).indices.tolist()
        assert {o.token_ids[0] for o in out.outputs} <= set(likeliest)


def test_a_mask_of_cut_tokens_alone_leaves_the_base_over_them(model, engine):
    prompt = PROMPTS[0]
    p = learned(model, prompt)
    cut = (p == 0).nonzero().flatten().tolist()[:3]
    [out] = ask(engine, [prompt], n=DRAWS, max_tokens=1, allowed_token_ids=cut)
    with torch.no_grad():
        raw = model(torch.tensor([prompt]), output_decoding=True)
        base = model.base(torch.tensor([prompt])).logits[0, -1, cut].double()
        expected = torch.softmax(base / raw.temperature[0, -1].double(), -1)
    drawn = torch.tensor([cut.index(o.token_ids[0]) for o in out.outputs])
    counts = torch.bincount(drawn, minlength=3).double() / DRAWS
    torch.testing.assert_close(counts, expected, atol=0.04, rtol=0)
