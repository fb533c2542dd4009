from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tamsa.agent import Budget
from tamsa.cli.settings import Settings
from tamsa.config import load_config
from tamsa.errors import ConfigError


@dataclass(frozen=True)
class Recipe:
    budget: Budget = field(default_factory=Budget)
    name: str = "x"
    rates: tuple[float, ...] = ()


def test_overrides_come_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "file"\n[budget]\nmax_calls = 3\nmax_seconds = 9\n')
    recipe = load_config(Recipe, path, ["budget.max_calls=7", "rates=[0.1, 2]", "name=bare words"])
    assert (recipe.budget.max_calls, recipe.budget.max_seconds) == (7, 9.0)
    assert recipe.name == "bare words"
    assert recipe.rates == (0.1, 2.0)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("nam=1", "nam"),
        ("budget.max_cals=1", r"budget\.max_cals"),
        ("budget.max_calls=many", r"budget\.max_calls = 'many'"),
        ("budget", "key=value"),
        ("name.x=1", "name"),
    ],
)
def test_wrong_keys_and_values_are_named(override: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_config(Recipe, None, [override])


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Recipe, tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(Recipe, tmp_path / "bad.toml")


def test_secret_of_the_wrong_type_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="hidden") as caught:
        load_config(Settings, None, ["model.api_key=123456"])
    assert "123456" not in str(caught.value)


def test_missing_field_is_named_alone() -> None:
    @dataclass(frozen=True)
    class Needy:
        out: str
        api_key: str = ""

    with pytest.raises(ConfigError, match="options: out is missing") as caught:
        load_config(Needy, None, ["api_key=secret"])
    assert "secret" not in str(caught.value)


def test_earlier_values_hold_where_nothing_else_is_said() -> None:
    base = {"budget": {"max_calls": 3, "max_seconds": 9}}
    recipe = load_config(Recipe, None, ["budget.max_calls=7"], base)
    assert (recipe.budget.max_calls, recipe.budget.max_seconds) == (7, 9.0)
    assert base == {"budget": {"max_calls": 3, "max_seconds": 9}}
