import pytest

from tamsa.errors import ConfigError
from tamsa.llm import ModelSettings
from tamsa.llm.prices import default_path, with_prices

TABLE = """
["openai:*"]
prompt = 1
completion = 2
["openai:small*"]
prompt = 0.5
completion = 0.25
["openai:small-9"]
prompt = 0.1
completion = 0.2
"""


def priced(spec, tmp_path, **given):
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    settings = with_prices(spec, ModelSettings(prices=str(path), **given))
    return settings.price_prompt, settings.price_completion


def test_exact_before_longer_before_shorter_pattern(tmp_path):
    assert priced("openai:big", tmp_path) == (1, 2)
    assert priced("openai:small-1", tmp_path) == (0.5, 0.25)
    assert priced("openai:small-9", tmp_path) == (0.1, 0.2)
    assert priced("ollama:x", tmp_path) == (None, None)


def test_prices_among_the_settings_come_first(tmp_path):
    assert priced("openai:big", tmp_path, price_prompt=7, price_completion=8) == (7, 8)


def test_the_table_prices_a_completion(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    usage = with_prices("openai:big", ModelSettings(prices=str(path))).usage(1_000_000, 500_000)
    assert usage.cost == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[x]\nprompt = 1", "completion"),
        ("[x]\nprompt = -1\ncompletion = 1", "prompt = -1"),
        ("[x]\nprompt = 'a'\ncompletion = 1", "prompt = 'a'"),
        ("x = 1", "x"),
        ("[", "TOML"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, text, named):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=named):
        with_prices("x", ModelSettings(prices=str(path)))


def test_a_named_table_must_exist_and_the_usual_one_need_not(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        with_prices("x", ModelSettings(prices=str(tmp_path / "none.toml")))
    with pytest.raises(ConfigError, match="cannot be read"):
        with_prices("x", ModelSettings(), {"TAMSA_PRICES": str(tmp_path / "none.toml")})
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert default_path(environ) == tmp_path / "tamsa" / "prices.toml"
    assert with_prices("x", ModelSettings(), environ).price_prompt is None
