"""The shipped fonts: checked before use, the only ones the renderer may see, and what they can print.

Without any font the text engine ends the whole process without a message, and with the machine's own fonts a
report would look different on every machine. So the fonts are opened and checked first, and Fontconfig is
pointed at their folder alone.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from kpi_pipeline.core.errors import Fault, RenderError
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.text.glyphs import TEXT_FONTS, named_characters, printable_characters

FONT_FILES = (*TEXT_FONTS, "SourceSerif4-Semibold.ttf")
_TRUE_TYPE = b"\x00\x01\x00\x00"
_LAYOUT_CHARACTERS = frozenset("\n\r\t\u00ad\u200b\u2060\ufeff")
_ENVIRONMENT_LOCK = threading.Lock()


def check_fonts(folder: Path) -> None:
    """Every font file is there and is a readable TrueType font, or a RenderError names all that are not."""
    faults = []
    for name in FONT_FILES:
        path = folder / name
        if not path.is_file():
            faults.append(Fault(shown_path(path), "the font is missing.", "Restore the file; no report is drawn."))
        elif not _is_true_type(path):
            faults.append(Fault(shown_path(path), "is not a readable TrueType font.", "Restore the file."))
    if faults:
        raise RenderError(faults)


def check_characters(text: str, folder: Path) -> None:
    """Every character of the text has a glyph in the shipped fonts, or a RenderError names those without."""
    missing = sorted(set(text) - printable_characters(folder) - _LAYOUT_CHARACTERS)
    if missing:
        named = named_characters(missing[:10])
        what = f"{len(missing)} characters cannot be printed with the shipped fonts: {named}."
        cure = "Write the name or the commentary in Latin, Greek or Cyrillic letters."
        raise RenderError(Fault("report", what, cure))


@contextmanager
def only_shipped_fonts(folder: Path) -> Iterator[None]:
    """Within this block Fontconfig reads a configuration that knows the shipped fonts and nothing else.

    Fontconfig reads the configuration when it is initialised (import of the renderer, new font configuration),
    so the variable is set back afterwards and the process keeps its own fonts for other work.
    """
    with _ENVIRONMENT_LOCK, TemporaryDirectory(prefix="kpi-fonts-") as scratch:
        configuration = Path(scratch) / "fonts.conf"
        configuration.write_text(_fontconfig(folder, Path(scratch) / "cache"), encoding="utf-8")
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(configuration)
        try:
            yield
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before


def _fontconfig(folder: Path, cache_folder: Path) -> str:
    return (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>'
        f"<dir>{escape(str(folder))}</dir><cachedir>{escape(str(cache_folder))}</cachedir>"
        "<config><rescan><int>0</int></rescan></config></fontconfig>\n"
    )


def _is_true_type(path: Path) -> bool:
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    content = path.read_bytes()
    if not content.startswith(_TRUE_TYPE):
        return False
    try:
        with TTFont(io.BytesIO(content), lazy=True) as font:
            return bool(font.getBestCmap()) and font["maxp"].numGlyphs > 0 and "glyf" in font
    except (TTLibError, KeyError, AssertionError, OSError, ValueError):
        return False
