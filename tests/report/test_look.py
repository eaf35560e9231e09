"""Colours, headings, fonts and logo: what a hospital may set, and what is refused."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core.errors import RenderError
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import Colours
from kpi_pipeline.core.text.glyphs import font_folder
from kpi_pipeline.report.drawing.fonts import FONT_FILES, check_fonts, only_shipped_fonts
from kpi_pipeline.report.drawing.logo import LARGEST_BYTES, read_logo
from kpi_pipeline.report.drawing.palette import build_palette, contrast, mixed, stylesheet
from kpi_pipeline.report.forms.typesetting import balanced_lines

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@pytest.mark.parametrize("role", ["limit", "bar", "grey", "improvement", "concern", "neither", "brand_text"])
@pytest.mark.parametrize("ground", ["paper", "band"])
def test_whatever_is_drawn_stands_out_from_paper_and_band(role: str, ground: str) -> None:
    """WCAG 2.2, 1.4.11: graphical objects need 3:1."""
    palette = build_palette(Colours())
    assert contrast(getattr(palette, role), getattr(palette, ground)) >= 3


@given(COLOURS, COLOURS, COLOURS)
def test_points_and_icons_are_seen_whatever_colours_a_hospital_has(
    improvement: str, concern: str, neither: str
) -> None:
    palette = build_palette(Colours(improvement=improvement, concern=concern, neither=neither))
    for role in ("improvement", "concern", "concern_outline", "neither"):
        for ground in (palette.paper, palette.band):
            assert contrast(getattr(palette, role), ground) >= 3


STRUCTURE = {"grid", "band"}
"""What only helps the eye along, and stands for no number."""


def test_every_line_bar_and_word_of_a_chart_stands_out_as_the_style_of_charts_draws_it() -> None:
    """Lines and bars 3:1, words 4.5:1, from paper and from the band between the limits."""
    palette = build_palette(Colours())
    style = (resource_folder("report_templates") / "macros" / "charts.html.j2").read_text("utf-8").split("</style>")[0]
    rules = dict(re.findall(r"^\.([a-z-]+)\{(.*)\}$", style, re.MULTILINE))
    assert {"limit", "centre", "target", "line", "plain", "strong", "tick", "value", "label-limit"} <= rules.keys()
    for name, rule in rules.items():
        assert "opacity" not in rule
        for kind, role in re.findall(r"(stroke|fill):\{\{ palette\.(\w+) \}\}", rule):
            is_word = "font" in rule or name.startswith(("label", "value", "tick", "flagtext", "empty"))
            if name in STRUCTURE or role == "paper":
                continue
            for ground in (palette.paper, palette.band):
                found = contrast(getattr(palette, role), ground)
                assert found >= (4.5 if is_word and kind == "fill" else 3), (name, role, ground, found)


def test_black_on_white_has_the_highest_contrast() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


def test_mixing_halves() -> None:
    assert mixed("#FF0000", "#0000FF", 0.5) == "#800080"


@given(COLOURS)
def test_text_in_the_brand_colour_is_readable_whatever_the_brand(brand: str) -> None:
    palette = build_palette(Colours(brand=brand))
    assert contrast(palette.brand_text, "#FFFFFF") >= 4.5
    assert contrast(palette.on_brand, palette.brand) >= 3.6


def test_the_default_colours_are_used_as_they_are() -> None:
    palette = build_palette(Colours())
    assert (palette.brand_text, palette.on_brand, palette.concern_outline) == ("#12355B", "#FFFFFF", "#5A2701")


@pytest.mark.parametrize(("paper", "size"), [("letter", "816px 1056px"), ("a4", "210mm 297mm")])
def test_the_generated_style_sheet_names_paper_and_colours(paper: str, size: str) -> None:
    css = stylesheet(build_palette(Colours()), paper=paper)  # type: ignore[arg-type]
    assert f"size:{size}" in css
    assert "--concern-outline:#5A2701;" in css


def test_a_heading_that_fits_stays_on_one_line() -> None:
    assert balanced_lines("Every measure, 24 months", width=690, size=22) == ["Every measure, 24 months"]


def test_a_heading_of_two_lines_has_no_lonely_word() -> None:
    text = "Length of stay holds its gain; avoidable days now cost us the most"
    lines = balanced_lines(text, width=690, size=28)
    assert lines == ["Length of stay holds its gain;", "avoidable days now cost us the most"]


@given(st.lists(st.text("abcdefgh ", min_size=1, max_size=12), max_size=20).map(" ".join))
def test_balancing_loses_no_word(text: str) -> None:
    assert " ".join(balanced_lines(text, width=300, size=22)).split() == text.split()


def test_the_shipped_fonts_are_readable_and_small() -> None:
    check_fonts(font_folder())
    assert all((font_folder() / name).stat().st_size < 500_000 for name in FONT_FILES)
    assert all((font_folder() / name).is_file() for name in ("OFL-SourceSans3.txt", "OFL-SourceSerif4.txt"))


def test_all_broken_fonts_are_named_before_the_text_engine_starts(tmp_path: Path) -> None:
    for name in FONT_FILES:
        shutil.copy(font_folder() / name, tmp_path / name)
    (tmp_path / FONT_FILES[0]).unlink()
    (tmp_path / FONT_FILES[1]).write_bytes(b"\x00\x01\x00\x00 and no more")
    (tmp_path / FONT_FILES[2]).write_bytes(b"<html>not a font</html>")
    with pytest.raises(RenderError) as caught:
        check_fonts(tmp_path)
    assert len(caught.value.faults) == 3
    assert all(name in str(caught.value) for name in FONT_FILES[:3])


def test_the_font_configuration_of_the_process_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", "/before/fonts.conf")
    with only_shipped_fonts(font_folder()):
        configuration = Path(os.environ["FONTCONFIG_FILE"])
        assert str(font_folder()) in configuration.read_text(encoding="utf-8")
    assert os.environ["FONTCONFIG_FILE"] == "/before/fonts.conf"
    assert not configuration.exists()


def test_a_png_logo_is_carried_as_data(tmp_path: Path) -> None:
    assert read_logo(_image(tmp_path / "logo.png")).startswith("data:image/png;base64,iVBOR")


def test_a_jpeg_logo_is_carried_as_data(tmp_path: Path) -> None:
    assert read_logo(_image(tmp_path / "logo.jpg")).startswith("data:image/jpeg;base64,")


def test_a_plain_svg_logo_is_carried_as_data(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0H9V9Z" fill="#123"/></svg>')
    assert read_logo(path).startswith("data:image/svg+xml;base64,")


def test_a_missing_logo_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="no such logo file"):
        read_logo(tmp_path / "logo.png")


def test_a_logo_above_the_size_is_refused_and_one_at_the_size_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(PNG_HEAD + b"0" * (LARGEST_BYTES - len(PNG_HEAD)))
    with pytest.raises(RenderError, match="cannot be decoded"):
        read_logo(path)
    path.write_bytes(PNG_HEAD + b"0" * (LARGEST_BYTES - len(PNG_HEAD) + 1))
    with pytest.raises(RenderError, match="at most 512 KB"):
        read_logo(path)


def test_a_logo_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="4001 × 2 pixels"):
        read_logo(_image(tmp_path / "logo.png", size=(4001, 2)))


def test_a_logo_in_printers_colours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="CMYK"):
        read_logo(_image(tmp_path / "logo.jpg", mode="CMYK"))


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(b"GIF89a....")
    with pytest.raises(RenderError, match="PNG, JPEG or plain SVG"):
        read_logo(path)


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        ("<script>1</script>", "script"),
        ("<style>@import url(x)</style>", "style"),
        ('<image href="file:///etc/passwd"/>', "image"),
        ('<path d="M0 0" onclick="x()"/>', "onclick"),
        ('<g fill="url(http://example.org/x)"/>', "fill"),
        ('<a href="https://example.org"><path d="M0 0"/></a>', "element a"),
        ("<g>", "not well-formed"),
    ],
)
def test_an_svg_that_reaches_outside_or_runs_is_refused(inside: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
    with pytest.raises(RenderError, match=problem):
        read_logo(path)


def test_an_svg_with_a_document_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "logo.svg"
    path.write_text('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="x">&a;</svg>')
    with pytest.raises(RenderError, match="document type"):
        read_logo(path)


def _image(path: Path, *, size: tuple[int, int] = (30, 10), mode: str = "RGB") -> Path:
    from PIL import Image

    Image.new(mode, size).save(path)
    return path
