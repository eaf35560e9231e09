"""Errors carry every fault, each in one line, and an exit code that says what kind of thing is wrong."""

from __future__ import annotations

import pytest

from kpi_pipeline.core.errors import (
    CheckError,
    DefinitionError,
    DeliveryError,
    Fault,
    InputError,
    KpiError,
    RenderError,
    WarehouseError,
)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("a.csv:3", "is wrong.", "Mend it."), "a.csv:3: is wrong. Mend it."),
        (Fault("a.csv", "is wrong."), "a.csv: is wrong."),
        (Fault("", "Something is wrong.", "Mend it."), "Something is wrong. Mend it."),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(fault: Fault, expected: str) -> None:
    assert str(fault) == expected


def test_an_error_tells_all_its_faults_one_a_line() -> None:
    error = InputError(Fault(f"{name}.csv", "is empty.") for name in "ab")
    assert str(error) == "a.csv: is empty.\nb.csv: is empty."
    assert [fault.where for fault in error.faults] == ["a.csv", "b.csv"]
    assert [fault.where for fault in InputError(Fault("a.csv", "is empty.")).faults] == ["a.csv"]


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    kinds = (InputError, DefinitionError, WarehouseError, CheckError, RenderError, DeliveryError)
    codes = {kind: kind.exit_code for kind in kinds}
    assert codes == dict(zip(kinds, range(3, 9), strict=True))
    assert set(KpiError.__subclasses__()) == codes.keys()
    assert KpiError.exit_code == 1
