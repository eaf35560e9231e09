"""The shipped fonts as a page for a browser carries them: only the letters it uses, the same bytes each time."""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache

from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.text.glyphs import font_folder

_FACE = re.compile(r"@font-face \{[^}]*?url\(fonts/(?P<file>\w[\w-]*\.ttf)\)[^}]*\}")
_FEATURES = ("kern", "tnum")


def font_faces(characters: frozenset[str]) -> str:
    """The @font-face rules of report.css with each font inside, cut down to these characters."""
    style = (resource_folder("report_templates") / "report.css").read_text("utf-8")
    rules = []
    for face in _FACE.finditer(style):
        data = base64.b64encode(_subset(face["file"], characters)).decode("ascii")
        rules.append(face[0].replace(f"url(fonts/{face['file']})", f"url(data:font/woff;base64,{data}) format('woff')"))
    return "\n".join(rules) + "\n"


@lru_cache(maxsize=64)
def _subset(file: str, characters: frozenset[str]) -> bytes:
    """The font with no glyph but those of the characters, as WOFF. Sorted and undated: the same bytes each time."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    options = Options(layout_features=list(_FEATURES), hinting=False, notdef_outline=True, drop_tables=["DSIG"])
    with TTFont(font_folder() / file, recalcTimestamp=False, lazy=True) as font:
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(sorted(characters)))
        subsetter.subset(font)
        font.flavor = "woff"
        stream = io.BytesIO()
        font.save(stream, reorderTables=False)
    return stream.getvalue()
