"""A text coloured by the temperature that each of its tokens was drawn at: HTML for a browser, PNG for a page."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence

from tamsa.errors import InputError

STYLE = """
.autodeco { line-height: 2 }
.autodeco span { color: #111; padding: .2em 0; white-space: pre-wrap }
.autodeco.legend span { padding: .2em .5em; font-size: .85rem }
"""
"""What a page needs in its style sheet, dark or light."""

_COLD, _WARM, _HOT = (0x4A, 0x7E, 0xBB), (0xF4, 0xF1, 0xE6), (0xD9, 0x5F, 0x3B)


def colour_of(temperature: float) -> str:
    """Return a colour as `#rrggbb`: blue at 0, pale at 1, red at 2."""
    x = min(max(temperature, 0.0), 2.0)
    low, high, share = (_COLD, _WARM, x) if x < 1 else (_WARM, _HOT, x - 1)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(low, high, strict=True))


def _check(tokens: Sequence[str], temperatures: Sequence[float], top_ps: Sequence[float]) -> None:
    if not len(tokens) == len(temperatures) == len(top_ps):
        raise InputError(
            f"tokens, temperatures, top_ps: {len(tokens)}, {len(temperatures)}, {len(top_ps)} long, expected one length"
        )


def coloured_html(prompt: str, tokens: Sequence[str], temperatures: Sequence[float], top_ps: Sequence[float]) -> str:
    """Return a piece of HTML: the prompt, then every token on its colour, T and P shown under the pointer.

    Args:
        prompt: shown plain.
        tokens: as text, blanks included.
        temperatures: of each token.
        top_ps: of each token.

    Raises:
        InputError: the lengths differ.
    """
    _check(tokens, temperatures, top_ps)
    spans = (
        f'<span style="background:{colour_of(T)}" title="T = {T:.2f}, P = {P:.2f}">{html.escape(token)}</span>'
        for token, T, P in zip(tokens, temperatures, top_ps, strict=True)
    )
    return f'<p class="autodeco"><b>{html.escape(prompt)}</b> {"".join(spans)}</p>\n'


def legend_html() -> str:
    """Return the legend of the colours as a paragraph of HTML."""
    steps = (T / 10 for T in range(0, 21, 2))
    shown = "".join(f'<span style="background:{colour_of(T)}">{T:.1f}</span>' for T in steps)
    return f'<p class="autodeco legend">temperature {shown}</p>\n'


def coloured_png(
    rows: Sequence[tuple[str, Sequence[str], Sequence[float]]], width: int = 100, title: str = ""
) -> bytes:
    """Return a PNG of texts: each a prompt, its tokens and their temperatures, wrapped at `width` characters."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure

    placed: list[tuple[float, int, str, str | None]] = []
    line = 0
    for prompt, tokens, temperatures in rows:
        _check(tokens, temperatures, temperatures)
        column = 0
        words: list[tuple[str, str | None]] = [(prompt + " ", None)]
        words += [(token, colour_of(T)) for token, T in zip(tokens, temperatures, strict=True)]
        for word, colour in words:
            if column + len(word) > width and column:
                line, column = line + 1, 4
            placed.append((column, line, word, colour))
            column += len(word)
        line += 2
    figure = Figure(figsize=(width * 0.088, 0.26 * line + 0.9))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.01, 0.02, 0.98, 0.86 if title else 0.96))
    ax.set_xlim(0, width)
    ax.set_ylim(line, -0.5)
    ax.axis("off")
    for x, y, word, colour in placed:
        if colour is not None:
            ax.fill_between([x, x + len(word)], y - 0.42, y + 0.5, color=colour, linewidth=0)
        weight = "bold" if colour is None else "normal"
        ax.text(x, y, word, family="monospace", fontsize=9.5, va="center", weight=weight)
    if title:
        ax.set_title(title, loc="left", fontsize=10)
    colours = LinearSegmentedColormap.from_list("temperature", [colour_of(T / 10) for T in range(21)])
    bar = figure.add_axes((0.7, 0.95, 0.25, 0.025))
    figure.colorbar(ScalarMappable(Normalize(0, 2), colours), cax=bar, orientation="horizontal")
    bar.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
