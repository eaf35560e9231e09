"""Work done in a copy of the process: its answer and its error come back, and nothing else does."""

from __future__ import annotations

import os
import signal

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
