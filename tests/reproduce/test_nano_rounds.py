"""Rounds in the making of nano: what is tried, taught and kept apart, and that a killed round goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

pytest.importorskip("transformers")

from tamsa.config import load_config
from tamsa.errors import ConfigError
from tamsa.reproduce.nano import rounds
from tamsa.reproduce.nano.command import Nano
from tamsa.reproduce.nano.recipe import NanoRecipe
from tamsa.store import read_json
from tests.networks import TINY

ASKED, TRIES, FRESH, PROBE = 6, 2, 5, 4
NETWORK = f"\n[stages.model]\n{TINY}"
SFT = """
precision = "float32"
stages = [{context = 4096}]
batch = {tokens = 4096, micro_tokens = 4096}
schedule = {steps = 2, warmup = 1}
"""
ROUND = f"round = {{groups = {{asked = 1.0}}, asked = {ASKED}, tries = {TRIES}, fresh = {FRESH}, probe = {PROBE}}}"
RECIPE = f"""
out = "OUT"
workers = 1
tokenizer = {{vocab_size = 600}}
[[worlds]]
name = "taught"
modes = ["guided"]
seeds = [1]
pages = 200
questions = 12
[[worlds]]
name = "asked"
modes = []
seeds = [2]
pages = 200
questions = 48
[[stages]]
stage = "sft"
name = "sft"
modes = {{guided = 1.0}}
{SFT}
{NETWORK}
[[stages]]
stage = "round"
name = "first"
{ROUND}
{SFT}
[[stages]]
stage = "round"
name = "second"
{ROUND}
{SFT}
"""


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small nano of two rounds, killed in the first: after its first shard, and before its model was probed."""
    out = tmp_path_factory.mktemp("rounds")
    recipe = out / "nano.toml"
    recipe.write_text(RECIPE.replace("OUT", str(out / "nano")))
    patch = pytest.MonkeyPatch()

    def killed(*_: Any, **__: Any) -> Any:
        raise KilledError

    for name in ("steer", "change"):
        patch.setattr(rounds, name, killed)
        with pytest.raises(KilledError):
            Nano(load_config(NanoRecipe, recipe), lambda _: None).run()
        patch.undo()
    shards = out / "nano" / "rounds" / "first" / "shards"
    times = {path.name: path.stat().st_mtime_ns for path in shards.iterdir()}
    Nano(load_config(NanoRecipe, recipe), lambda _: None).run()
    assert {path.name: path.stat().st_mtime_ns for path in shards.iterdir()} == times  # nothing was tried twice
    return out / "nano"


def record(made: Path, name: str) -> dict[str, Any]:
    return dict(read_json(made / "rounds" / name / "round.json"))


def rows(made: Path, name: str, file: str) -> list[dict[str, Any]]:
    return list(pq.read_table(made / "rounds" / name / f"{file}.parquet").to_pylist())


def test_no_round_asks_what_another_did_and_none_trains_on_the_probe(made: Path) -> None:
    first, second = record(made, "first"), record(made, "second")
    assert len(first["used"]) == len(set(first["used"])) == ASKED + FRESH
    assert not set(first["used"]) & set(second["used"])
    probe = set(first["after"]["right"])
    assert len(probe) == PROBE and set(second["after"]["right"]) == probe
    for name in ("first", "second"):
        taught = {row["question_id"] for file in ("lessons", "fresh") for row in rows(made, name, file)}
        assert taught and not taught & probe
        assert {key.split("/")[0] for key in taught} == {"world-2"}


def test_what_a_round_counts_is_what_it_wrote(made: Path) -> None:
    for name in ("first", "second"):
        found = record(made, name)
        assert found["asked"] == ASKED and found["mode"] == "guided"
        assert sum(kind["asked"] for kind in found["kinds"].values()) == ASKED
        assert sum(kind["fresh"] for kind in found["kinds"].values()) == found["fresh"] == FRESH
        lessons = rows(made, name, "lessons")
        assert len(lessons) == found["own"] + found["oracle"] == found["rows"]["lessons"]
        assert sum(row["model"] == "teacher" for row in lessons) == found["oracle"] > 0
        assert len(rows(made, name, "fresh")) == found["rows"]["fresh"] > FRESH


def test_a_round_trains_from_the_model_before_on_its_own_data_and_some_of_the_old(made: Path) -> None:
    run = read_json(made / "second" / "run.json")
    assert Path(run["recipe"]["init"]) == made / "first" / "model"
    weights = {Path(s["path"]).parent.name: 0.0 for s in run["recipe"]["sources"]}
    for source in run["recipe"]["sources"]:
        weights[Path(source["path"]).parent.name] += source["weight"]
    assert weights == pytest.approx({"second": 0.75, "data-1": 0.25})


def test_the_second_round_goes_on_from_the_probe_of_the_first(made: Path) -> None:
    first, second = record(made, "first"), record(made, "second")
    assert second["before"] == first["after"] and first["trained"] == second["model"]
    assert set(first["change"]) == {"right", "good"}


def test_card_and_curve_show_the_rounds(made: Path) -> None:
    card = (made / "package" / "README.md").read_text()
    assert f"| first | {ASKED} × {TRIES} |" in card and f"| second | {ASKED} × {TRIES} |" in card
    assert "about which rounds asked" in card
    assert (made / "curve.png").stat().st_size > 1000


def test_a_round_goes_on_from_a_given_model_and_a_folder_made_before(made: Path, tmp_path: Path) -> None:
    library = f'{{name="old", made=["{made}/worlds/data-1"]}}'
    stage = '{stage="round", name="third", precision="float32", stages=[{context=4096}], '
    stage += "batch={tokens=4096, micro_tokens=4096}, schedule={steps=1, warmup=0}, "
    stage += "round={asked=2, tries=1, fresh=1, probe=1, replay=0.0}}"
    given = [f'out="{tmp_path}/out"', f'init="{made}/sft/model"', f"libraries=[{library}]", f"stages=[{stage}]"]
    Nano(load_config(NanoRecipe, None, given), lambda _: None).run()
    found = read_json(tmp_path / "out" / "rounds" / "third" / "round.json")
    assert found["model"] == "sft/model" and found["asked"] == 2
    assert all(key.startswith("old-data-1/") for key in found["used"])
    assert (tmp_path / "out" / "package" / "config.json").is_file()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (['libraries=[{name="x"}]'], "docs or made"),
        (["worlds=[{seeds=[1]}]", 'stages=[{stage="round", name="r", round={groups={y=1.0}}}]'], "round.groups names"),
        ([], "worlds: none"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(given: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(NanoRecipe, None, ["out=x", *given])
