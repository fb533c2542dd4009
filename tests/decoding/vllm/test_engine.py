"""What is passed to vLLM, and what the served heads refuse; no vLLM needed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.decoding.strategy import Strategy, apply_strategy
from tamsa.decoding.vllm import ReportIds, engine_arguments, find_report_ids, read_choice, read_outputs
from tamsa.decoding.vllm.models import _report_ids, load_serving_heads, with_report
from tamsa.decoding.vllm.report import check_report_ids
from tamsa.errors import InputError

IDS = ReportIds(95, 96)


@pytest.fixture
def heads(llama, tmp_path):
    AutoDecoForCausalLM.from_base(llama).save_pretrained(tmp_path / "heads")
    return tmp_path / "heads"


def test_arguments_name_the_architecture_with_heads(heads):
    found = engine_arguments(heads, model="some/base")
    assert found["model"] == "some/base" and found["generation_config"] == "vllm"
    assert found["hf_overrides"] == {"architectures": ["AutoDecoLlamaForCausalLM"], "autodeco_heads": str(heads)}


def test_a_folder_without_heads_or_base_is_named(heads, tmp_path):
    with pytest.raises(InputError, match="names no base model"):
        engine_arguments(heads)
    with pytest.raises(InputError, match=r"config\.json"):
        engine_arguments(tmp_path / "absent")


@pytest.mark.parametrize(
    ("width", "vocabulary", "what"), [(64, 97, "hidden_size = 32.* 64"), (32, 99, "vocab_size = 97.* 99")]
)
def test_a_base_that_does_not_fit_is_named_with_both_sides(heads, width, vocabulary, what):
    with pytest.raises(InputError, match=what):
        load_serving_heads(heads, width, vocabulary, "Base")
    assert load_serving_heads(heads, 32, 97, "Base").config.hidden_size == 32


def test_the_entry_point_is_light():
    heavy = {"vllm", "torch", "numba", "transformers"}  # vLLM's scan for its kernels stumbles over llvmlite
    code = (
        f"import sys, tamsa.decoding.vllm.plugin, tamsa.decoding.vllm.report; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def write_base(folder, vocabulary, added=(), size=None):
    folder.mkdir()
    tokens = vocabulary if isinstance(vocabulary, dict) else list(vocabulary)
    (folder / "config.json").write_text(json.dumps({"vocab_size": size or len(tokens) + len(added)}))
    extra = [{"id": len(tokens) + i, "content": text} for i, text in enumerate(added)]
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": tokens}, "added_tokens": extra}))
    return str(folder)


def test_ids_to_spare_are_padding_then_reserved_tokens(tmp_path):
    words = {"a": 0, "b": 1, "c": 2}
    assert find_report_ids(write_base(tmp_path / "padded", words, ["<end>"], size=8)) == (6, 7)
    unigram = [["a", -1.0], ["b", -2.0]]
    reserved = ["<|reserved_special_token_0|>", "<|end|>", "<|reserved_special_token_1|>"]
    assert find_report_ids(write_base(tmp_path / "reserved", unigram, reserved)) == (2, 4)
    with pytest.raises(InputError, match=r"no two ids to spare.*report=\(ID, ID\)"):
        find_report_ids(write_base(tmp_path / "full", words, ["<end>"]))
    with pytest.raises(InputError, match=r"no tokenizer\.json"):
        (tmp_path / "bare").mkdir()
        (tmp_path / "bare" / "config.json").write_text('{"vocab_size": 4}')
        find_report_ids(str(tmp_path / "bare"))


def test_arguments_carry_the_ids_that_report(heads, tmp_path):
    base = write_base(tmp_path / "base", {"a": 0}, size=5)
    assert engine_arguments(heads, base, report=True)["hf_overrides"]["autodeco_report_ids"] == [3, 4]
    assert engine_arguments(heads, base, report=(7, 2))["hf_overrides"]["autodeco_report_ids"] == [7, 2]
    assert "autodeco_report_ids" not in engine_arguments(heads, base)["hf_overrides"]


@pytest.mark.parametrize("ids", [(1,), (1, 1), (1, 97), (-1, 2), (1.0, 2), (True, 2)])
def test_ids_outside_the_vocabulary_are_named(ids):
    with pytest.raises(InputError, match=r"two different token ids in \[0, 97\)"):
        check_report_ids(ids, 97)


def test_other_log_probabilities_than_raw_ones_are_refused():
    def config(ids, mode):
        hf = SimpleNamespace(autodeco_report_ids=ids, vocab_size=97)
        return SimpleNamespace(model_config=SimpleNamespace(hf_config=hf, hf_text_config=hf, logprobs_mode=mode))

    assert _report_ids(config([95, 96], "raw_logprobs")) == IDS
    assert _report_ids(config(None, "processed_logits")) is None
    with pytest.raises(InputError, match="'processed_logprobs', expected 'raw_logprobs'"):
        _report_ids(config([95, 96], "processed_logprobs"))


def served(strategy):
    """Return logits and log-probabilities as vLLM takes them."""
    logits = with_report(strategy, IDS)
    return logits, torch.log_softmax(logits, -1)


def offline(row):
    return {i: SimpleNamespace(logprob=float(row[i])) for i in (3, *IDS)}


@torch.no_grad()
def test_a_client_reads_the_predicted_t_and_p_and_the_distribution_stays(llama):
    torch.manual_seed(0)
    model = AutoDecoForCausalLM.from_base(llama)
    for head in (model.decoding_heads.temp_head, model.decoding_heads.top_p_head):
        head.mlp[2].weight.normal_(0, 0.15)
    hidden, raw = torch.randn(50, 32), 8 * torch.randn(50, 97)
    raw[:, list(IDS)] = float("-inf")
    before = apply_strategy(model.decoding_heads, hidden, raw)
    logits, found = served(apply_strategy(model.decoding_heads, hidden, raw))
    told = read_outputs([offline(row) for row in found], IDS)
    T, P = (torch.tensor(x) for x in zip(*told, strict=True))
    kept = ~torch.isnan(T)
    assert int(kept.sum()) > 25 and bool((before.temperature[~kept] < 0.01).all())
    torch.testing.assert_close(T[kept], before.temperature[kept], atol=5e-5, rtol=0)
    torch.testing.assert_close(P[kept], before.top_p[kept], atol=5e-5, rtol=0)
    torch.testing.assert_close(torch.softmax(logits, -1), torch.softmax(before.logits, -1), atol=1e-7, rtol=0)
    assert torch.equal(logits.argmax(-1), before.logits.argmax(-1))
    chat = {"logprobs": {"content": [{"top_logprobs": [
        {"token": f"token_id:{i}", "logprob": max(float(row[i]), -9999.0)} for i in (3, *IDS)
    ]} for row in found]}}  # fmt: skip
    plain = {"logprobs": {"top_logprobs": [
        {f"token_id:{i}": max(float(row[i]), -9999.0) for i in (3, *IDS)} for row in found
    ]}}  # fmt: skip
    for choice in (chat, plain):
        assert str(read_choice(choice, IDS)) == str(told)


def test_no_mask_brings_the_two_ids_to_light_and_what_cannot_be_told_is_nan():
    T = torch.tensor([0.0, 0.0099, 0.01, 1.0, 9.9, 9.95])
    logits = torch.full((6, 97), -80.0)  # every token but one is 80 nats below it
    logits[:, 3] = 0.0
    logits = torch.where(T[:, None] > 0, logits / T[:, None], logits)
    logits[:, 4:] -= 1000
    logits, found = served(Strategy(logits, T, torch.full((6,), 0.5)))
    told = [reported.temperature for reported in read_outputs([offline(row) for row in found], IDS)]
    assert [math.isnan(t) for t in told] == [False, True, False, False, False, True]
    assert told[0] == 0 and told[2:5] == pytest.approx([0.01, 1.0, 9.9], abs=2e-5)
    logits[:, 3] = float("-inf")  # forbidden behind our back
    assert not set(logits.argmax(-1).tolist()) & set(IDS)
    masked = torch.log_softmax(logits.index_fill(1, torch.tensor(list(IDS)), float("-inf")), -1)
    assert all(math.isnan(x) for r in read_outputs([offline(row) for row in masked], IDS) for x in r)


def test_an_answer_that_was_not_asked_for_t_and_p_is_named():
    with pytest.raises(InputError, match="outputs_fields"):
        read_outputs([{3: SimpleNamespace(logprob=-1.0)}], IDS)
    with pytest.raises(InputError, match="token_id:95"):
        read_choice({"logprobs": {"content": [{"top_logprobs": []}]}}, IDS)
    assert read_outputs(None, IDS) == [] and read_choice({"logprobs": None}, IDS) == []
