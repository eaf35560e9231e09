"""Has Python look for garbage less often while very many objects are made that live on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (20_000, 50, 1_000)
"""Objects made before a look at the youngest, and looks before one at the older and at all (`gc.set_threshold`)."""


_USUAL = gc.get_threshold()


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """For the laying out of pages: looking through hundreds of thousands of living boxes takes a sixth of its time.

    At the end it is all collected, so that a process that makes many reports does not grow; where garbage is left,
    neither.
    """
    if not gc.isenabled():
        yield
        return
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
        gc.collect()


def leave_garbage() -> None:
    """For a process that ends with its one piece of work, which frees everything at once."""
    gc.disable()
