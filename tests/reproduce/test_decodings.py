"""Decodings of one model are compared on the same questions, each answered once; figures follow from the answers."""

import json

import numpy as np
import pytest

pytest.importorskip("transformers")

from tamsa.agent.guided import GuidedPolicy
from tamsa.config import load_config
from tamsa.errors import ConfigError, CorruptError
from tamsa.llm.local import LocalModel
from tamsa.reproduce.decodings import command
from tamsa.reproduce.decodings.recipe import DecodingsRecipe
from tamsa.reproduce.decodings.trials import Trial
from tamsa.reproduce.studies import run_study
from tamsa.store import read_json, read_jsonl
from tests.llm.local.tiny import make_network, make_tokenizer, with_heads


@pytest.fixture
def recipe(tmp_path):
    tokenizer = make_tokenizer()
    network = make_network("kimi", len(tokenizer))
    network.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    about = {"schema_version": 1, "profile": {"brief": True, "mode": "guided", "reader_votes": 8}}
    (tmp_path / "model" / "tamsa.json").write_text(json.dumps(about))
    with_heads(network).save_pretrained(tmp_path / "heads")
    pages = [{"id": f"p{n}", "title": f"Page {n}", "text": f"Page {n} speaks of river {n}."} for n in range(6)]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    prompts = [
        {"id": n, "kind": "chain", "question": f"Which page speaks of river {n}?", "answers": [f"Page {n}", "river"]}
        for n in range(6)
    ]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps(prompt) + "\n" for prompt in prompts))
    environment = f'docs = ["{tmp_path}/pages.jsonl"]\nprompts = "{tmp_path}/prompts.jsonl"\n'
    (tmp_path / "decodings.toml").write_text(
        f'out = "{tmp_path}/out"\nmodel = "{tmp_path}/model"\nnum_development = 2\nnum_test = 4\nnum_samples = 3\n'
        f"ks = [1, 3]\ntemperatures = [0.5, 1.0]\ntop_ps = [0.9]\nthreads = 1\n"
        f'[heads]\nrandom = "{tmp_path}/heads"\n[[development]]\n{environment}[[test]]\n{environment}'
    )
    return tmp_path / "decodings.toml"


def test_every_decoding_answers_every_question_once_and_a_stopped_comparison_goes_on(recipe, monkeypatch):
    loaded = load_config(DecodingsRecipe, recipe, [])
    run_study("decodings", recipe, on_note=lambda _: None)
    path = loaded.out / "trials.jsonl"
    trials = [Trial(**record) for record in read_jsonl(path)]
    names = {"greedy", "T = 1", "static, tuned", "AutoDeco, random", "MeanShift of AutoDeco, random"}
    test = [trial for trial in trials if trial.part == "test"]
    assert {trial.decoding for trial in test} == names
    assert len(trials) == 2 * 3 + 4 * len(names)
    assert {trial.num_samples for trial in test if trial.decoding == "greedy"} == {1}
    assert {trial.num_samples for trial in test if trial.decoding != "greedy"} == {3}
    drawn = {trial.temperature for trial in test if trial.decoding == "AutoDeco, random"}
    assert len(drawn) > 1 and 1.0 not in drawn  # the heads chose
    results = read_json(loaded.out / "results.json")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:9]))
    asked = []
    monkeypatch.setattr(command.Trials, "_answer", watched(command.Trials._answer, asked))
    run_study("decodings", recipe, on_note=lambda _: None)
    assert len(asked) == len(lines) - 9
    assert read_json(loaded.out / "results.json") == results
    with pytest.raises(CorruptError, match="choose another out"):
        run_study("decodings", recipe, ["seed=1"], on_note=lambda _: None)


def watched(answer, asked):
    def wrapper(self, part, decoding, prompts, explorer):
        asked.extend(prompts)
        return answer(self, part, decoding, prompts, explorer)

    return wrapper


def test_figures_follow_from_the_counts(recipe):
    loaded = load_config(DecodingsRecipe, recipe, [])
    found = {
        "greedy": [Trial("test", "greedy", str(n), "", 1, n % 2, 0.0, 1.0) for n in range(4)],
        "T = 1": [Trial("test", "T = 1", str(n), "", 3, n % 2 * 3, 1.0, 1.0) for n in range(4)],
        "static, tuned": [Trial("test", "static, tuned", str(n), "", 3, 1, 0.5, 0.9) for n in range(4)],
    }
    lines = [command._line(loaded, command.Decoding(name), found) for name in found]
    assert [line["passes"]["1"][0] for line in lines] == pytest.approx([0.5, 0.5, 1 / 3])
    assert [line["passes"]["3"][0] for line in lines] == pytest.approx([0.5, 0.5, 1.0])
    assert lines[0]["passes"]["1"][1] == pytest.approx(np.std([0, 1, 0, 1], ddof=1) / 2)
    assert lines[0]["beyond"]["T = 1"] == pytest.approx((0.0, 0.0))
    table = command._table(loaded, lines)
    assert "| T = 1 | 50.0 ± 28.9 | 50.0 ± 28.9 |  | +16.7 ± 28.9 | 1.00 | 1.00 |" in table


def test_rules_lead_a_question_once_for_all_readers(recipe):
    first = GuidedPolicy(LocalModel(recipe.parent / "model"))
    other = first.with_reader(LocalModel(recipe.parent / "model"))
    assert other._known is first._known and other.reader is not first.reader


@pytest.mark.parametrize("override", ["ks=[9]", "temperatures=[0.0]", "top_ps=[1.5]", "num_test=0"])
def test_what_cannot_be_compared_is_refused(recipe, override):
    with pytest.raises(ConfigError):
        load_config(DecodingsRecipe, recipe, [override])
