"""One chart as a file of its own: SVG from the report's macro, PNG through the report's renderer."""

from __future__ import annotations

import io

from kpi_pipeline.core.settings import ReportSettings
from kpi_pipeline.report.drawing.calibration import CalibrationDrawing
from kpi_pipeline.report.drawing.control_chart import ControlChart
from kpi_pipeline.report.drawing.palette import build_palette
from kpi_pipeline.report.forms.renderer import draw_page, template_module

_DEFAULT_LOOK = ReportSettings()
_PIXELS_PER_POINT = 96 / 72
_MARGIN = 12
"""White around a chart, in CSS pixels, so that it can stand on a slide as it is."""


def render_chart_svg(drawing: ControlChart, *, look: ReportSettings = _DEFAULT_LOOK) -> str:
    """The chart as an SVG document, in the report's colours. Text stays text: a viewer without the font has its own."""
    module = template_module("macros/charts.html.j2", palette=build_palette(look.colours))
    return str(module.control_chart(drawing)).strip() + "\n"


def render_calibration_svg(drawing: CalibrationDrawing, *, look: ReportSettings = _DEFAULT_LOOK) -> str:
    """A calibration plot as an SVG document, in the report's colours."""
    module = template_module("macros/charts.html.j2", palette=build_palette(look.colours))
    return str(module.calibration(drawing)).strip() + "\n"


def render_chart_png(drawing: ControlChart, *, scale: float = 2.0, look: ReportSettings = _DEFAULT_LOOK) -> bytes:
    """The chart as a PNG picture on white, with the report's fonts. scale: pixels for each CSS pixel."""
    import pypdfium2  # type: ignore[import-untyped]

    width, height = (float(side) + 2 * _MARGIN for side in (drawing.width, drawing.height))
    style = (
        f"@page {{ size: {width:g}px {height:g}px; margin: {_MARGIN}px }} svg {{ display: block }} body {{ margin: 0 }}"
    )
    pdf = draw_page(render_chart_svg(drawing, look=look), style=style)
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=scale * _PIXELS_PER_POINT).to_pil()
        stream = io.BytesIO()
        picture.save(stream, format="PNG", optimize=True)
    finally:
        document.close()
    return stream.getvalue()
