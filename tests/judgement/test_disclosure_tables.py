"""The tables beside the monthly figures: every number of patients in them is attacked, or argued not to tell of any."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.drivers.collect import MixChange
from kpi_pipeline.judgement.disclosure.attack import attack
from kpi_pipeline.judgement.disclosure.counts import is_small
from kpi_pipeline.judgement.disclosure.groups import GroupCounts, GroupTable, withhold_groups
from kpi_pipeline.judgement.disclosure.over_issues import attack_issues
from kpi_pipeline.judgement.disclosure.page_cells import table_cell, table_months
from kpi_pipeline.judgement.disclosure.publication import COUNTED, DENOMINATOR, NUMERATOR, Cell, Publication
from kpi_pipeline.judgement.disclosure.shown import shown_in
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.judged import Judged, judge
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.report.forms.figures.page_figure import PageFigure
from kpi_pipeline.report.forms.figures.page_figures import page_figures
from tests.judgement.test_barriers import denials, inputs_of, parties
from tests.judgement.test_fairness import gaps
from tests.report.invented_report import LAST, report_inputs
from tests.report.test_build_drivers import LINES, amounts, excess

METRICS = load_metrics()
READMISSION = "readmission_30d"
YEAR = table_months(LAST.plus(-30), LAST)

ARGUED: Mapping[str, str] = {
    "totals/*": "the sum of months that are all printed with all they are made of, or withheld (`tables.totals`)",
    "drivers/opportunity/*/stays_not_costed": "a number by itself, of no table; withheld where it is small",
    "drivers/drgs/*/without_expected_stay": "withheld from every board and external copy",
}
"""Numbers of patients on a page that are no row of a table, and why they tell of none."""

OF_PATIENTS = ("cases", "discharges", "denials", "stays", "patients", "people")
"""Units of figures that count patients or what happened to them."""


def cells_of(figures: Mapping[str, float | None], months: str = YEAR) -> Publication:
    cells = {table_cell(name, WHOLE_SYSTEM, months): number for name, number in figures.items()}
    return Publication({cell: number for cell, number in cells.items() if cell is not None})


def published(inputs: ReportInputs) -> Publication:
    """The tables of a report as an outsider reads them."""
    made = Publication()
    for one in page_figures(judge(inputs)):
        months = YEAR if one.months is None else table_months(*one.months)
        made.numbers |= cells_of({one.figure_id: one.value if isinstance(one.value, float) else None}, months).numbers
    return made


# ── nothing that counts patients is left out ─────────────────────────────────────────────────────────────────


def full_inputs(**more: Any) -> ReportInputs:
    """A report with every table: denials, waits, parties, service lines, DRGs, mix, groups of patients."""
    mix = MixChange(
        "length_of_stay_days",
        "service line",
        amounts(("A", 60, 300.0), ("B", 60, 240.0)),
        amounts(("A", 70, 320.0), ("B", 55, 260.0)),
    )
    drivers = replace(parties(20), service_lines=excess(LINES), drgs=excess(LINES, "drg_code"), mix_change=mix)
    found = gaps(("race", "A", 40, 300), ("race", "B", 50, 400), ("race", "C", 60, 500))
    both = denials(("A", 6000.0, 60, 30), ("B", 3000.0, 40, 20), ("", 1000.0, 30, 12))
    return inputs_of(both, drivers=drivers, gaps=(found,), **more)


def test_every_number_of_patients_on_a_page_is_a_cell_or_argued() -> None:
    figures = page_figures(judge(full_inputs()))
    counting = [one for one in figures if one.unit in OF_PATIENTS]
    assert {one.figure_id.split("/")[0] for one in counting} >= {"drivers", "barriers", "fairness"}
    open_ones = [one.figure_id for one in counting if not _is_accounted_for(one)]
    assert open_ones == []


def _is_accounted_for(figure: PageFigure) -> bool:
    is_argued = any(fnmatch(figure.figure_id, pattern) for pattern in ARGUED)
    return is_argued or table_cell(figure.figure_id, WHOLE_SYSTEM, YEAR) is not None


JUDGED_COUNTS = {
    "Figure": "numerator denominator n_listed n_counted exclusions n_event_patients plotted_numerator "
    "plotted_denominator",  # cells; what is plotted and the people go where the value goes
    "JudgedDrivers": "n_discharges n_without_expected n_not_costed",  # cell; never printed; argued
    "ExcessDays": "n_stays n_outliers n_without_expected",  # cells; never printed by group
    "MixRow": "n_before n_after",  # cells
    "DenialRow": "n_denials",  # cells
    "Gap": "n_cases n_events n_persons n_event_persons n_others",  # cells; the others only decide what is withheld
    "MetricGaps": "n_cases n_events n_not_recorded n_events_not_recorded",  # only decide what is withheld
    "FunnelPoint": "numerator denominator",  # the drawing of a unit that is shown: withheld as a row (`units`)
    "Rung": "n_stays n_not_valued",  # decide what is withheld; the second is argued, above
    "Capture": "n_long n_documented",  # printed as a percentage; none where either, or the rest, is small
    "EffectSize": "n_cases",  # a factor of an estimate of days, printed to two digits
    "Part": "n_cases numerator denominator",  # of the restated figures: none where any is small (`restated.judge`)
    "RestatedFigure": "numerator_then numerator_now denominator_then denominator_now "  # of printed figures alone
    "n_people",  # decides what is withheld
    "JudgedWaits": "n_days",  # never printed with small numbers withheld
    "BenchmarkRow": "n_cases",  # never printed with small numbers withheld
    "Point": "denominator",  # a figure's
}
"""Every number of patients that a report is made from: class → its fields. A new one must be thought of here."""

_COUNTING = ("n_", "numerator", "denominator", "cases", "patients", "plotted_", "exclusions")
_NO_PATIENTS = (
    "n_points n_baseline n_screened n_useful n_crossings n_crossings_min n_leading n_categories n_shown n_in_other "
    "n_vital n_small_kinds n_left_out n_not_known n_resamples n_not_final n_before n_washout n_after n_missing "
    "n_without_control n_months n_since n_met n_judged n_charts n_series n_compared n_withheld"
).split()
"""Numbers of points, months, groups, charts, draws and figures."""


def test_every_count_that_a_report_is_judged_from_has_been_thought_of() -> None:
    found = {f"{cls.__name__}.{name}" for cls, name in _numbers_of(Judged, set()) if name.startswith(_COUNTING)}
    known = {f"{cls}.{name}" for cls, names in JUDGED_COUNTS.items() for name in names.split()}
    unknown = {one for one in found - known if one.split(".")[1] not in _NO_PATIENTS}
    assert unknown == set()
    assert known - found == set()


def _numbers_of(cls: type, seen: set[type]) -> Iterator[tuple[type, str]]:
    """The numeric fields of a class and of all that its fields hold."""
    if cls in seen:
        return
    seen.add(cls)
    hints = typing.get_type_hints(cls)
    names = [one.name for one in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else cls.model_fields  # type: ignore[attr-defined]
    for name in names:
        parts = list(_parts_of(hints[name]))
        if any(part in (int, float) for part in parts):
            yield cls, name
        for part in parts:
            if isinstance(part, type) and (dataclasses.is_dataclass(part) or hasattr(part, "model_fields")):
                yield from _numbers_of(part, seen)


def _parts_of(hint: object) -> Iterator[object]:
    yield hint
    for part in typing.get_args(hint):
        yield from _parts_of(part)


# ── the attacker subtracts the tables ────────────────────────────────────────────────────────────────────────


def test_a_withheld_payer_is_the_total_less_the_others() -> None:
    part = "barriers/denials_by_payer"
    alone = cells_of({f"{part}/A/denials": 60.0, f"{part}/B/denials": None, f"{part}/All/denials": 65.0})
    assert [(one.cell.name, one.lower, one.upper) for one in attack(alone, METRICS, threshold=11)] == [
        ("denials_by_payer denials | B", 5, 5)
    ]


def test_a_total_of_twelve_months_less_eleven_is_the_month_that_is_withheld() -> None:
    months = [LAST.plus(-at) for at in range(12)]
    numbers: dict[Cell, float | None] = {
        Cell("discharges", WHOLE_SYSTEM, str(month), NUMERATOR): 100.0 for month in months
    }
    numbers[Cell("discharges", WHOLE_SYSTEM, str(months[5]), NUMERATOR)] = None
    whole = Publication(numbers).merged(cells_of({"drivers/period/all/discharges": 1104.0}))
    found = attack(whole, METRICS, threshold=11)
    assert [(one.cell.month, one.lower) for one in found] == [(str(months[5]), 4)]


@pytest.mark.parametrize(("now", "told"), [(63.0, True), (60.0, False), (71.0, False)])
def test_a_row_of_the_same_months_tells_who_came_since(now: float, told: bool) -> None:
    name = "barriers/denials_by_payer/A/denials"
    found = attack_issues([cells_of({name: 60.0}), cells_of({name: now})], METRICS, threshold=11)
    assert bool(found) is told


def test_tables_of_a_young_hospital_grow_by_a_month() -> None:
    """Six months, then seven: three of A's denials are of the seventh. Of full years a month goes as well."""
    name, first = "barriers/denials_by_payer/A/denials", LAST.plus(-5)
    six, seven = (cells_of({name: n}, table_months(first, LAST.plus(at))) for at, n in ((0, 60.0), (1, 63.0)))
    assert attack_issues([six, seven], METRICS, threshold=11)
    old, new = (cells_of({name: n}, table_months(LAST.plus(-30), LAST.plus(at))) for at, n in ((0, 60.0), (1, 63.0)))
    assert attack_issues([old, new], METRICS, threshold=11) == []


# ── the defence ──────────────────────────────────────────────────────────────────────────────────────────────


def test_no_table_tells_of_three_who_came_since_an_issue_of_the_same_months() -> None:
    """One denial, three stays of a line and of a kind, two days of a wait, three of a group more: all their rows go."""
    then = published(full_inputs(privacy="board"))
    assert sum(number is not None for number in then.numbers.values()) > 20
    earlier = Publication({cell: None if number is None else number - 3 for cell, number in then.numbers.items()})
    now = published(full_inputs(privacy="board", shown=shown_in([earlier])))
    left = [cell.name for cell, number in now.numbers.items() if number]
    assert [name for name in left if not name.endswith((" | all", " | All"))] == []
    same = published(full_inputs(privacy="board", shown=shown_in([then])))
    assert same.numbers == then.numbers


def test_a_group_that_an_issue_of_the_same_months_left_out_stays_out() -> None:
    """A row of groups that is withheld stands in no file: printed in the reissue, it would tell what it was left out
    for."""
    then = published(full_inputs(privacy="board"))
    groups = {cell for cell in then.numbers if cell.name.startswith("race ")}
    assert {cell.name for cell in groups} == {f"race cases | {name}" for name in "ABC"}
    left_out = next(cell for cell in groups if cell.name.endswith("A"))
    earlier = Publication({cell: number for cell, number in then.numbers.items() if cell != left_out})
    now = published(full_inputs(privacy="board", shown=shown_in([earlier])))
    assert now.numbers.get(left_out) is None
    assert sum(cell in now.numbers for cell in groups) < 2  # nor is it the whole less the others
    without_page = Publication(
        {cell: number for cell, number in then.numbers.items() if cell not in groups},
        {("discharges", WHOLE_SYSTEM, str(LAST)): 1.0},
    )
    assert groups.isdisjoint(published(full_inputs(privacy="board", shown=shown_in([without_page]))).numbers)
    month_before = replace(without_page, values={("discharges", WHOLE_SYSTEM, str(LAST.plus(-1))): 1.0})
    assert groups <= published(full_inputs(privacy="board", shown=shown_in([month_before]))).numbers.keys()


@pytest.mark.parametrize(("of_months", "told"), [(100.0, 5.0), (99.75, 2.0), (99.0 + 7 / 12, None), (102.0, None)])
def test_groups_that_are_withheld_are_the_months_less_those_that_are_printed(
    of_months: float, told: float | None
) -> None:
    """Twelve months of a hundred cases and more; of the groups 1,195 are printed."""
    printed = {f"fairness/race/{READMISSION}/{name}/cases": n for name, n in (("A", 600.0), ("B", 595.0))}
    months = {Cell(READMISSION, WHOLE_SYSTEM, str(LAST.plus(-at)), DENOMINATOR): of_months for at in range(12)}
    found = attack(Publication(dict(months)).merged(cells_of(printed)), METRICS, threshold=11)
    assert [round(one.lower, 6) for one in found] == ([] if told is None else [told])


def test_a_reason_of_many_stays_of_few_people_is_gathered() -> None:
    few = replace(parties(20), waits=parties(20).waits.assign(n_persons=[60, 2]))  # type: ignore[union-attr]
    judged = judge(report_inputs(privacy="board", months=14)).drivers
    assert judged is None
    with_few = judge(replace(report_inputs(privacy="board", months=14), drivers=few)).drivers
    assert with_few is not None
    assert with_few.waits is not None
    assert [row.category for row in with_few.waits.pareto.rows] == ["Other"]


COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 400)), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_no_group_is_the_whole_less_the_others(groups: list[tuple[int, int]]) -> None:
    """Groups of one measure, the whole known and not small: cases, events and the rest hold against the attacker."""
    counts = {f"G{at}": GroupCounts(n + e, float(e), n + e, float(e)) for at, (e, n) in enumerate(groups)}
    kinds = {
        COUNTED: {name: one.cases for name, one in counts.items()},
        NUMERATOR: {name: one.events for name, one in counts.items()},
        "rest": {name: one.cases - one.events for name, one in counts.items()},
    }
    assume(not any(is_small(sum(of_groups.values()), 11) for of_groups in kinds.values()))
    table = GroupTable(READMISSION, "payer", counts, counts_events=True, is_share=True)
    hidden = withhold_groups([table], threshold=11)
    for kind, of_groups in kinds.items():
        name = COUNTED if kind == COUNTED else NUMERATOR  # of a withheld group both may be nothing
        numbers: dict[Cell, float | None] = {
            Cell(READMISSION, group, str(LAST), name): None if (READMISSION, "payer", group) in hidden else number
            for group, number in of_groups.items()
        }
        numbers[Cell(READMISSION, WHOLE_SYSTEM, str(LAST), name)] = sum(of_groups.values())
        assert attack(Publication(numbers), METRICS, threshold=11) == []
