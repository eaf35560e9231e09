"""Two hospitals that differ in withheld numbers alone publish the same bytes: no page, chart, sentence or form speaks.

What is withheld among the figures could still move a centre line, a verdict, a total, a ranking or a drawing. Here a
withheld number changes, and another withheld one takes up the difference, so that all printed figures stay: then the
model (with every alt text), figures.csv and the pages must stay, too, in the copies of the whole and of each facility.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.report.build import build_report_and_tables
from kpi_pipeline.report.forms.pdf import render_html
from tests.report.invented_report import AVOIDABLE, DENIALS, READMISSION, report_inputs

SIZES = {"A": 900.0, "B": 300.0, "C": 60.0}
FEW = {READMISSION: lambda at: 8 / 60, DENIALS: lambda at: 7 / 60, AVOIDABLE: lambda at: 9 / 60}
Change = Callable[[ReportInputs], ReportInputs]


def copies(inputs: ReportInputs, privacy: Privacy) -> dict[str, tuple[str, str, str]]:
    """Place → model, figures and pages of its copy."""
    found = {}
    for place in ("all", *SIZES):
        report, tables = build_report_and_tables(replace(inputs, facility_id=place, privacy=privacy))
        found[place] = (report.model_dump_json(), tables["figures.csv"], render_html(report))
    return found


def moved(metric: str, months: tuple[str, ...], by: float) -> Change:
    """So many events more at B and fewer at C, in the months; the whole and A stay as they are."""

    def change(inputs: ReportInputs) -> ReportInputs:
        values = inputs.values.copy()
        for place, sign in (("B", 1.0), ("C", -1.0)):
            at = (values["metric"] == metric) & (values["facility_id"] == place) & values["month"].isin(months)
            assert at.sum() == len(months)
            values.loc[at, "numerator"] += sign * by
            scale = inputs.metrics[metric].scale
            values.loc[at, "value"] = scale * values.loc[at, "numerator"] / values.loc[at, "denominator"]
            values.loc[at, "lower"], values.loc[at, "upper"] = 0.9 * values["value"], 1.1 * values["value"]
        return replace(inputs, values=values)

    return change


@pytest.mark.parametrize("privacy", ["board", "external"])
@pytest.mark.parametrize(
    "change",
    [
        moved(READMISSION, ("2026-05",), 2.0),
        moved(READMISSION, ("2026-09",), 2.0),
        moved(READMISSION, tuple(f"2026-{month:02}" for month in range(1, 10)), 2.0),
        moved(DENIALS, tuple(f"2026-{month:02}" for month in range(2, 10)), 3.0),
        moved(AVOIDABLE, ("2026-10",), -1.0),
    ],
    ids=["one month", "the last month", "nine months", "a shift of eight months", "the reporting month"],
)
def test_a_withheld_number_changes_and_nothing_printed_does(change: Change, privacy: Privacy) -> None:
    inputs = report_inputs(FEW, facilities="ABC", discharges=SIZES, months=30)
    before, after = copies(inputs, privacy), copies(change(inputs), privacy)
    for place, forms in before.items():
        for name, one, other in zip(("model", "figures", "pages"), forms, after[place], strict=True):
            assert one == other, f"the {name} of {place}'s copy: {difference(one, other)}"


def test_the_same_change_is_seen_in_an_internal_report() -> None:
    """The proof can fail: where nothing is withheld, the change shows."""
    inputs = report_inputs(FEW, facilities="ABC", discharges=SIZES, months=30)
    changed = moved(READMISSION, ("2026-05",), 2.0)(inputs)
    assert not pd.DataFrame.equals(inputs.values, changed.values)
    assert copies(inputs, "internal")["C"] != copies(changed, "internal")["C"]


def difference(one: str, other: str) -> str:
    """Where two texts part, with a little of both."""
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[max(0, at - 150) : at + 60]!r} became {other[max(0, at - 20) : at + 60]!r}"
