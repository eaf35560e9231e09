"""The guard against formulas keeps every value: what is written comes back when it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core.text.spreadsheets import guarded, unguarded

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@given(st.text())
def test_the_guard_loses_nothing_and_leaves_no_formula(cell: str) -> None:
    assert guarded(cell) in (cell, f"'{cell}")
    assert not guarded(cell).startswith(tuple(sign for sign in SIGNS if sign != "-"))
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("n_before", range(4))
def test_however_often_it_was_guarded_before_it_comes_back(sign: str, n_before: int) -> None:
    cell = f"{n_before * chr(39)}{sign}1+1"
    assert guarded(cell).startswith("'")
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["'s-Hertogenbosch", "O'Neill", "-12.5", "1e5", "'", ""])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell
