"""Opening a folder: everything that can be wrong with it is one line; what lies beside the weights is used."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from tamsa.errors import ConfigError, InputError, TamsaError
from tamsa.llm import ModelSettings, open_model, write_calibration
from tamsa.llm.local import LocalModel
from tamsa.types import Calibration, Message, Profile, ToolSchema
from tests.llm.local.tiny import CHATML

ASKED = [Message("user", "Which town?")]
STEADY = ModelSettings(greedy=True, max_tokens=8, dtype="float32", threads=1)


async def one(path, settings=STEADY):
    model = open_model(f"hf:{path}", settings)
    try:
        return await model.complete(ASKED), model
    finally:
        await model.aclose()


@pytest.mark.parametrize("kind", ["kimi", "llama"])
async def test_a_folder_answers_as_the_module_it_was_saved_from(saved, local, kind):
    folder = saved(kind)
    completion, model = await one(folder)
    expected = await local(kind, max_tokens=8).complete(ASKED)
    assert completion.sampled.completion_ids == expected.sampled.completion_ids
    assert model.name == f"hf:{folder}" and model.context_length == 2048 and not model.native_tools
    assert model.count_tokens("Which town?") == len(model._tokenizer.encode("Which town?"))


@pytest.mark.parametrize("kind", ["kimi", "llama"])
async def test_heads_beside_the_weights_are_used(saved, kind):
    folder = saved(kind, heads=True)
    sampling = ModelSettings(max_tokens=8, dtype="float32", threads=1, seed=1)
    completion, _ = await one(folder, sampling)
    assert len(completion.sampled.temperatures) == len(completion.sampled.completion_ids)
    without, _ = await one(folder, ModelSettings(max_tokens=8, dtype="float32", threads=1, seed=1, heads=False))
    assert without.sampled.temperatures == ()


async def test_bfloat16_is_a_choice(saved):
    completion, model = await one(saved("kimi"), ModelSettings(greedy=True, max_tokens=4, dtype="bfloat16", threads=1))
    assert completion.usage.completion_tokens <= 4 and model.engine.num_steps >= 1


async def test_about_file_sets_profile_context_and_sampling(saved):
    folder = saved("llama", template=CHATML)
    about = {"profile": {"brief": True, "page_chars": 900}, "context_length": 777, "sampling": {"greedy": True}}
    (folder / "tamsa.json").write_text(json.dumps(about))
    completion, model = await one(folder, ModelSettings(max_tokens=4, threads=1))
    assert model.profile == Profile(brief=True, page_chars=900)
    assert model.context_length == 777 and not model.native_tools
    assert set(completion.sampled.logprobs) == {0.0}
    warm, _ = await one(folder, ModelSettings(max_tokens=4, threads=1, greedy=False))
    assert min(warm.sampled.logprobs) < 0
    asked, _ = await one(folder, ModelSettings(max_tokens=4, threads=1, temperature=0.5))
    assert min(asked.sampled.logprobs) < 0


async def test_a_calibration_is_kept_beside_what_the_folder_says(saved):
    folder = saved("llama", template=CHATML)
    calibration = Calibration(0.5, 0.25, 1.0, 2.0, 100, 0.3, 0.02, "digest")
    write_calibration(folder, calibration)
    assert (await one(folder))[1].profile == Profile(calibration=calibration)
    (folder / "tamsa.json").write_text(json.dumps({"profile": {"page_chars": 900}, "context_length": 777}))
    write_calibration(folder, replace(calibration, bias=0.0))
    write_calibration(folder, calibration)
    _, model = await one(folder)
    assert model.profile == Profile(page_chars=900, calibration=calibration) and model.context_length == 777
    (folder / "tamsa.json").write_text("nonsense")
    with pytest.raises(InputError, match="not JSON"):
        write_calibration(folder, calibration)
    assert (folder / "tamsa.json").read_text() == "nonsense"


async def test_native_tools_by_template(saved):
    model = LocalModel(saved("llama", template=CHATML), STEADY)
    assert model.native_tools
    tools = [ToolSchema("search", "finds pages", {"type": "object"})]
    completion = await model.complete(ASKED, tools=tools)
    assert "finds pages" in model._tokenizer.decode(completion.sampled.prompt_ids)
    await model.aclose()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json is missing"),
        (lambda f: (f / "config.json").write_text("{"), "configuration"),
        (lambda f: (f / "config.json").write_text('{"model_type": "unheard-of"}'), "configuration"),
        (lambda f: [p.unlink() for p in f.glob("tokenizer*")], "tokenizer"),
        (lambda f: (f / "chat_template.jinja").unlink(), "no chat template; choose"),
        (lambda f: (f / "model.safetensors").unlink(), "weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 100), "weights"),
        (lambda f: (f / "tamsa.json").write_text("nonsense"), "not JSON"),
        (lambda f: (f / "tamsa.json").write_text('{"profile": {"breif": true}}'), "breif"),
        (lambda f: (f / "tamsa.json").write_text('{"schema_version": 99}'), "schema_version"),
    ],
)
async def test_a_spoilt_folder_is_one_line(saved, spoil, message):
    folder = saved("llama")
    spoil(folder)
    with pytest.raises(TamsaError, match=message) as caught:
        await one(folder)
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value) and len(str(caught.value)) < 500


async def test_weights_of_another_shape_are_refused(saved):
    folder = saved("kimi")
    config = json.loads((folder / "config.json").read_text())
    config["kv_lora_rank"] = 16
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="kv_a"):
        await one(folder)


def test_missing_folders_and_wrong_settings_are_named(tmp_path, saved):
    with pytest.raises(InputError, match="no such folder; give"):
        open_model(f"hf:{tmp_path / 'none'}")
    folder = saved("llama")
    with pytest.raises(ConfigError, match="native_tools = yes"):
        open_model(f"hf:{folder}", ModelSettings(native_tools="yes"))


async def test_a_device_that_is_not_here_is_named(saved):
    with pytest.raises(ConfigError, match="device = 'cuda:7'"):
        await one(saved("llama"), ModelSettings(device="cuda:7"))


def test_without_the_extra_the_way_out_is_named(tmp_path):
    code = (
        "import sys; sys.modules['transformers'] = None\n"
        "from tamsa.llm import open_model\n"
        "from tamsa.errors import ConfigError\n"
        "try: open_model('hf:x/y')\n"
        "except ConfigError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "install tamsa with the extra `models`" in out and out.count("\n") == 1
