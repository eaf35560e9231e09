"""How full the pages of a PDF are, measured on the paper itself: the share of the height between the running heads
that lies above the lowest ink."""

from __future__ import annotations

import numpy as np
import pypdfium2

_DOTS_PER_POINT = 0.5
_HEAD, _FOOT = 0.82 * 72, 0.72 * 72
"""The margins in points: nothing but running heads stands in them."""


def page_fills(content: bytes) -> list[float]:
    """For each page how far down it is filled, 0 (empty) to 1."""
    document = pypdfium2.PdfDocument(content)
    try:
        return [_fill(page) for page in document]
    finally:
        document.close()


def half_empty_pages(content: bytes) -> list[int]:
    """The numbers of the pages of which more than half is empty; the last page may be so."""
    return [number for number, fill in enumerate(page_fills(content)[:-1], 1) if fill < 0.5]


def _fill(page: pypdfium2.PdfPage) -> float:
    picture = page.render(scale=_DOTS_PER_POINT, grayscale=True).to_numpy()
    rows = np.flatnonzero((picture.reshape(picture.shape[0], -1) < 250).any(axis=1))
    first, last = _HEAD * _DOTS_PER_POINT, picture.shape[0] - _FOOT * _DOTS_PER_POINT
    inked = rows[(rows >= first) & (rows < last)]
    return float((inked[-1] - first) / (last - first)) if inked.size else 0.0
