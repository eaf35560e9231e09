"""Targets: which one holds for a metric, a facility and a month, and how a faulty targets.yaml is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.targets import Targets, read_targets
from kpi_pipeline.metrics.declaration import load_metrics
from tests.support.frozen_metrics import FROZEN_METRICS

METRICS = FROZEN_METRICS
READMISSION = METRICS["readmission_30d"]
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "targets.yaml"


def targets_of(folder: Path, text: str) -> Targets:
    path = folder / "targets.yaml"
    path.write_text(text, encoding="utf-8")
    return read_targets(path, METRICS)


def faults_in(folder: Path, text: str) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        targets_of(folder, text)
    return [str(fault) for fault in caught.value.faults]


DATED = """
- {metric: readmission_30d, value: 13.5, from: 2026-01, to: 2026-06, source: Board quality plan 2026}
- {metric: readmission_30d, facility_id: ERHL, value: 12.0, from: 2026-03, source: Lakeside plan}
"""


@pytest.mark.parametrize(
    ("facility", "month", "value", "source"),
    [
        ("all", Month(2025, 12), 14.0, "Board quality plan"),  # the metric's own, before the dated one
        ("all", Month(2026, 1), 13.5, "Board quality plan 2026"),
        ("all", Month(2026, 6), 13.5, "Board quality plan 2026"),  # `to` is included
        ("all", Month(2026, 7), 14.0, "Board quality plan"),  # and afterwards the metric's own again
        ("ERHC", Month(2026, 3), 13.5, "Board quality plan 2026"),  # another facility
        ("ERHL", Month(2026, 2), 13.5, "Board quality plan 2026"),  # before its own begins
        ("ERHL", Month(2026, 3), 12.0, "Lakeside plan"),
        ("ERHL", Month(2030, 1), 12.0, "Lakeside plan"),  # without `to`, until further notice
    ],
)
def test_the_most_particular_target_in_force_wins(
    tmp_path: Path, facility: str, month: Month, value: float, source: str
) -> None:
    target = targets_of(tmp_path, DATED).target_of(READMISSION, month, facility_id=facility)
    assert target is not None
    assert (target.value, target.source) == (value, source)


def test_without_a_file_the_metrics_own_target_holds() -> None:
    assert read_targets(None, METRICS).target_of(READMISSION, Month(2026, 1)) == READMISSION.target
    assert Targets().target_of(METRICS["case_mix_index"], Month(2026, 1)) is None


def test_null_removes_a_target_for_all_or_for_one_facility(tmp_path: Path) -> None:
    text = """
- {metric: readmission_30d, value: null, from: 2026-01, source: The board dropped it}
- {metric: readmission_30d, value: 12.0, from: 2026-01, facility_id: ERHL, source: Lakeside plan}
- {metric: length_of_stay_days, value: 4.5, from: 2026-01, source: Board}
- {metric: length_of_stay_days, value: null, from: 2026-01, facility_id: ERHL, source: Rehabilitation is different}
"""
    targets = targets_of(tmp_path, text)
    month, stay = Month(2026, 3), METRICS["length_of_stay_days"]
    assert targets.target_of(READMISSION, month) is None
    assert targets.target_of(READMISSION, Month(2025, 12)) == READMISSION.target  # before it the metric's own holds
    lakeside = targets.target_of(READMISSION, month, facility_id="ERHL")
    assert lakeside is not None
    assert lakeside.value == 12.0
    assert targets.target_of(stay, month, facility_id="ERHL") is None
    assert targets.target_of(stay, month, facility_id="ERHC") is not None


def test_shipped_metrics_carry_no_target() -> None:
    # What a hospital aims at is its own to say; an invented target would be printed as its board's.
    assert {name for name, metric in load_metrics().items() if metric.target is not None} == set()


def test_an_empty_file_is_no_targets(tmp_path: Path) -> None:
    assert targets_of(tmp_path, "# nothing yet\n") == Targets()


def test_the_example_can_be_read() -> None:
    target = read_targets(EXAMPLE, METRICS).target_of(READMISSION, Month(2026, 10), facility_id="ERHL")
    assert target is not None
    assert target.value == 13.5


def test_every_fault_of_the_file_is_reported_with_its_place(tmp_path: Path) -> None:
    faults = faults_in(
        tmp_path,
        """
- {metric: readmission_30, value: 13.5, from: 2026-01, source: Board}
- {metric: readmission_30d, value: low, from: 2026-01-01, source: Board}
- {metric: case_mix_index, value: 1.5, from: 2026-01, source: Board}
- {metric: length_of_stay_days, value: 4.8, from: 2026-05, to: 2026-04, source: Board, owner: CFO}
- {metric: denials_per_100_discharges, value: 5, from: 2026-06, to: 2026-05, source: Board}
""",
    )
    text = "\n".join(faults)
    assert "target 1: 'readmission_30' is not a metric." in text
    assert "target 2: value must be" in text
    assert "target 2: from: must be a month such as 2026-10; got '2026-01-01'." in text
    assert "target 3: case_mix_index is better neither high nor low, so it can have no target." in text
    assert "target 4: owner is not a known field." in text
    assert "target 5: ends (2026-05) before it begins (2026-06)." in text
    assert len(faults) == 6


@pytest.mark.parametrize(
    ("first", "second", "overlaps"),
    [
        ("from: 2026-01, to: 2026-06", "from: 2026-07", False),
        ("from: 2026-01, to: 2026-06", "from: 2026-06", True),
        ("from: 2026-01", "from: 2026-07", True),
        ("from: 2026-07", "from: 2026-01, to: 2026-06", False),
        ("from: 2026-07", "from: 2026-01, to: 2026-07", True),
    ],
)
def test_two_targets_may_not_hold_at_once(tmp_path: Path, first: str, second: str, overlaps: bool) -> None:
    lines = "\n".join(f"- {{metric: readmission_30d, value: 13, {span}, source: Board}}" for span in (first, second))
    if overlaps:
        assert any("target 2: overlaps target 1 for readmission_30d." in fault for fault in faults_in(tmp_path, lines))
    else:
        assert len(targets_of(tmp_path, lines).lines) == 2


def test_a_facilitys_target_does_not_overlap_the_systems(tmp_path: Path) -> None:
    assert len(targets_of(tmp_path, DATED).lines) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metric: readmission_30d", "must be a list of targets; got `name: value` lines."),
        ("- {metric: [", "is not YAML"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in faults_in(tmp_path, text)[0]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="there is no such targets file"):
        read_targets(tmp_path / "targets.yaml", METRICS)
