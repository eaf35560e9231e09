"""The locked-down pieces around the renderer: template sandbox, resource fetcher, warning gate.

Not here: the logo (`logo.py`), the fonts (`fonts.py`), what is rendered (`sections`).
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from textwrap import wrap
from types import TracebackType
from typing import Any
from urllib.parse import quote
from urllib.request import url2pathname

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from kpi_pipeline.core.errors import Fault, RenderError

_SUFFIXES = {".css": "text/css", ".ttf": "font/ttf"}
_DATA_PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/svg+xml;base64,")
_MOST_WARNINGS_SHOWN = 5
_LONGEST_WORD, _PIECE = 40, 20
_LONG_WORD = re.compile(rf"[^\s\u200b]{{{_LONGEST_WORD + 1},}}")
_ANCHOR = re.compile(r"[A-Za-z0-9_.:\-]+")
_PATH = re.compile(r"[A-Za-z0-9_.~%/-]+")
_MAY_BREAK = "\u200b"
"""Zero-width space: CSS alone breaks a word only where its column has a width of its own, which most have not."""


def template_environment(folder: Path) -> ImmutableSandboxedEnvironment:
    """Jinja that escapes everything, stops at an unknown name, and lets templates change or reach nothing.

    autoescape is True, not select_autoescape: that one does not escape names ending in `.html.j2`.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(folder, followlinks=False),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_breakable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = _anchor
    environment.filters["fragment"] = _fragment
    environment.filters["path"] = _path
    environment.filters["unbroken"] = escape
    return environment


def _anchor(name: str) -> Markup:
    """The name of a place in the document, which must not be broken like a word."""
    if not _ANCHOR.fullmatch(name):
        raise ValueError(f"not a name for an anchor: {name!r}")
    return Markup(name)


def _fragment(name: str) -> Markup:
    """Any name as one of a place in the document, in letters of a link alone. Twice where a link names the place: who
    follows it reads it once."""
    return Markup(quote(name, safe="/"))


def _path(path: str) -> Markup:
    """A way to a file beside the page: quoted, and never out of the page's own folder."""
    if not _PATH.fullmatch(path) or path.startswith("/") or ".." in path:
        raise ValueError(f"not a path below this page: {path!r}")
    return Markup(path)


def _breakable(value: Any) -> Any:
    """Text with places to break in words that would be wider than a column; markup and numbers as they are."""
    if not isinstance(value, str) or isinstance(value, Markup) or len(value) <= _LONGEST_WORD:
        return value
    return _LONG_WORD.sub(lambda word: _MAY_BREAK.join(wrap(word[0], _PIECE, break_on_hyphens=False)), value)


def resource_fetcher(*roots: Path) -> Any:
    """A WeasyPrint fetcher that serves CSS and fonts below `roots` and images given as data; all else stops
    the render. Symbolic links and `..` are resolved before the comparison."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

    resolved_roots = [root.resolve(strict=True) for root in roots]

    class OnlyOurFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith(_DATA_PREFIXES):
                return super().fetch(url, headers)
            if url.startswith("file:///") and "\0" not in url:
                path = Path(url2pathname(url.removeprefix("file://").split("?")[0].split("#")[0])).resolve()
                below = any(path.is_relative_to(root) for root in resolved_roots)
                if below and path.suffix in _SUFFIXES and path.is_file():
                    return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": _SUFFIXES[path.suffix]})
            raise FatalURLFetchingError(f"blocked resource: {url[:80]!r}")

    return OnlyOurFiles(allowed_protocols={"file", "data"}, allow_redirects=False, fail_on_errors=True)


class WarningGate(logging.Handler):
    """Fails the run on any warning of the renderer or the font library.

    WeasyPrint only logs a chart it cannot draw, an image it cannot load or a font it cannot read, and goes on
    without it: a report with a hole. Here such a report is not finished.
    """

    _LOGGERS = ("weasyprint", "fontTools")

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the message; called by logging."""
        self.messages.append(" ".join(record.getMessage().split())[:160])

    def __enter__(self) -> WarningGate:
        for name in self._LOGGERS:
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self._LOGGERS:
            logging.getLogger(name).removeHandler(self)
        if error is None and self.messages:
            raise RenderError(
                [
                    Fault("report", f"the renderer warned: {message}", "Nothing was written; mend the cause.")
                    for message in dict.fromkeys(self.messages[:_MOST_WARNINGS_SHOWN])
                ]
            )
