"""On random hospitals the pipeline and the oracle agree, row by row, on stays and on readmissions."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

from kpi_pipeline.reference.importer import import_reference
from tests.properties.conftest import BuiltHospital
from tests.support.hospitals import Hospital, hospitals, many_hospitals
from tests.support.oracle import build_stays, judge_readmissions, judge_rows
from tests.support.pipeline import (
    assert_same,
    build_hospital,
    readmission_of_oracle,
    readmission_rows,
    statuses,
    stay_of_oracle,
    stay_rows,
)
from tests.support.value_sets import SMALL, ValueSets, read_value_sets


def test_every_row_gets_the_status_the_rules_give_it(built: BuiltHospital) -> None:
    expected = judge_rows(built.hospital.encounters, built.options)
    assert len(set(expected.values())) == 9  # acute, not acute, in house, after a death and five faults: all occur
    assert_same(expected, statuses(built.warehouse))


def test_stays_are_the_oracles_stays(built: BuiltHospital) -> None:
    expected = {stay.stay_id: stay_of_oracle(stay) for stay in built.stays}
    assert sum(len(stay.members) > 2 for stay in built.stays) > 5  # chains of three occur
    assert_same(expected, stay_rows(built.warehouse))


def test_readmissions_are_the_oracles_readmissions(built: BuiltHospital) -> None:
    judgements = judge_readmissions(built.stays, SMALL, built.options)
    expected = {judgement.stay.stay_id: readmission_of_oracle(judgement) for judgement in judgements}
    assert len({judgement.exclusion_reason for judgement in judgements}) == 12  # every reason, and none
    assert {judgement.planned_rule_of_return for judgement in judgements} == {None, "PR1", "PR2", "PR3"}
    assert_same(expected, readmission_rows(built.warehouse))


def test_readmissions_agree_with_the_full_value_sets_too(terminology_dir: Path, tmp_path: Path) -> None:
    hospital = many_hospitals(20260402, count=80)
    reference = tmp_path / "reference"
    imported_at = datetime(2026, 1, 1, tzinfo=UTC)
    import_reference("readmission-value-sets", terminology_dir, reference, imported_at=imported_at)
    warehouse = build_hospital(tmp_path, hospital, reference=reference)
    full = read_value_sets(terminology_dir, icd9=False)
    assert oracle_rows(hospital, full) != oracle_rows(hospital, SMALL)  # the single codes change something
    assert_same(oracle_rows(hospital, full), readmission_rows(warehouse))


@pytest.mark.long
@given(hospital=hospitals())
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_the_smallest_hospital_that_disagrees(hospital: Hospital) -> None:
    judged = judge_rows(hospital.encounters, hospital.oracle_options())
    # Not one usable row is an error, not a warehouse; the command line's tests hold that.
    assume(not all(str(status).startswith("invalid:") for status in judged.values()))
    with tempfile.TemporaryDirectory() as folder:
        warehouse = build_hospital(Path(folder), hospital)
        assert_same(judged, statuses(warehouse))
        assert_same(oracle_rows(hospital, SMALL), readmission_rows(warehouse))


def oracle_rows(hospital: Hospital, sets: ValueSets) -> dict[str, tuple[object, ...]]:
    options = hospital.oracle_options()
    stays = build_stays(hospital.encounters, hospital.procedures, sets, options)
    return {
        judgement.stay.stay_id: readmission_of_oracle(judgement)
        for judgement in judge_readmissions(stays, sets, options)
    }
