"""Coloured texts: every token with its colour and figures, nothing unescaped."""

from __future__ import annotations

import pytest

from tamsa.decoding.coloured import colour_of, coloured_html, coloured_png, legend_html
from tamsa.errors import InputError


def test_colours_run_from_blue_over_pale_to_red():
    assert [colour_of(T) for T in (0.0, 1.0, 2.0)] == ["#4a7ebb", "#f4f1e6", "#d95f3b"]
    assert colour_of(5.0) == colour_of(2.0) and colour_of(-1.0) == colour_of(0.0)
    assert len({colour_of(T / 10) for T in range(21)}) == 21


def test_every_token_stands_on_its_colour_with_its_figures_and_is_escaped():
    piece = coloured_html("<b>", ["a<", " b"], [0.0, 1.5], [0.25, 1.0])
    assert "<b>&lt;b&gt;</b>" in piece
    assert f'<span style="background:{colour_of(0)}" title="T = 0.00, P = 0.25">a&lt;</span>' in piece
    assert 'title="T = 1.50, P = 1.00"> b</span>' in piece
    legend = legend_html()
    assert all(f"{colour_of(T)}" in legend for T in (0.0, 1.0, 2.0))
    assert coloured_png([("p", ["a", " b" * 60], [0.2, 1.8])], title="T")[:4] == b"\x89PNG"


def test_lengths_must_agree():
    with pytest.raises(InputError, match="2, 1, 1"):
        coloured_html("p", ["a", "b"], [1.0], [1.0])
