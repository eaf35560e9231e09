"""Processes of work: one that ends with its parent, and a copy that gives back what it took of memory.

A copy is only for a process without threads of its own that are at work, such as a worker of a pool: it has none of
them.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, TypeVar

from kpi_pipeline.core.garbage import leave_garbage

_Answer = TypeVar("_Answer")


def end_with_parent() -> None:
    """Has this process end when the one that started it is gone: a worker waits for more work for ever, even when
    whoever asked was killed."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, name="end with parent", daemon=True).start()


def in_a_copy(work_out: Callable[[], _Answer]) -> _Answer:
    """What `work_out` gives. Its error is raised here; RuntimeError where the copy was killed."""
    forks = get_context("fork")
    receiving, sending = forks.Pipe(duplex=False)
    copy = forks.Process(target=_answer, args=(work_out, sending), daemon=True)
    copy.start()
    sending.close()
    try:
        answer, error = receiving.recv()
    except EOFError as ended:
        copy.join()
        raise RuntimeError(f"a process ended before its work was done (exit code {copy.exitcode})") from ended
    finally:
        receiving.close()
    copy.join()
    if error is not None:
        raise error
    given: _Answer = answer
    return given


def _answer(work_out: Callable[[], Any], sending: Connection) -> None:
    """In the copy: nothing is collected, since its end frees everything."""
    leave_garbage()
    answer = error = None
    try:
        answer = work_out()
    except Exception as raised:
        raised.add_note(traceback.format_exc())
        error = raised
    with suppress(BrokenPipeError):  # whoever asked is gone
        sending.send((answer, error))
