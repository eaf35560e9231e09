"""Which characters the shipped fonts can print: asked when files are read, so that no name fails on the page later."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from kpi_pipeline.core.resources import resource_folder

TEXT_FONTS = (
    "SourceSans3-Regular.ttf",
    "SourceSans3-It.ttf",
    "SourceSans3-Semibold.ttf",
    "SourceSans3-Bold.ttf",
)
"""The cuts of the text font; headings have a font of their own, which has the same letters."""

_LATIN = 0x180
"""Below it all letters are in the fonts."""


def font_folder() -> Path:
    """Where the shipped fonts lie."""
    return resource_folder("report_templates") / "fonts"


@cache
def printable_characters(folder: Path) -> frozenset[str]:
    """The characters the text font has in all its cuts."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    sets = []
    for name in TEXT_FONTS:
        with TTFont(folder / name, lazy=True) as font:
            sets.append(frozenset(chr(code) for code in font.getBestCmap()))
    return frozenset.intersection(*sets)


@cache
def unprintable_pattern() -> str:
    """A regular expression, as DuckDB reads it, of one character beyond ASCII that the fonts do not have."""
    codes = sorted(code for code in map(ord, printable_characters(font_folder())) if code > 0x7F)
    ranges = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _runs(codes))
    return rf"[^\x00-\x7f{ranges}]"


def letters_without_glyph(text: str) -> set[str]:
    """The characters of a text that the fonts do not have; not those that are never seen, such as a line break."""
    if all(ord(character) < _LATIN for character in text):
        return set()  # most texts, and reading the fonts takes its time
    unseen = {character for character in text if unicodedata.category(character)[0] in "CZ"}
    return set(text) - printable_characters(font_folder()) - unseen


def named_characters(characters: Iterable[str]) -> str:
    """Characters as people can look them up, whatever the terminal shows: `U+6771, U+4EAC`."""
    return ", ".join(f"U+{ord(character):04X}" for character in sorted(set(characters)))


def _runs(codes: list[int]) -> Iterator[tuple[int, int]]:
    first = last = codes[0]
    for code in codes[1:]:
        if code != last + 1:
            yield first, last
            first = code
        last = code
    yield first, last
