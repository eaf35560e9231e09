"""Breaks headings into lines of about equal length, measured with the shipped heading font.

The renderer fills the first line and leaves what remains, often a single word, on the last one. Not here:
labels inside charts (`drawing`), which need only be roughly measured.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

from kpi_pipeline.core.text.glyphs import font_folder

_HEADING_FONT = "SourceSerif4-Semibold.ttf"
_MOST_LINES = 4
_MOST_WORDS = 40
_SAFETY = 0.985
"""Share of the width that may be filled: kerning and letter spacing are not measured."""


def balanced_lines(text: str, *, width: float, size: float) -> list[str]:
    """The heading in as few lines as fit the width, broken where the longest line is shortest.

    width and size in pixels. A heading of one line, of more than four, or of very many words is left to the renderer.
    """
    words = text.split()
    if len(words) > _MOST_WORDS:
        return [text]
    widths = [_text_width(word, size) for word in words]
    space = _text_width(" ", size)
    for n_lines in range(1, min(_MOST_LINES, len(words)) + 1):
        best: tuple[float, tuple[int, ...]] | None = None
        for breaks in combinations(range(1, len(words)), n_lines - 1):
            bounds = (0, *breaks, len(words))
            lengths = [sum(widths[first:end]) + space * (end - first - 1) for first, end in pairwise(bounds)]
            if max(lengths) <= width * _SAFETY and (best is None or max(lengths) < best[0]):
                best = (max(lengths), bounds)
        if best:
            return [" ".join(words[first:end]) for first, end in pairwise(best[1])]
    return [text]


def _text_width(text: str, size: float) -> float:
    advances = _advances(font_folder() / _HEADING_FONT)
    return size * sum(advances.get(character, 0.6) for character in text)


@cache
def _advances(path: Path) -> dict[str, float]:
    """Width of each character as a share of the font size."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(path, lazy=True) as font:
        per_em, metrics = font["head"].unitsPerEm, font["hmtx"]
        return {chr(code): metrics[glyph][0] / per_em for code, glyph in font.getBestCmap().items()}
