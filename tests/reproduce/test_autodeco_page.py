"""The page of `tamsa reproduce autodeco`: parts measured once, shown in Markdown and for a browser."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
import torch

from tamsa.errors import ConfigError, InputError, TamsaError
from tamsa.kernels import sampling
from tamsa.reproduce.autodeco import command, parts
from tamsa.reproduce.autodeco.conditions import conditions, in_words
from tamsa.reproduce.autodeco.costs import generation as whole
from tamsa.reproduce.autodeco.costs import step as decode_step
from tamsa.reproduce.autodeco.costs.clock import Laps, Timing, time_in_turn
from tamsa.reproduce.autodeco.costs.epoch import Backbone, Epoch
from tamsa.reproduce.autodeco.costs.generation import Decoder, Generation, Large, measure_large
from tamsa.reproduce.autodeco.costs.memory import Memory, measure_memory
from tamsa.reproduce.autodeco.costs.step import Step
from tamsa.reproduce.autodeco.markup import Table, fill
from tamsa.reproduce.autodeco.parts import Recipe, run_parts

COSTS = ("step", "generation", "large", "epoch", "memory")
ONCE = Timing(rounds=1)


@pytest.fixture
def recipe(tmp_path):
    return Recipe(
        out=tmp_path / "out",
        parts=COSTS,
        step=Step(batches=(2,), vocab_size=300, hidden_size=32, head_size=8, timing=ONCE),
        generation=Generation((Decoder(layers=1, hidden_size=32, vocab_size=90, tokens=3),), timing=ONCE),
        large=Large(10, 64, 96, 2, 1, 120, measured_layers=(1, 2), tokens=2, timing=ONCE),
        epoch=Epoch((Backbone(layers=1, hidden_size=64, vocab_size=80, texts=1),), length=9, timing=ONCE),
        memory=Memory(positions=(4,), vocab_size=200, hidden_size=8),
    )


class Reader(HTMLParser):
    """Collects what a browser would show."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.images = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs)["src"])
        elif tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_parts_are_measured_once_and_shown_in_both_forms(recipe, tmp_path, monkeypatch):
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("".join(f"{n}\n<!-- made:{n} -->\n<!-- /made:{n} -->\n" for n in COSTS), encoding="utf-8")
    recipe = dataclasses.replace(recipe, page=page)
    notes: list[str] = []
    shown = run_parts(recipe, notes.append)
    assert [n for n in notes if n.endswith("measuring")] == [f"{part}: measuring" for part in COSTS]
    command.write_results(recipe, shown)
    filled = page.read_text(encoding="utf-8")
    for name in COSTS:
        assert shown.blocks[name] in filled and (recipe.out / f"{name}.md").read_text() == shown.blocks[name]
    reader = Reader()
    reader.feed((page.parent / "images" / "autodeco.html").read_text(encoding="utf-8"))
    assert reader.open == [] and "peaked, 2" in reader.text and "from_pretrained" in "".join(reader.text)

    notes.clear()
    again = run_parts(recipe, notes.append)
    assert again.blocks == shown.blocks and notes == []
    other = dataclasses.replace(recipe, parts=("memory",), memory=Memory((5,), 200, 8))
    assert run_parts(other, notes.append).blocks.keys() == shown.blocks.keys()
    assert notes[0] == "memory: measuring anew, its settings have changed"


def test_a_page_without_a_place_is_refused_before_anything_runs(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("<!-- made:methods -->\n<!-- /made:methods -->\n", encoding="utf-8")
    monkeypatch.setattr(command, "run_parts", lambda *_: pytest.fail("ran"))
    overrides = [f'out="{tmp_path / "out"}"', f'page="{page}"']
    with pytest.raises(InputError, match="made:differences"):
        command.run(None, overrides, print)
    with pytest.raises(InputError, match="cannot be read"):
        command.run(None, [overrides[0], f'page="{tmp_path / "absent.md"}"'], print)
    with pytest.raises(InputError, match="holds no whole study; add 'study'"):
        run_parts(Recipe(out=tmp_path / "out", parts=("texts",)), print)
    with pytest.raises(ConfigError, match="parts"):
        command.run(None, [overrides[0], 'parts=["speed"]'], print)


def test_a_page_gets_its_tables_and_keeps_the_rest():
    page = "a\n<!-- made:step -->\nold\n<!-- /made:step -->\nb\n"
    filled = fill(page, {"step": "new\n"}, "page.md")
    assert filled == "a\n<!-- made:step -->\nnew\n<!-- /made:step -->\nb\n"
    assert fill(filled, {"step": "new\n"}, "page.md") == filled
    with pytest.raises(InputError, match="made:wishes"):
        fill(page, {"wishes": "x"}, "page.md")


def test_a_table_is_escaped_for_a_browser_and_keeps_its_note():
    table = Table(["<a>", "b"], [["1 < 2", "&"]], "so & so")
    assert table.markdown() == "| <a> | b |\n| --- | --- |\n| 1 < 2 | & |\n\nso & so\n"
    reader = Reader()
    reader.feed(table.html())
    assert reader.open == [] and [t for t in reader.text if t.strip()] == ["<a>", "b", "1 < 2", "&", "so & so"]


def test_candidates_are_timed_in_turn_and_ratios_are_taken_round_by_round():
    order: list[str] = []
    laps = time_in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, Timing(rounds=3), warmup=1)
    assert order == ["a", "b"] * 4 and len(laps.seconds["a"]) == 3
    assert Laps({"a": [1.0, 9.0, 2.0], "b": [2.0, 3.0, 4.0]}).ratio("a", "b") == 0.5
    with pytest.raises(ConfigError, match="rounds"):
        Timing(rounds=0)


def test_a_wrong_result_is_not_timed(recipe, monkeypatch):
    def wrong(*arguments, **named):
        drawn = right(*arguments, **named)
        return drawn._replace(tokens=(drawn.tokens + 1) % 300)

    right = sampling.decode
    monkeypatch.setattr(decode_step.sampling, "decode", wrong)
    with pytest.raises(TamsaError, match="nothing timed"):
        decode_step.measure_step(recipe.step)
    monkeypatch.undo()
    ways = {name: (lambda n=n: torch.zeros(1, 8 + n)) for name, n in (("greedy", 3), ("autodeco_greedy", 2))}
    with pytest.raises(TamsaError, match="expected 3 of each"):
        whole.check(ways, Decoder(layers=1, hidden_size=32, vocab_size=90, tokens=3))


def test_a_large_model_lies_on_the_line_through_its_few_layers(recipe):
    few, many, all_of_them = measure_large(recipe.large)
    assert [few["layers"], many["layers"], all_of_them["layers"]] == [1, 2, 10]
    layer = many["greedy_ms"] - few["greedy_ms"]
    for name in ("greedy", "static", "autodeco"):
        assert all_of_them[f"{name}_ms"] == pytest.approx(many[f"{name}_ms"] + 8 * layer, abs=0.01)
    assert all_of_them["over_greedy"] == pytest.approx(all_of_them["autodeco_ms"] / all_of_them["greedy_ms"], abs=1e-3)


def test_memory_is_that_of_the_loss_whatever_its_parent_has_used():
    large = torch.ones(150_000_000)  # 570 MiB, more than the child needs
    [found] = measure_memory(Memory(positions=(64,), vocab_size=20_000, hidden_size=8))
    del large
    assert found["logits_would_be_mib"] < found["beyond_inputs_mib"] < 570


def test_conditions_name_commit_machine_and_load():
    found = conditions()
    words = in_words(found)
    assert found["machine"] in words and f"load of {found['load']}" in words and re.search(r"\d{4}-\d\d-\d\d", words)
    assert in_words({**found, "commit": "0123456789+dirty"}).startswith("Commit 0123456+dirty,")
    assert in_words({**found, "commit": None}).startswith("An installed version")


def test_every_part_has_its_blocks_and_a_default_recipe_runs_them_all():
    assert Recipe().parts == parts.PARTS and set(parts.BLOCKS) <= set(parts.PARTS)
