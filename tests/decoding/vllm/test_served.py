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

pytest.importorskip("vllm", reason="vLLM is not installed; run `make test-vllm`")
pytestmark = pytest.mark.vllm

from tamsa.decoding.vllm import ReportIds, engine_arguments, outputs_fields, read_outputs  # noqa: E402

VOCAB = 97
IDS = ReportIds(95, 96)
PROMPTS = [[5, 6, 7, 8, 9], [11, 12], [21, 22, 23], [31, 40, 50, 60, 70, 80]]
DRAWS = 3000


@pytest.fixture(scope="module")
def engine(model: Any) -> Any:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "spawn"  # as it is served: a process that loads the plugin itself
    from vllm import LLM

    made = LLM(
        **engine_arguments(Path(model.folder) / "heads", report=True),
        skip_tokenizer_init=True,
        dtype="float32",
        enforce_eager=True,
        max_model_len=128,
        max_num_seqs=256,
        max_logprobs=VOCAB,
        seed=0,
    )
    yield made
    made.llm_engine.engine_core.shutdown()  # else it ends with the interpreter, whose streams are closed by then


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


@torch.no_grad()
def test_clients_are_told_t_and_p_of_every_token(model, engine):
    asked = outputs_fields(IDS)
    seen = []
    for settings in ({"seed": 3}, {"temperature": 0.0}, {"seed": 4, "temperature": 2.0, "top_k": 5}):
        for prompt, out in zip(PROMPTS, ask(engine, PROMPTS, max_tokens=12, **settings, **asked), strict=True):
            ids = [*prompt, *out.outputs[0].token_ids]
            oracle = model(torch.tensor([ids[:-1]]), output_decoding=True)
            told = torch.tensor(read_outputs(out.outputs[0].logprobs, IDS))
            expected = torch.stack([oracle.temperature[0], oracle.top_p[0]], -1)[len(prompt) - 1 :]
            torch.testing.assert_close(told, expected, atol=1e-4, rtol=0)
            seen.append(expected)
    assert float(torch.cat(seen).std(0).min()) > 0.01  # they do differ from token to token


def test_the_ids_that_report_are_never_drawn_whatever_a_client_forbids(model, engine):
    for settings in ({"temperature": 2.0, "top_p": 1.0}, {"min_tokens": 8, "stop_token_ids": list(range(3, 90))}):
        for out in ask(engine, PROMPTS, n=200, max_tokens=8, seed=5, **settings):
            assert not {t for o in out.outputs for t in o.token_ids} & set(IDS)
