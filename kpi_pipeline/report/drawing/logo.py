"""The hospital's logo: read, checked and carried as a data URI, so the renderer never opens a file outside ours."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from xml.parsers import expat

from kpi_pipeline.core.errors import Fault, RenderError

LARGEST_BYTES = 512 * 1024
LARGEST_SIDE = 4000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_FORBIDDEN_SVG_ELEMENTS = frozenset(
    {"script", "foreignobject", "iframe", "image", "use", "style", "a", "set", "animate"}
)
_OUTSIDE = re.compile(r"(url\s*\(\s*['\"]?(?!#))|(@import)|(javascript:)|(expression\s*\()", re.IGNORECASE)


def read_logo(path: Path) -> str:
    """The file as a data URI, or a RenderError: it must be a PNG, JPEG or plain SVG of sane size."""
    where = str(path)
    if not path.is_file():
        raise RenderError(Fault(where, "there is no such logo file.", "Check report.logo in the settings."))
    content = path.read_bytes()
    if len(content) > LARGEST_BYTES:
        raise RenderError(
            Fault(
                where,
                f"the logo may have at most {LARGEST_BYTES // 1024} KB; got {len(content) // 1024} KB.",
                "Save it smaller: it is printed about 1.5 inches wide.",
            )
        )
    kind = _image_kind(content)
    problem = _svg_problem(content) if kind == "svg+xml" else _raster_problem(content) if kind else "is none of these"
    if problem:
        raise RenderError(
            Fault(where, f"the logo must be a PNG, JPEG or plain SVG image: {problem}.", "Export the logo again.")
        )
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _image_kind(content: bytes) -> str:
    if content.startswith(_PNG):
        return "png"
    if content.startswith(_JPEG):
        return "jpeg"
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "svg+xml" if head.startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in content else ""


def _raster_problem(content: bytes) -> str:
    """Why a PNG or JPEG cannot be used; opening reads the header only, so a bomb is refused unopened."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if max(width, height) > LARGEST_SIDE:
                return f"it has {width} × {height} pixels, at most {LARGEST_SIDE} a side are allowed"
            if image.mode not in {"1", "L", "LA", "P", "RGB", "RGBA"}:
                return f"its colours are {image.mode}, RGB or grey is needed for an archivable file"
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return "it cannot be decoded"
    return ""


def _svg_problem(content: bytes) -> str:
    """Why an SVG cannot be used: no document type, script, style sheet or reference to anything outside it."""
    problems: list[str] = []

    def on_doctype(*_: object) -> None:
        problems.append("a document type declaration is not allowed")

    def on_element(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2].lower() in _FORBIDDEN_SVG_ELEMENTS:
            problems.append(f"element {name.rpartition(':')[2][:20]} is not allowed")
        for attribute, value in attributes.items():
            short = attribute.rpartition(":")[2].lower()
            if short.startswith("on") or (short == "href" and not value.startswith("#")) or _OUTSIDE.search(value):
                problems.append(f"attribute {short[:20]} is not allowed or leads outside the file")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_element
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        return "it is not well-formed XML"
    return problems[0] if problems else ""
