"""A letter's HTML body drawn as a picture: the preview for those who approve, with the shipped fonts."""

from __future__ import annotations

import base64

from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.delivery.message import Letter, draw_first_page, letter_html
from kpi_pipeline.report.drawing.fonts import check_fonts, only_shipped_fonts

_PAGE = "@page{size:680px 1120px;margin:0} html{background:#fff}"


def draw_letter(letter: Letter) -> bytes:
    """The body as a mail program shows it on a wide screen, as a PNG."""
    fonts = resource_folder("report_templates") / "fonts"
    check_fonts(fonts)
    with only_shipped_fonts(fonts):
        from weasyprint import CSS, HTML  # type: ignore[import-untyped]
        from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]

        configuration = FontConfiguration()
        picture = f"data:image/png;base64,{base64.b64encode(letter.picture).decode()}"
        page = HTML(
            string=letter_html(letter, picture_source=picture),
            url_fetcher=URLFetcher(allowed_protocols={"data"}, allow_redirects=False),
        )
        pdf: bytes = page.write_pdf(stylesheets=[CSS(string=_PAGE)], font_config=configuration)
    return draw_first_page(pdf)
