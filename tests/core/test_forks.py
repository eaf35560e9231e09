"""Work done in a copy of the process: its answer and its error come back, and nothing else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.forks import in_a_copy

HELD: list[int] = []


def hold() -> tuple[int, list[int]]:
    HELD.append(1)
    return os.getpid(), HELD


def refuse() -> None:
    raise InputError(Fault("landing", "is empty.", "Put files there."))


def divide() -> float:
    return len(HELD) / 0


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_answer_comes_back_and_what_was_changed_does_not() -> None:
    process, held = in_a_copy(hold)
    assert process != os.getpid()
    assert held == [1]
    assert HELD == []


def test_an_error_is_raised_as_it_was_with_where_it_came_from() -> None:
    with pytest.raises(InputError, match=r"landing: is empty\.") as raised:
        in_a_copy(refuse)
    assert [(one.where, one.cure) for one in raised.value.faults] == [("landing", "Put files there.")]
    with pytest.raises(ZeroDivisionError) as unforeseen:
        in_a_copy(divide)
    assert any("in divide" in note for note in unforeseen.value.__notes__)


def test_a_copy_that_is_killed_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"ended before its work was done \(exit code -9\)"):
        in_a_copy(end)


POOL = """
import os, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from kpi_pipeline.core.forks import end_with_parent

if __name__ == "__main__":
    begin = end_with_parent if sys.argv[1] == "watching" else None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("ends", [True, False])
def test_a_worker_ends_when_whoever_started_it_was_killed(tmp_path: Path, ends: bool) -> None:
    script = tmp_path / "pool.py"
    script.write_text(POOL, encoding="utf-8")
    how = "watching" if ends else "as it is"
    with subprocess.Popen([sys.executable, script, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.kill()
    try:
        end_by = time.monotonic() + (20 if ends else 1)
        while is_alive(worker) and time.monotonic() < end_by:
            time.sleep(0.05)
        assert is_alive(worker) is not ends
    finally:
        if is_alive(worker):
            os.kill(worker, signal.SIGKILL)


def is_alive(process: int) -> bool:
    """Whether it is there and has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
