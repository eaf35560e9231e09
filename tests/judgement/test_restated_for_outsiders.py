"""Numbers by cause in a copy that withholds: no place, no measure and no issue is told by subtracting another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.changes import Change, attack_changes
from kpi_pipeline.judgement.disclosure.publication import DENOMINATOR, NUMERATOR, Cell, Publication
from kpi_pipeline.judgement.disclosure.shown import shown_in
from kpi_pipeline.judgement.restated.judge import figures_with_sums, hide_few, with_all_numbers
from kpi_pipeline.judgement.restated.ledger import Part, Restated, RestatedFigure

COST, DAYS = "total_cost_per_case_usd", "length_of_stay_days"
MAY = Month(2026, 5)


def late(n_cases: int, place: str = WHOLE_SYSTEM, metric: str = COST, n_people: int | None = None) -> RestatedFigure:
    """A figure of 60 cases that so many late ones moved by $900 each."""
    change = 900.0 * n_cases
    return RestatedFigure(
        metric=metric,
        facility_id=place,
        month=MAY,
        was_final=True,
        version_then=1,
        version_now=1,
        numerator_then=60_000.0,
        numerator_now=60_000.0 + change,
        denominator_then=60.0,
        denominator_now=60.0 + n_cases,
        value_then=1000.0,
        value_now=(60_000.0 + change) / (60 + n_cases),
        parts=(Part("late", n_cases, change, float(n_cases), -20.0),),
        n_people=n_people,
    )


def ledger_of(*figures: RestatedFigure) -> Restated:
    return Restated(
        number=1, month=MAY, n_compared=9, figures=figures, defined_anew={}, releases=("1.0 (aaaaaa)", "1.0 (aaaaaa)")
    )


def keys(*figures: RestatedFigure) -> set[tuple[str, str, Month]]:
    return {(one.metric, one.facility_id, one.month) for one in figures}


def numbers(*figures: RestatedFigure, with_sums: set[tuple[str, str, Month]] | None = None) -> list[int]:
    """The cases by cause that outsiders read."""
    known = keys(*figures) if with_sums is None else with_sums
    judged = hide_few(ledger_of(*figures), figures, threshold=11, with_sums=known)
    assert all(
        (sum(p.n_cases for p in one.parts) == 0) == bool(keys(one) & judged.causes_only) for one in judged.figures
    )
    return [sum(part.n_cases for part in one.parts) for one in judged.figures]


def test_they_stand_for_the_whole_alone_since_the_last_place_is_the_whole_less_the_others() -> None:
    """Costs of 20 stays of A, 15 of B and 3 of C came late: 38 less 20 and 15 would be the three, and their dollars."""
    figures = [late(38), late(20, "A"), late(15, "B"), late(3, "C")]
    assert numbers(*figures) == [38, 0, 0, 0]
    assert numbers(*figures, with_sums=set()) == [0, 0, 0, 0]
    assert [
        sum(part.n_cases for part in one.parts) for one in with_all_numbers(ledger_of(*figures), figures).figures
    ] == [
        38,
        20,
        15,
        3,
    ]


@pytest.mark.parametrize(("figure", "told"), [(late(10), 0), (late(11), 11), (late(30, n_people=10), 0)])
def test_they_stand_where_many_are_behind_them(figure: RestatedFigure, told: int) -> None:
    assert numbers(figure) == [told]


@pytest.mark.parametrize(("other", "told"), [(20, 20), (22, 0), (30, 0), (31, 31), (12, 0)])
def test_of_two_measures_whose_numbers_differ_by_few_the_first_alone_prints_them(other: int, told: int) -> None:
    """20 costs came late; with two more, or fewer, of the days those two would be a group of their own."""
    assert numbers(late(20), late(other, metric=DAYS)) == [20, told]


@pytest.mark.parametrize(
    ("now", "then", "is_printed"),
    [
        ((78_000.0, 80.0), (60_000.0, 60.0), True),
        ((None, 80.0), (60_000.0, 60.0), False),
        ((78_000.0, None), (60_000.0, 60.0), False),
        ((78_000.0, 80.0), (None, 60.0), False),
        ((78_000.0, 80.0), (59_999.0, 60.0), False),
    ],
)
def test_they_stand_where_both_issues_print_the_sums(
    now: tuple[float | None, ...], then: tuple[float | None, ...], is_printed: bool
) -> None:
    figure = late(20)
    cells = [Cell(COST, WHOLE_SYSTEM, str(MAY), name) for name in (NUMERATOR, DENOMINATOR)]
    before, after = (Publication(dict(zip(cells, sums, strict=True))) for sums in (then, now))
    found = figures_with_sums(ledger_of(figure), after, shown_in([before]))
    assert found == (keys(figure) if is_printed else set())
    assert figures_with_sums(ledger_of(replace(figure, metric=DAYS)), after, shown_in([before])) == set()


CHANGES = {WHOLE_SYSTEM: 38, "A": 20, "B": 15}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (CHANGES | {"C": 3}, [3.0]),
        (CHANGES | {"C": None}, [3.0]),
        (CHANGES, [3.0]),
        ({WHOLE_SYSTEM: 38, "A": None, "B": None}, []),
        ({WHOLE_SYSTEM: 38, "A": 20}, []),
        ({"A": 20, "B": 15}, []),
    ],
)
def test_the_attacker_takes_the_places_from_the_whole(changes: dict[str, int | None], told: list[float]) -> None:
    by_place = {Change(COST, place, str(MAY), "late"): n for place, n in changes.items()}
    assert [one.lower for one in attack_changes(by_place, {}, 11)] == told


def test_the_attacker_takes_two_measures_of_one_population_from_each_other() -> None:
    both = {Change(metric, WHOLE_SYSTEM, str(MAY), "late"): n for metric, n in ((COST, 20), (DAYS, 22))}
    assert [(one.lower, one.difference_to) for one in attack_changes(both, {COST: "x", DAYS: "x"}, 11)] == [(2, DAYS)]
    assert attack_changes(both, {COST: "x", DAYS: "y"}, 11) == []
