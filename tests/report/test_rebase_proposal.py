"""A first draft, too, says where a change has lasted long enough for new limits; it never takes them itself."""

from __future__ import annotations

import pytest

from kpi_pipeline.report.build import build_report
from tests.report.invented_report import LOS, report_inputs
from tests.report.test_awkward_hospitals import level

PROPOSED = (
    "Has lasted for twelve final months or more, so that new limits can be recorded: average length of stay from "
    "September 2025."
)


@pytest.mark.parametrize(
    ("since", "last", "is_proposed"),
    [
        (4.4, 14, True),
        (4.4, 11, False),  # real, but eleven months are not twelve
        (5.8, 14, False),  # new limits would hide a deterioration
    ],
)
def test_a_lasting_improvement_is_proposed_in_the_first_draft(since: float, last: int, is_proposed: bool) -> None:
    notes = build_report(report_inputs({LOS: level(5.0, since, last=last, months=40)}, months=40)).scorecard.notes
    assert (PROPOSED in notes) == is_proposed
    assert any("new limits can be recorded" in note for note in notes) == is_proposed
