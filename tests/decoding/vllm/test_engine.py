"""What is passed to vLLM, and what the served heads refuse; no vLLM needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tamsa.decoding import AutoDecoForCausalLM
from tamsa.decoding.vllm import engine_arguments
from tamsa.decoding.vllm.models import load_serving_heads
from tamsa.errors import InputError


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
    code = f"import sys, tamsa.decoding.vllm.plugin; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
