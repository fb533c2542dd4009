"""The controlled study: tasks that hold nothing back by accident, and a small run of the whole of it."""

from __future__ import annotations

import json
from itertools import islice

import numpy as np
import pytest

from tamsa.errors import ConfigError, InputError
from tamsa.reproduce.autodeco import Study, run_study
from tamsa.reproduce.autodeco.base import Base, encode, make_tokenizer
from tamsa.reproduce.autodeco.methods import static_grid
from tamsa.reproduce.autodeco.study import study_conditions
from tamsa.reproduce.autodeco.tables import claims_table, make_claims, make_lines, methods_of, methods_table, plot
from tamsa.reproduce.autodeco.tasks import (
    CERTAIN,
    END,
    NAMES,
    VARIED,
    VOCABULARY,
    Habits,
    Tasks,
    asking_pairs,
    result,
    verify,
)
from tamsa.reproduce.autodeco.wishes import _wordings
from tamsa.reproduce.studies import run_study as run_named


def test_held_out_problems_are_in_no_other_split_and_not_in_the_corpus():
    tasks = Tasks(3)
    prompts = {split: {p.prompt for p in tasks.problems(split, 60)} for split in ("train", "validation", "test")}
    assert not prompts["train"] & prompts["test"] and not prompts["validation"] & prompts["test"]
    held_out = {p for p in prompts["test"] | prompts["validation"] if not p.startswith("<hop>")}
    for document in islice(tasks.documents(), 4000):
        text = " ".join(document.words)
        start = max(text.find("<sum>"), text.find("<story>"))
        if start >= 0:
            assert not any(text[start:].startswith(prompt + " ") for prompt in held_out)


def test_careful_writers_are_right_and_the_verifier_says_so():
    """Without slips, jumps and favourites every sum is right; a story is, where no animal comes twice."""
    careful = Habits(jump=0.0, slip_sum=0.0, slip_product=0.0, slip_name=0.0, slip_city=0.0, favourite=1 / 12)
    tasks = Tasks(1, careful)
    seen = {"sum": 0, "story": 0}
    for document in islice(tasks.documents(), 400):
        words = document.words
        tag = next(w for w in words if w.startswith("<"))
        if tag not in ("<sum>", "<story>"):
            continue
        count = document.learned.index(True)
        prompt, text = words[words.index(tag) : count], " ".join(words[count:-1])
        assert words[-1] == END
        if tag == "<sum>":
            assert verify(text, {"kind": "sum", "answers": [str(result(prompt))]}) == 1
            assert verify(text + " 10", {"kind": "sum", "answers": [str(result(prompt))]}) == 0
            seen["sum"] += 1
        else:
            answer = " ".join(prompt[1:])
            animals = [text.split()[i] for i in (3, 10, 17)]
            assert verify(text, {"kind": "story", "answers": [answer]}) == float(len(set(animals)) == 3)
            other = next(name for name in NAMES if name != prompt[1])
            assert verify(text, {"kind": "story", "answers": [f"{other} {prompt[2]}"]}) == 0
            seen["story"] += 1
    assert min(seen.values()) > 20


def test_writers_slip_and_choose_as_often_as_said():
    tasks = Tasks(2)
    jumps = sums = favourites = animals = 0
    for document in islice(tasks.documents(), 6000):
        words = document.words
        if words[0] == "<sum>":
            sums += 1
            jumps += words[words.index("=") + 1] == "so"
        elif words[0] == "<story>":
            for at in (6, 13, 20):
                animals += 1
                favourites += words[at] == "fox"
    assert jumps / sums == pytest.approx(0.35, abs=0.04)
    assert favourites / animals == pytest.approx(0.45, abs=0.04)


def test_the_tokenizer_is_the_vocabulary():
    tokenizer = make_tokenizer()
    words = list(VOCABULARY[3:])
    assert tokenizer(" ".join(words))["input_ids"] == encode(words)
    assert tokenizer.decode(encode(words), skip_special_tokens=True).split() == words
    assert len(set(VOCABULARY)) == len(VOCABULARY)


def test_ways_to_ask_are_held_out():
    for words in (CERTAIN, VARIED):
        known, unseen = (set(asking_pairs(words, held_out=held_out)) for held_out in (False, True))
        assert len(known) == 12 and len(unseen) == 4 and not known & unseen


@pytest.fixture(scope="module")
def small():
    return Study(
        num_seeds=2,
        num_samples=9,
        num_train=8,
        num_validation=2,
        num_test=3,
        base=Base(hidden_size=16, num_layers=1, num_heads=2, steps=8, batch_documents=8),
        head_size=8,
        cross_entropy_epochs=1,
        reward_batches=1,
        reward_prompts=4,
        reward_passes=1,
    )


def test_a_study_scores_every_method_and_goes_on_where_it_stopped(small, tmp_path, monkeypatch):
    grid = dict(list(static_grid().items())[:3])
    monkeypatch.setattr("tamsa.reproduce.autodeco.study.static_grid", lambda: grid)
    news: list[str] = []
    base = "tamsa.reproduce.autodeco.study.train_heads"
    from tamsa.train.heads import train_heads

    def accept_any(recipe):  # so small a base is never right
        import dataclasses

        easy = dataclasses.replace(recipe.sampling, verifier="tests.train.heads.conftest:short")
        return train_heads(dataclasses.replace(recipe, sampling=easy))

    monkeypatch.setattr(base, accept_any)
    scores = run_study(small, tmp_path / "out", news.append)
    assert [s["seed"] for s in scores] == [0, 1]
    for s in scores:
        assert all(len(s["counts"][m][k]) == 9 for m in methods_of(scores) for k in ("1", "8"))
    for method in (
        "greedy",
        "T=1",
        "static, tuned",
        "static, oracle",
        "EDT, tuned",
        "min-p, tuned",
        "top-nσ, tuned",
        "MeanShift of reward heads, k=1",
        "permuted of AutoDeco, plain cross-entropy",
        "reward heads, k=8",
    ):
        assert method in methods_of(scores)
    news.clear()
    assert run_study(small, tmp_path / "out", news.append) == scores and news == []
    assert study_conditions(tmp_path / "out")["versions"]["torch"]

    import dataclasses

    with pytest.raises(InputError, match="num_test"):
        run_study(dataclasses.replace(small, num_test=4), tmp_path / "out", news.append)


def made_scores(better=4):
    kinds = ["sum"] * 10 + ["hop"] * 10
    draw = np.random.default_rng(0)
    scores = []
    for seed in range(3):
        low = draw.integers(1, 5, 20)
        counts = {"T=1": low}
        names = ["static, tuned", "static, oracle", "EDT, tuned", "min-p, tuned", "top-nσ, tuned"]
        for learned in ("AutoDeco, paper's objective", "AutoDeco, plain cross-entropy"):
            names += [learned, f"MeanShift of {learned}", f"permuted of {learned}"]
        for learned in ("reward heads, k=1", "reward heads, k=8"):
            names += [f"MeanShift of {learned}", f"permuted of {learned}"]
            counts[learned] = low + better
        counts |= {name: draw.permutation(low) for name in names}
        scores.append(
            {
                "seed": seed,
                "num_samples": 16,
                "kinds": kinds,
                "counts": {m: {"1": c.tolist(), "8": c.tolist()} for m, c in counts.items()},
            }
        )
    return scores


def test_tables_tell_differences_that_are_there_from_those_that_are_not():
    scores = made_scores()
    claims = {(c.better, c.worse, c.k): c.difference for c in make_claims(scores)}
    there = claims["reward heads, k=1", "static, tuned", 1]
    assert there.clear_of_zero and there.mean == pytest.approx(0.25)
    assert not claims["AutoDeco, plain cross-entropy", "T=1", 1].clear_of_zero
    lines = make_lines(scores)
    table, differences = methods_table(lines).markdown(), claims_table(make_claims(scores)).markdown()
    assert table.count("\n") == len(lines) + 2 and "| pass@1, hop |" in table
    [row] = [x for x in differences.splitlines() if x.startswith("| reward heads, k=1 | static, tuned |")]
    assert row.count("✓") == 2 and "+25.0 [" in row
    assert plot(lines)[:4] == b"\x89PNG"
    assert json.dumps(make_claims(scores)[0].record())


def test_wishes_are_worded_for_every_problem_with_pairs_of_their_own():
    tasks = Tasks(0)
    known, unseen = (_wordings(tasks.problems("test", 20), held_out, 0) for held_out in (False, True))
    assert len(known) == 60 and all(record["certain"].endswith(record["prompt"]) for record in known)

    def pairs(records, field):
        return {tuple(record[field].split()[:2]) for record in records}

    for field in ("certain", "varied"):
        assert len(pairs(known, field)) > 8 and not pairs(known, field) & pairs(unseen, field)


def test_bad_requests_are_named():
    with pytest.raises(ConfigError, match="num_samples"):
        Study(num_samples=8)
    with pytest.raises(ConfigError, match="no such study; known: autodeco"):
        run_named("nothing", None)
    with pytest.raises(InputError, match="scores"):
        methods_of([])
