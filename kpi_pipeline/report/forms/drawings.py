"""Hands the report's drawings to the renderer as images, so that a page costs a third less.

Inline SVG is part of the document: the renderer parses each line and mark of a chart as HTML and works out a style
for it, then throws that away and draws the chart by its own rules. As an image a chart is parsed once, as XML.
"""

from __future__ import annotations

import base64
import re

_DRAWING = re.compile(r'<svg class="(?P<kind>\w+)"[^>]*><title>(?P<words>[^<]*)</title>.*?</svg>', re.DOTALL)


def as_images(html: str) -> str:
    """The page with each inline SVG as an image of the same class, its title as the alternative text.

    The title is escaped for text content, where a quote may stand; in the attribute it may not.
    """
    return _DRAWING.sub(_image, html)


def _image(found: re.Match[str]) -> str:
    drawing = base64.b64encode(found[0].encode()).decode()
    words = found["words"].replace('"', "&quot;")
    return f'<img class="svg {found["kind"]}" src="data:image/svg+xml;base64,{drawing}" alt="{words}">'
