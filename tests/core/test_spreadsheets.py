"""The guard against formulas keeps every value: what is written comes back when it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.core.text.spreadsheets import guarded


@given(st.text())
def test_the_guard_loses_nothing_and_leaves_no_formula(cell: str) -> None:
    assert guarded(cell) in (cell, f"'{cell}")
    assert not guarded(cell).startswith(("=", "+", "@", "\t", "\r"))


@pytest.mark.parametrize("cell", ["'s-Hertogenbosch", "O'Neill", "-12.5", "1e5", "'", ""])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell
