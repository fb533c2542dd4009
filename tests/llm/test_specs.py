"""Specs and settings: every mistake is one line that names the way out, and keys never show."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys

import pytest

from tamsa.config import from_mapping
from tamsa.errors import ConfigError, InputError
from tamsa.llm import ModelSettings, ModelSpec, OllamaModel, OpenAIModel, ScriptedModel, open_model
from tamsa.llm.settings import check_url, for_ollama, for_openai

KEY = "sk-secret-0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "kind", "argument"),
    [
        ("baseline", "baseline", ""),
        (" nano ", "nano", ""),
        ("openai:gpt-5", "openai", "gpt-5"),
        ("OpenAI:org/model:free", "openai", "org/model:free"),
        ("ollama:qwen3:8b", "ollama", "qwen3:8b"),
        ("scripted:a b.jsonl", "scripted", "a b.jsonl"),
        ("hf:org/model", "hf", "org/model"),
    ],
)
def test_parse(text, kind, argument):
    spec = ModelSpec.parse(text)
    assert (spec.kind, spec.argument) == (kind, argument)
    assert ModelSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    "text", ["", "gpt-5", "openai", "openai:", "baseline:x", "ftp:x", "openai:a\nb", ":", "x" * 5000]
)
def test_wrong_spec_is_one_line_with_the_way_out(text):
    with pytest.raises(ConfigError) as caught:
        ModelSpec.parse(text)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400 and ("choose" in message or "write" in message)


def test_nano_without_its_weights_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(ConfigError, match="'nano': its weights are not in this installation; use baseline"):
        open_model("nano")


def test_factories_come_first():
    scripted = ScriptedModel(["x"])
    seen = []

    def build(spec, settings):
        seen.append((spec, settings))
        return scripted

    settings = ModelSettings(seed=3)
    assert open_model("baseline", settings, {"baseline": build}) is scripted
    assert seen == [(ModelSpec("baseline"), settings)]
    with pytest.raises(ConfigError, match="not available here"):
        open_model("baseline")


def test_openai_needs_a_key_only_at_the_official_endpoint():
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY"):
        for_openai(ModelSettings(), {})
    assert for_openai(ModelSettings(), {"OPENAI_API_KEY": f" {KEY}\n"}).secret == KEY
    local = for_openai(ModelSettings(), {"OPENAI_BASE_URL": "http://localhost:8000/v1/"})
    assert (local.base_url, local.secret, local.context_length) == ("http://localhost:8000/v1", None, 32_768)
    given = for_openai(ModelSettings(base_url="http://a/v1", api_key="k1234"), {"OPENAI_API_KEY": KEY})
    assert given.secret == "k1234"


def test_native_tools_by_endpoint():
    official = OpenAIModel("m", for_openai(ModelSettings(api_key=KEY), {}))
    local = OpenAIModel("m", for_openai(ModelSettings(base_url="http://localhost:1/v1"), {}))
    forced = OpenAIModel("m", for_openai(ModelSettings(base_url="http://localhost:1/v1", native_tools="yes"), {}))
    refused = OpenAIModel("m", for_openai(ModelSettings(api_key=KEY, native_tools="no"), {}))
    assert [m.native_tools for m in (official, local, forced, refused)] == [True, False, True, False]


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://x",
        "http://",
        "http://[::1",
        "http://x:99999",
        "http://a b/v1",
        "http://a/\x00",
        "",
        "https://",
    ],
)
def test_bad_url_is_one_line(url):
    with pytest.raises(ConfigError, match="base_url") as caught:
        check_url(url, "base_url", "http://localhost:8000/v1")
    assert "\n" not in str(caught.value) and "http://localhost:8000/v1" in str(caught.value)


@pytest.mark.parametrize("url", [f"https://user:{KEY}@host/v1", f"https://host/v1?key={KEY}", f"https://{KEY}@host/v1"])
def test_secrets_in_an_address_are_refused_without_showing_them(url):
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        for_openai(ModelSettings(base_url=url), {})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("box", "http://box:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("https://box.example/", "https://box.example"),
        ("http://box:1/v1", "http://box:1"),
    ],
)
def test_ollama_host_in_all_its_forms(host, url):
    assert for_ollama(ModelSettings(), {"OLLAMA_HOST": host}).base_url == url


def test_key_shows_nowhere():
    settings = for_openai(ModelSettings(api_key=KEY), {})
    model = open_model("openai:m", settings)
    for shown in (
        repr(settings),
        str(settings),
        repr(model),
        json.dumps(settings.public()),
        repr(dataclasses.asdict(settings)),
    ):
        assert KEY not in shown
    assert "api_key" not in settings.public()
    with pytest.raises(TypeError):
        json.dumps(dataclasses.asdict(settings))
    assert pickle.loads(pickle.dumps(settings)).secret == KEY


@pytest.mark.parametrize("key", ["a b", "clé-0123", "a\x07b"])
def test_key_that_no_header_can_carry(key):
    with pytest.raises(ConfigError, match="api_key") as caught:
        ModelSettings(api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": 3.0},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"context_length": 1},
        {"concurrency": 0},
        {"max_retries": -1},
        {"timeout_s": 0},
        {"deadline_s": float("nan")},
        {"native_tools": "maybe"},
        {"price_prompt": -1.0},
    ],
)
def test_values_out_of_range_name_the_field(values):
    [name] = values
    with pytest.raises(ConfigError, match=name):
        ModelSettings(**values)


def test_settings_load_from_a_table():
    settings = from_mapping(ModelSettings, {"api_key": KEY, "temperature": 0.2, "extra_body": {"top_k": 3}}, "a.toml")
    assert settings.secret == KEY and settings.temperature == 0.2
    with pytest.raises(ConfigError, match="temprature"):
        from_mapping(ModelSettings, {"temprature": 0.2}, "a.toml")


def test_missing_script_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.jsonl"):
        open_model(f"scripted:{tmp_path / 'none.jsonl'}")


def test_kinds_open_as_their_classes():
    assert isinstance(open_model("ollama:x"), OllamaModel)
    assert open_model("ollama:x").name == "ollama:x"


def test_import_loads_neither_torch_nor_a_client():
    code = (
        "import sys, tamsa.llm; print([m for m in ('torch', 'openai', 'httpx2', 'transformers') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
