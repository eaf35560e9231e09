"""The report's colours: five from the settings, the greys, and what is derived so that text stays readable.

Not here: where a colour is used (`report_templates/`). Colours reach the document as CSS variables and reach
inline SVG, which the document's CSS does not, as values given to the chart macros.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from kpi_pipeline.core.settings import Colours

_WHITE, _BLACK, _BAND = "#FFFFFF", "#000000", "#F1F3F5"
_OF_TEXT, _OF_SHAPES = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11: contrast of normal text, and of what is drawn, against its background."""

_PAPERS = {
    "letter": ("816px 1056px", "0.82in 63px 0.72in", "63px", "0pt"),
    "a4": ("210mm 297mm", "0.90in 51.85px 0.80in", "51.85px", "6pt"),
}
"""Size, margins, side margin, and the further air between blocks that the taller sheet allows.

The measure is 690 px on both, so charts are drawn once."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of the report by its role."""

    ink: str
    brand: str
    brand_text: str
    on_brand: str
    on_brand_soft: str
    improvement: str
    concern: str
    concern_outline: str
    neither: str
    dark_grey: str = "#3D4852"
    grey: str = "#5B6770"
    limit: str = "#7C8791"
    rule: str = "#D5DADF"
    grid: str = "#E3E7EA"
    band: str = _BAND
    bar: str = "#7F8D9A"
    paper: str = _WHITE


def build_palette(colours: Colours) -> Palette:
    """Derives outlines and text colours from the settings' five; one too pale for a point or an icon is darkened."""
    on_brand = _WHITE if contrast(colours.brand, _WHITE) >= contrast(colours.brand, colours.ink) else colours.ink
    return Palette(
        ink=colours.ink,
        brand=colours.brand,
        brand_text=_seen_on(_WHITE, colours.brand, _OF_TEXT),
        on_brand=on_brand,
        on_brand_soft=mixed(on_brand, colours.brand, 0.82),
        improvement=_seen_on(_BAND, colours.improvement, _OF_SHAPES),
        concern=_seen_on(_BAND, colours.concern, _OF_SHAPES),
        concern_outline=mixed(_seen_on(_BAND, colours.concern, _OF_SHAPES), _BLACK, 0.415),
        neither=_seen_on(_BAND, colours.neither, _OF_SHAPES),
    )


def stylesheet(palette: Palette, *, paper: Literal["letter", "a4"]) -> str:
    """The generated part of the CSS: colour variables and the paper. Holds nothing that is data."""
    size, margin, side, air = _PAPERS[paper]
    variables = "".join(
        f"--{field.name.replace('_', '-')}:{getattr(palette, field.name)};" for field in fields(palette)
    )
    return f"""
:root{{{variables}--side:{side};--air:{air};}}
@page{{size:{size};margin:{margin}}}
@page front:first{{margin-top:0}}
"""


def running_heads(palette: Palette) -> str:
    """Head, foot and page number, for the document that carries nothing else."""
    running = f"color:{palette.grey};font-family:'Source Sans 3';"
    return f"""
@page{{@top-left{{content:string(doctitle);{running}font-weight:600;font-size:7.6pt;letter-spacing:.04em;
text-transform:uppercase;vertical-align:bottom;padding-bottom:9pt;width:60%}}
@top-right{{content:string(period);{running}font-size:7.6pt;vertical-align:bottom;padding-bottom:9pt;width:40%}}
@bottom-left{{content:string(foot);{running}font-size:7.4pt;line-height:1.3;vertical-align:top;padding-top:8pt;width:84%}}
@bottom-right{{content:'Page ' counter(page) ' of ' counter(pages);{running}font-size:7.4pt;line-height:1.3;
vertical-align:top;padding-top:8pt;width:16%}}}}
@page front:first{{@top-left{{content:none}}@top-right{{content:none}}}}
"""


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """`share` of one colour, the rest of the other."""
    parts = (round(a * share + b * (1 - share)) for a, b in zip(_channels(one), _channels(other), strict=True))
    return "#" + "".join(f"{part:02X}" for part in parts)


def _seen_on(ground: str, colour: str, least: float) -> str:
    """The colour itself, or as much darker as it needs to stand out from a light ground."""
    for share in range(100, 0, -5):
        candidate = mixed(colour, _BLACK, share / 100)
        if contrast(candidate, ground) >= least:
            return colour if share == 100 else candidate
    return _BLACK


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        channel / 255 / 12.92 if channel / 255 <= 0.04045 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
