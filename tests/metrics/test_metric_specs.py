"""Every metric does what its spec says, and every metric has a spec for everything it declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kpi_pipeline.metrics.declaration import INSUFFICIENT_FOLLOWUP, load_metrics
from kpi_pipeline.metrics.proof import SpecFile, SpecResult, case_differences, read_spec_file

SPEC_FILES = [read_spec_file(path) for path in sorted(Path(__file__).parent.glob("*.spec.yaml"))]


@pytest.mark.parametrize("file", SPEC_FILES, ids=lambda file: file.metric)
def test_spec(file: SpecFile, spec_results: Callable[[SpecFile], Mapping[int, SpecResult]]) -> None:
    """All promises of a file in one test, so that its warehouses are built once, by one worker."""
    results = spec_results(file)
    faults: list[str] = []
    for case in file.cases:
        found = case_differences(case, results[case.number])
        faults += [f"{case.metric}: {case.name}", *(f"  {fault}" for fault in found)] if found else []
    assert not faults, "\n".join(faults)


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
