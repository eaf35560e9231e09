"""A number printed in an earlier issue is known for good: what it is now, withheld or not, tells of no few patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure.over_issues import attack_issues
from kpi_pipeline.judgement.disclosure.publication import (
    COUNTED,
    DENOMINATOR,
    LISTED,
    NUMERATOR,
    Cell,
    Publication,
    excluded,
    publish,
    relations_of,
)
from kpi_pipeline.judgement.disclosure.small_numbers import withhold_small_numbers
from kpi_pipeline.judgement.figures import Figure
from tests.support.issues_before import after
from tests.support.small_hospitals import LAST, METRICS, draw_figures

DENIALS, READMISSION, DISCHARGES = "denials_per_100_discharges", "readmission_30d", "discharges"
PLACES = ("A", "B", "C")
ANY = next(figure for figure in draw_figures(5, n_months=1) if figure.metric == READMISSION)

Counts = tuple[int, int]
"""Events and cases of one place."""


def figures_of(metric: str, counts: Sequence[Counts]) -> list[Figure]:
    """The measure at each place and of the whole; every event happened to a patient of its own."""
    sums = [*counts, (sum(one for one, _ in counts), sum(one for _, one in counts))]
    made = []
    for place, (events, cases) in zip((*PLACES, WHOLE_SYSTEM), sums, strict=True):
        n, scale = float(cases), METRICS[metric].scale
        numerator, denominator = (n, None) if metric == DISCHARGES else (float(events), n)
        made.append(
            replace(
                ANY,
                metric=metric,
                facility_id=place,
                numerator=numerator,
                denominator=denominator,
                value=numerator if denominator is None else scale * numerator / denominator if cases >= 25 else None,
                n_listed=n,
                n_counted=n,
                n_event_patients=None if denominator is None else numerator,
                exclusions={},
            )
        )
    return made


def told(*issues: Sequence[Figure]) -> list[object]:
    """What issues in a row tell, each made by the defence that knows those before it."""
    printed: list[Publication] = []
    for figures in issues:
        kept = withhold_small_numbers(figures, METRICS, threshold=11, earlier=after(printed))
        printed.append(publish(kept))
    return list(attack_issues(printed, METRICS, threshold=11))


def test_one_denial_among_many_late_stays_is_not_told() -> None:
    """23 denials of 296 stays; then 24 of 327. 31 stays came late, and one denial: its number is what is protected,
    and 7.3 per 100 of 327 stays would tell it."""
    then = figures_of(DENIALS, [(10, 116), (13, 146), (0, 34)])
    between = figures_of(DENIALS, [(10, 121), (13, 150), (0, 37)])
    now = figures_of(DENIALS, [(10, 128), (13, 158), (1, 41)])
    assert told(then, between, now) == []


def test_what_protected_a_number_in_an_earlier_issue_protects_it_still() -> None:
    """11 denials of B went with the 1 of C, of 12 in all. Two of C now: 11, unchanged and printed, would tell the 1."""
    assert (
        told(figures_of(DENIALS, [(0, 41), (11, 41), (1, 41)]), figures_of(DENIALS, [(0, 41), (11, 41), (2, 40)])) == []
    )


COUNTS = st.tuples(st.integers(0, 40), st.integers(41, 400))
MOVES = st.tuples(st.integers(-3, 12), st.integers(-3, 40))


@settings(max_examples=60, deadline=None)
@given(
    metric=st.sampled_from([DENIALS, READMISSION, DISCHARGES]),
    counts=st.lists(COUNTS, min_size=3, max_size=3),
    moves=st.lists(st.lists(MOVES, min_size=3, max_size=3), min_size=1, max_size=2),
)
def test_no_count_tells_by_how_few_it_moved_since_any_issue(
    metric: str, counts: list[Counts], moves: list[list[Counts]]
) -> None:
    issues = [counts]
    for move in moves:
        issues.append(
            [(min(max(e + more, 0), c + n), c + n) for (e, c), (more, n) in zip(issues[-1], move, strict=True)]
        )
    assert told(*(figures_of(metric, one) for one in issues)) == []


@pytest.mark.parametrize(("n_changed", "n_told"), [(10, 1), (11, 0)])
def test_a_sum_that_many_cases_moved_tells_of_nobody_withheld_or_not(n_changed: int, n_told: int) -> None:
    """Days of three issues: what few changed is told, what eleven changed over two issues is not."""
    cell = Cell("length_of_stay_days", "A", str(LAST), NUMERATOR)
    issues = [Publication({cell: number}) for number in (500.0, 512.0, 530.0)]
    changed = [{}, {cell.place: 4}, {cell.place: n_changed - 4}]
    found = attack_issues([issues[0], issues[2]], METRICS, threshold=11, n_changed=[{}, {cell.place: n_changed}])
    assert len(found) == n_told
    over_all = attack_issues(issues, METRICS, threshold=11, n_changed=changed)
    assert [round(one.lower) for one in over_all if one.lower == 30] == [30] * n_told


def test_an_unchanged_number_printed_before_is_known_now() -> None:
    """40 of one place were printed and nothing of it changed: withheld now, it tells the other place's 5."""
    cells = {place: Cell(DISCHARGES, place, str(LAST), COUNTED) for place in ("A", "B", WHOLE_SYSTEM)}
    then = Publication({cells["A"]: 40.0, cells["B"]: None, cells[WHOLE_SYSTEM]: None})
    now = Publication({cells["A"]: None, cells["B"]: None, cells[WHOLE_SYSTEM]: 45.0})
    nothing = {cells["A"].place: 0}
    assert [one.cell for one in attack_issues([then, now], METRICS, threshold=11, n_changed=[{}, nothing])]


def test_a_case_is_left_out_for_the_first_reason_that_holds() -> None:
    """Without a DRG: 30 of all stays; of the costed ones alone it is fewer, by no more than the two not costed."""
    month = str(LAST)
    index, adjusted = "length_of_stay_index", "case_mix_adjusted_cost_per_case_usd"
    listed = {Cell(name, "A", month, LISTED): 200.0 for name in (index, adjusted)}
    reasons = {
        Cell(index, "A", month, excluded("missing_drg")): 30.0,
        Cell(adjusted, "A", month, excluded("missing_drg")): 29.0,
        Cell(adjusted, "A", month, excluded("not_costed")): 2.0,
        Cell(adjusted, "A", month, excluded("negative_cost")): 0.0,
    }
    relations = [one for one in relations_of(Publication(listed | reasons), METRICS) if len(one.weights) in (2, 4)]
    numbers = listed | reasons
    assert len(relations) == 2
    for one in relations:
        assert one.lower <= sum(weight * numbers[cell] for cell, weight in one.weights.items()) <= one.upper


def test_places_of_which_an_issue_prints_nothing_are_in_its_whole() -> None:
    """A's 39 and no other place stand beside the whole, whose number is withheld: it is not 39 for that."""
    cells = {
        place: Cell("hours_to_initial_assessment", place, str(LAST), DENOMINATOR) for place in (*PLACES, WHOLE_SYSTEM)
    }
    then = Publication(dict(zip(cells.values(), (39.0, 51.0, 37.0, 127.0), strict=True)))
    now = Publication({cells["A"]: 39.0, cells[WHOLE_SYSTEM]: None})
    assert attack_issues([then, now], METRICS, threshold=11) == []
    whole = Publication({cells["A"]: 39.0, cells["B"]: 51.0, cells["C"]: 37.0, cells[WHOLE_SYSTEM]: None})
    assert [one for one in relations_of(whole, METRICS) if (one.lower, one.upper) == (0.0, 0.0)]
    assert not [one for one in relations_of(replace(now, other_places=frozenset("BC")), METRICS) if one.upper == 0.0]
