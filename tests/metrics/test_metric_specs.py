"""Every metric does what its spec says, and every metric has a spec for everything it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, load_metrics
from tests.metrics.conftest import SpecResult
from tests.support.spec import SpecCase, SpecFile, TextRow, differences, read_spec_file

SPEC_FILES = [read_spec_file(path) for path in sorted(Path(__file__).parent.glob("*.spec.yaml"))]


@pytest.mark.parametrize("file", SPEC_FILES, ids=lambda file: file.metric)
def test_spec(file: SpecFile, spec_results: Callable[[SpecFile], Mapping[int, SpecResult]]) -> None:
    """All promises of a file in one test, so that its warehouses are built once, by one worker."""
    results = spec_results(file)
    faults: list[str] = []
    for case in file.cases:
        found = _faults_of(case, results[case.number])
        faults += [f"{case.metric}: {case.name}", *(f"  {fault}" for fault in found)] if found else []
    assert not faults, "\n".join(faults)


def _faults_of(case: SpecCase, result: SpecResult) -> list[str]:
    faults = _case_faults(case, {row["case_id"]: row for row in result.cases.to_dict("records")})
    faults += _row_faults("value", case.values, result.values.to_dict("records"), ("facility_id", "month"))
    faults += _row_faults(
        "quarantined row", case.quarantined, result.quarantined.to_dict("records"), ("encounter_id", "reason")
    )
    if len(result.quarantined) != len(case.quarantined):
        faults.append(f"{len(case.quarantined)} quarantine reasons expected, got {len(result.quarantined)}")
    return faults


def _case_faults(case: SpecCase, found: dict[str, Any]) -> list[str]:
    expected = {str(row["case_id"]): row for row in case.cases}
    faults = [f"case {case_id} is not listed" for case_id in sorted(expected.keys() - found.keys())]
    faults += [f"case {case_id} is listed, and must not be" for case_id in sorted(found.keys() - expected.keys())]
    for case_id in sorted(expected.keys() & found.keys()):
        row = {"exclusion_reason": None, **expected[case_id]}
        faults += [f"case {case_id}: {wrong} ({row['comment']})" for wrong in differences(row, found[case_id])]
    return faults


def _row_faults(noun: str, expected: list[TextRow], found: list[dict[Any, Any]], key: tuple[str, str]) -> list[str]:
    by_key = {tuple(row[column] for column in key): row for row in found}
    faults = []
    for row in expected:
        at = tuple(row[column] for column in key)
        if at not in by_key:
            faults.append(f"{noun} {at} is missing")
        else:
            faults += [f"{noun} {at}: {wrong}" for wrong in differences(row, by_key[at])]
    return faults


def test_every_metric_has_a_spec_and_every_spec_a_metric() -> None:
    assert {file.metric for file in SPEC_FILES} == load_metrics().keys()


@pytest.mark.parametrize("file", SPEC_FILES, ids=lambda file: file.metric)
def test_every_declared_exclusion_is_exercised_and_no_other(file: SpecFile) -> None:
    metric = load_metrics()[file.metric]
    declared = set(metric.exclusions) | ({INSUFFICIENT_FOLLOWUP} if metric.matures_after_days else set())
    exercised = {row["exclusion_reason"] for case in file.cases for row in case.cases if row.get("exclusion_reason")}
    assert exercised == declared


@pytest.mark.parametrize("file", SPEC_FILES, ids=lambda file: file.metric)
def test_every_spec_counts_something_and_shows_a_value(file: SpecFile) -> None:
    rows = [row for case in file.cases for row in case.cases]
    assert any(not row.get("exclusion_reason") for row in rows)
    assert any(case.values for case in file.cases)
