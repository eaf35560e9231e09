"""The attacker against the defence: whatever is published together, no small count or few patients' sum comes out.

Each leak the defence closes is found again once that part of it is switched off, so the attacker is no straw man.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.disclosure_simulation import issues_apart
from kpi_pipeline.core.periods import Month
from kpi_pipeline.judgement.disclosure.attack import Finding, attack, few_people_shown
from kpi_pipeline.judgement.disclosure.counts import Withheld, is_small
from kpi_pipeline.judgement.disclosure.earlier import NOTHING_EARLIER, Earlier
from kpi_pipeline.judgement.disclosure.narrowing import Equation, System, is_narrow
from kpi_pipeline.judgement.disclosure.over_issues import attack_issues
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    NUMERATOR,
    Cell,
    Publication,
    Relation,
    excluded,
    publish,
)
from kpi_pipeline.judgement.disclosure.shown import shown_in
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.disclosure.year_totals import total_tells_months
from kpi_pipeline.judgement.figures import Figure
from tests.support.issues_before import after
from tests.support.small_hospitals import LAST, METRICS, draw_figures, draw_issues

ADJUSTED, COST = "case_mix_adjusted_cost_per_case_usd", "total_cost_per_case_usd"
AVOIDABLE, READMISSION = "avoidable_days_per_100_discharges", "readmission_30d"


def withheld(figures: Sequence[Figure]) -> list[Figure]:
    return withhold_small_numbers(figures, METRICS, threshold=11)


def attacked(figures: Sequence[Figure]) -> list[Finding]:
    return attack(publish(figures), METRICS, threshold=11)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_withheld_of_a_small_hospital_can_be_worked_out(seed: int) -> None:
    """Board copies of the whole and of all three facilities, every form: all figures together."""
    assert attacked(withheld(draw_figures(seed, n_months=1))) == []


@pytest.mark.parametrize("seed", [1, 4])
def test_three_issues_in_a_row_tell_no_more_than_each(seed: int) -> None:
    """Each issue shows the months up to its own; what it withholds of a month, the others withhold too."""
    figures = draw_figures(seed, n_months=3)
    whole = Publication()
    for issue in range(3):
        last = LAST.plus(issue - 2)
        whole = whole.merged(publish(withheld([one for one in figures if one.month <= last])))
    assert len(whole.numbers) == len(publish(figures).numbers)
    assert attack(whole, METRICS, threshold=11) == []


def test_exclusions_that_happen_to_be_equal_are_one_number_to_whoever_reads_them() -> None:
    """All of 25 uncoded stays were costed, too: two measures' exclusions, one number, and with it a third is told."""
    month = LAST.plus(-2)
    figures = [one for one in draw_figures(32, n_months=3) if one.month == month]
    assert attacked(withheld(figures)) == []


def shown_in_a_row(seed: int, *, remembers: bool) -> list[Finding]:
    """What two issues tell; the second knows the first, or does not. Stays are late, costed late, corrected."""
    issues, n_changed = draw_issues(seed, n_issues=2)
    printed: list[Publication] = []
    for figures, changed in zip(issues, n_changed, strict=True):
        earlier = after(printed, changed) if remembers else NOTHING_EARLIER
        printed.append(publish(withhold_small_numbers(figures, METRICS, threshold=11, earlier=earlier)))
    return attack_issues(printed, METRICS, threshold=11, n_changed=n_changed)


@pytest.mark.parametrize("seed", [10, 13])
def test_an_issue_less_the_one_before_tells_nothing_of_the_few_who_came_between(seed: int) -> None:
    assert shown_in_a_row(seed, remembers=False)
    assert shown_in_a_row(seed, remembers=True) == []


def test_copies_of_some_places_to_some_readers_tell_nothing_side_by_side() -> None:
    """Two boards of the whole and one of each place, each of which gets some issues and others not."""
    issues, n_changed = draw_issues(2)
    knowing, not_knowing = (issues_apart(2, issues, n_changed, knows_all=knows) for knows in (True, False))
    assert attack_issues(not_knowing, METRICS, threshold=11, n_changed=n_changed)
    assert attack_issues(knowing, METRICS, threshold=11, n_changed=n_changed) == []


def test_the_costs_of_one_late_stay_are_not_the_difference_of_two_issues() -> None:
    """1,000 stays of $12,000,000, then 1,001 of $12,040,000: both sums go, and the mean stays, rounded to a dollar."""
    one = next(figure for figure in draw_figures(5, n_months=1) if figure.metric == COST)
    then = _costs(one, 12_000_000.0, 1000.0)
    now = _costs(one, 12_040_000.0, 1001.0)
    earlier = after([publish(withheld([then]))], {(COST, one.facility_id, str(one.month)): 1})
    (shown,) = withhold_small_numbers([now], METRICS, threshold=11, earlier=earlier)
    assert isinstance(shown.numerator, Withheld)
    assert isinstance(shown.denominator, Withheld)
    many = after([publish(withheld([then]))], {(COST, one.facility_id, str(one.month)): 11})
    (later,) = withhold_small_numbers([_costs(one, 12_900_000.0, 1011.0)], METRICS, threshold=11, earlier=many)
    assert (later.numerator, later.denominator) == (12_900_000.0, 1011.0)


def test_a_batch_that_was_missing_for_an_issue_does_not_hide_the_one_patient_who_came_besides() -> None:
    """1,000 stays; then 980, a file of twenty patients lacking; then 1,012: those again, and twelve of one patient.

    Twenty-one patients are behind the change since the second issue, so it would be printed. Less the first issue's sum
    it is the twelve stays of one, and twelve cases more, which by themselves look like many.
    """
    one = next(figure for figure in draw_figures(5, n_months=1) if figure.metric == COST)
    place = (COST, one.facility_id, str(one.month))
    first, second = _costs(one, 12_000_000.0, 1000.0), _costs(one, 11_760_000.0, 980.0)
    now = _costs(one, 12_144_000.0, 1012.0)
    printed = [publish(withheld([first]))]
    (then,) = withhold_small_numbers([second], METRICS, threshold=11, earlier=after(printed, {place: 20}))
    printed.append(publish([then]))
    assert [issue.numbers[Cell(*place, NUMERATOR)] for issue in printed] == [12_000_000.0, 11_760_000.0]
    asked: list[int] = []

    def behind(at: int) -> dict[tuple[str, str, str], int]:
        asked.append(at)
        return {place: [1, 21][at]}

    (leaking,) = withhold_small_numbers([now], METRICS, threshold=11, earlier=after(printed, {place: 21}))
    assert leaking.numerator == 12_144_000.0  # $144,000 more than the first issue: what the defence must not print
    earlier = Earlier(shown_in(printed), behind)
    (shown,) = withhold_small_numbers([now], METRICS, threshold=11, earlier=earlier)
    assert isinstance(shown.numerator, Withheld)
    assert isinstance(shown.value, Withheld)  # times 1,012 it is the sum, to $506
    assert set(asked) == {0}
    asked.clear()
    (again,) = withhold_small_numbers([second], METRICS, threshold=11, earlier=earlier)
    assert again.numerator == 11_760_000.0
    assert asked == []  # a number that did not move since needs no looking


def _costs(one: Figure, usd: float, n: float) -> Figure:
    known = replace(one, numerator=usd, denominator=n, value=usd / n, n_listed=n, n_counted=n)
    return replace(known, exclusions=dict.fromkeys(one.exclusions, 0.0))


# ── the defence switched off, part by part ───────────────────────────────────────────────────────────────────


def test_without_the_complement_the_whole_less_the_others_tells_a_facility() -> None:
    figures = draw_figures(3, n_months=1)
    only_small = [
        replace(
            one,
            **{
                name: Withheld.SMALL if is_small(number, 11) else number
                for name, number in (("numerator", one.numerator), ("n_counted", one.n_counted))
                if isinstance(number, float)
            },
            exclusions={
                reason: Withheld.SMALL if isinstance(count, float) and is_small(count, 11) else count
                for reason, count in one.exclusions.items()
            },
        )
        for one in figures
    ]
    assert any(finding.lower == finding.upper for finding in attacked(only_small))


def test_with_the_sums_of_ratios_printed_the_cost_of_a_few_patients_is_told() -> None:
    """Costed less costed and coded: the cost of those without a DRG, to the cent."""
    for seed in range(20):
        figures = draw_figures(seed, n_months=1)
        kept = withheld(figures)
        as_before = [
            replace(new, numerator=old.numerator, denominator=old.denominator) if new.metric == ADJUSTED else new
            for new, old in zip(kept, figures, strict=True)
        ]
        found = [one for one in attacked(as_before) if one.difference_to]
        if found:
            one = found[0]
            assert one.lower == one.upper > 0
            return
    pytest.fail("no hospital of twenty had a few patients without a DRG")


def test_many_days_of_one_patient_are_withheld_as_that_patient_is() -> None:
    """49 avoidable days, one patient behind them: the number of events is large, the number of patients is not."""
    figures = [one for one in draw_figures(5, n_months=1) if one.metric == AVOIDABLE]
    alone = [
        replace(one, numerator=49.0, n_event_patients=1.0, value=49.0) if one.facility_id in ("A", "all") else
        replace(one, numerator=0.0, n_event_patients=0.0, value=0.0)
        for one in figures
    ]  # fmt: skip
    assert {one.facility_id for one in withheld(alone) if isinstance(one.numerator, Withheld)} >= {"A"}
    unknown = [replace(one, n_event_patients=None) for one in alone]
    assert not any(isinstance(one.numerator, Withheld) for one in withheld(unknown) if one.facility_id == "A")
    people = {(one.metric, one.facility_id, str(one.month)): one.n_event_patients or 0.0 for one in alone}
    found = few_people_shown(publish(withheld(unknown)), METRICS, people, threshold=11)
    assert [one.cell.facility_id for one in found] == ["A", "all"]
    assert few_people_shown(publish(withheld(alone)), METRICS, people, threshold=11) == []


def test_a_total_of_twelve_months_tells_the_one_that_is_withheld() -> None:
    months = [LAST.plus(-at) for at in range(12)]
    known = _months_of(months, {months[3]: 7.0})
    printed = {**known, months[3]: replace(known[months[3]], numerator=Withheld.SMALL)}
    assert total_tells_months(printed, known, months, threshold=11)
    assert not total_tells_months(known, known, months, threshold=11)
    more = {**printed, months[5]: replace(known[months[5]], numerator=Withheld.COMPLEMENT)}
    assert not total_tells_months(more, known, months, threshold=11)


def test_a_total_less_the_one_a_month_before_tells_the_month_between() -> None:
    """August a year ago is withheld and left the window; of the twelve months themselves two are, and safe."""
    months = [LAST.plus(-at) for at in reversed(range(12))]
    known = _months_of([months[0].plus(-1), *months], {})
    hidden = {month: replace(known[month], numerator=Withheld.COMPLEMENT) for month in (months[4], months[6])}
    assert not total_tells_months(known | hidden, known, months, threshold=11)
    gone = months[0].plus(-1)
    hidden[gone] = replace(known[gone], numerator=Withheld.SMALL)
    assert total_tells_months(known | hidden, known, months, threshold=11)


def test_two_small_months_are_told_by_their_small_sum() -> None:
    months = [LAST.plus(-at) for at in range(12)]
    known = _months_of(months, {months[3]: 4.0, months[5]: 5.0})
    printed = known | {month: replace(known[month], numerator=Withheld.SMALL) for month in (months[3], months[5])}
    assert total_tells_months(printed, known, months, threshold=11)


def _months_of(months: Sequence[Month], numerators: dict[Month, float]) -> dict[Month, Figure]:
    one = next(figure for figure in draw_figures(5, n_months=1) if figure.metric == READMISSION)
    return {month: replace(one, month=month, numerator=numerators.get(month, 40.0)) for month in months}


def test_two_labels_would_tell_a_small_count_from_the_one_that_protects_it() -> None:
    """3 and 15 withheld of 18: "fewer than 11" on one says that the other is 11 at least, and so 3 at most 7."""
    total = [Equation((0, 1), 18.0)]
    assert is_narrow(*(ends[0] for ends in System(total, np.array([1.0, 11.0])).bounds()), 11)
    assert not is_narrow(*(ends[0] for ends in System(total, np.array([1.0, 1.0])).bounds()), 11)
    small, other, whole = (Cell("discharges", place, str(LAST), COUNTED) for place in ("A", "B", "all"))
    one_label = Publication({small: None, other: None, whole: 18.0})
    two_labels = [Relation({small: 1.0}, 1.0, 10.0), Relation({other: 1.0}, 11.0, float("inf"))]
    assert attack(one_label, METRICS, threshold=11) == []
    found = attack(one_label, METRICS, threshold=11, known=two_labels)
    assert [(one.cell.facility_id, one.lower, one.upper) for one in found] == [("A", 1, 7)]


def test_values_and_sums_together_tell_withheld_sums() -> None:
    """Two places withheld: two sums and two values are four equations for four unknowns."""
    for seed in range(40):
        figures = draw_figures(seed, n_months=1)
        kept = withheld(figures)
        value_of = {(one.metric, one.facility_id): one for one in figures}
        as_before = [
            replace(one, value=value_of[one.metric, one.facility_id].value)
            if one.metric in (COST, ADJUSTED) and isinstance(one.value, Withheld)
            else one
            for one in kept
        ]
        if any(one.cell.metric in (COST, ADJUSTED) for one in attacked(as_before)):
            assert attacked(kept) == []
            return
    pytest.fail("no hospital of forty had costs that values tell")


def test_a_small_number_of_staff_is_no_patient() -> None:
    """Two licences of three expired: printed; the same numbers of patients: withheld."""
    one = next(figure for figure in draw_figures(5, n_months=1) if figure.metric == READMISSION)
    few = replace(one, numerator=2.0, denominator=3.0, value=66.7, n_listed=3.0, n_counted=3.0, exclusions={})
    (staff,) = withheld([replace(few, metric="licences_expired", n_event_patients=None)])
    (patients,) = withheld([few])
    assert (staff.numerator, staff.value) == (2.0, 66.7)
    assert isinstance(patients.numerator, Withheld)
    assert not METRICS["licences_expired"].counts_patients


def test_hours_of_staff_near_to_a_sum_of_patients_are_not_taken_for_it() -> None:
    """Costs of 40 stays and the same less three: told. The same two numbers, one of them of staff: nothing."""

    def sums(other: str) -> Publication:
        made = Publication()
        for metric, total, cases in ((COST, 400.0, 40.0), (other, 370.0, 37.0)):
            for name, number in ((NUMERATOR, total), (COUNTED, cases)):
                made.numbers[Cell(metric, "A", str(LAST), name)] = number
        return made

    staff = METRICS[ADJUSTED].model_copy(update={"counts_patients": False})
    told = attack(sums(ADJUSTED), METRICS, threshold=11)
    assert [(one.cell.metric, one.lower) for one in told if one.difference_to] == [(COST, 30.0)]
    assert [
        one for one in attack(sums(ADJUSTED), {**METRICS, ADJUSTED: staff}, threshold=11) if one.difference_to
    ] == []


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────


def test_bounds_pass_along_sums() -> None:
    """a + b = 14, b + c = 18, c ≥ 1, and c + d = 20 with d ≥ 8: c ≤ 12, so b ≥ 6, so a ≤ 8."""
    a, b, c, d = range(4)
    equations = [Equation((a, b), 14.0), Equation((b, c), 18.0), Equation((c, d), 20.0)]
    lower, upper = System(equations, np.array([1.0, 1.0, 1.0, 8.0])).bounds()
    assert (lower[a], upper[a]) == (1.0, 8.0)
    assert (lower[b], upper[b]) == (6.0, 13.0)
    assert is_narrow(lower[a], upper[a], 11)


@pytest.mark.parametrize(("low", "high", "told"), [(1, 10, False), (1, 9, True), (5, 5, True), (11, 12, False)])
def test_narrow_is_fewer_numbers_than_there_are_small_ones(low: float, high: float, told: bool) -> None:
    assert is_narrow(low, high, 11) is told


def test_a_count_that_nothing_bounds_is_not_called_solved() -> None:
    """The whole and A printed as rounded values alone, the sums of all withheld: B's costed stays may be any number.
    HiGHS calls the program with whole numbers solved, at exactly one."""
    (first, second, _), n_changed = draw_issues(64, n_issues=3)
    earlier = after([publish(withheld(first))], n_changed[1])
    now = publish(withhold_small_numbers(second, METRICS, threshold=11, earlier=earlier))
    assert all(now.numbers[Cell(COST, place, str(LAST.plus(-2)), COUNTED)] is None for place in ("B", "C"))
    assert attack(now, METRICS, threshold=11) == []


def test_a_number_one_copy_prints_and_another_withholds_is_known() -> None:
    cell = Cell(READMISSION, "A", "2026-10", NUMERATOR)
    assert Publication({cell: None}).merged(Publication({cell: 5.0})).numbers == {cell: 5.0}


def test_a_month_restated_in_between_is_another_number() -> None:
    cell, other = (Cell(READMISSION, "A", "2026-10", name) for name in (NUMERATOR, excluded("died")))
    merged = Publication({cell: 40.0, other: None}).merged(Publication({cell: 41.0, other: None}))
    assert len(merged.numbers) == 4
    assert sorted(number for number in merged.numbers.values() if number) == [40.0, 41.0]
