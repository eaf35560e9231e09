"""The frozen baseline: which points set the limits, what later points cannot change, and how a report judges by it."""

from __future__ import annotations

import numpy as np
import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.report.words.charts.chart_verdicts import variation_reason
from kpi_pipeline.signals import RULE_SETS, Pattern, evaluate_chart, expected_false_signals, own_pattern
from kpi_pipeline.signals.chance.many_series import icons_by_issue
from kpi_pipeline.signals.chance.multiplicity import stable_series

MONTHS = [f"{2023 + i // 12}-{i % 12 + 1:02d}" for i in range(60)]
EVEN = [11.0, 9.0] * 12


def frozen(values: list[float | None], **options: object) -> object:
    arguments = {"chart": "xmr", "better": "lower", "rules": "frozen-2026", "frozen_points": 24, **options}
    return evaluate_chart(values, periods=MONTHS[: len(values)], **arguments)  # type: ignore[arg-type]


def test_later_points_never_move_the_limits() -> None:
    alone, with_more = frozen([*EVEN]), frozen([*EVEN, 3, 40, 2, 50])
    assert (with_more.points[27].centre, with_more.points[27].upper) == (alone.points[0].centre, alone.points[0].upper)
    phase = with_more.phases[0]
    assert (phase.n_baseline, phase.baseline_first, phase.baseline_last, phase.is_frozen) == (24, 0, 23, True)
    assert not alone.phases[0].is_frozen


def test_missing_ghosted_and_immature_points_are_passed_over_and_do_not_use_up_the_baseline() -> None:
    values = [11.0, 9.0, None, *EVEN[2:], 30.0]
    result = frozen(values, ghosted=[3], immature=["2025-01"])  # positions 3 and 24
    assert [i for i, point in enumerate(result.points) if not point.in_baseline] == [2, 3, 24]
    assert result.phases[0].n_baseline == 23
    assert [point.in_baseline for point in frozen([*values, 30.0, 30.0], ghosted=[3]).points[-4:]] == [
        True, True, False, False,
    ]  # fmt: skip


def test_each_phase_has_a_baseline_of_its_own() -> None:
    result = frozen([*EVEN, *[value - 5 for value in EVEN], 4.0], phases=[24])
    assert [phase.n_baseline for phase in result.phases] == [24, 24]
    assert result.points[-1].centre == 5


def test_old_good_months_are_not_painted_as_improvements_after_an_outside_change() -> None:
    """24 good months, then a lasting deterioration: the whole blame lies with the new months."""
    values = [*EVEN, *[value + 6 for value in EVEN[:12]]]
    result = frozen(values)
    assert {point.point_class for point in result.points[:24]} == {"common_cause"}
    assert {point.point_class for point in result.points[24:]} == {"concern"}
    sliding = evaluate_chart(values, chart="xmr", better="lower")
    assert "improvement" in {point.point_class for point in sliding.points[:24]}


def test_limits_are_trial_limits_below_24_months_and_there_is_no_icon_below_13() -> None:
    assert frozen(EVEN[:12]).variation == "empty"
    assert (frozen(EVEN[:13]).variation, frozen(EVEN[:13]).limits_kind) == ("common_cause", "trial")
    assert (frozen(EVEN[:23]).limits_kind, frozen(EVEN).limits_kind) == ("trial", "fixed")


def test_where_a_series_lies_outranks_where_it_is_heading() -> None:
    above = [30.0 - step for step in range(9)]  # far above the mean, falling every month
    assert frozen([*EVEN, *above]).variation == "concern_high"
    nhs = evaluate_chart([*EVEN, *above], chart="xmr", better="lower", baseline=24)
    assert nhs.variation == "improvement_low"


def test_a_frozen_baseline_of_one_point_is_refused() -> None:
    with pytest.raises(InputError, match="frozen_points"):
        frozen(EVEN, frozen_points=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "rules", "months"),
    [
        ({}, "frozen-2026", 24),
        ({"baseline": "moving"}, "nhs-2024", None),
        ({"baseline": "moving", "rule_set": "ihi"}, "ihi", None),
        ({"rule_set": "nhs-2024"}, "nhs-2024", 24),
    ],
)
def test_the_rules_follow_the_baseline_unless_named(given: dict[str, str], rules: str, months: int | None) -> None:
    settings = Settings.model_validate(given)
    assert (settings.rule_set, settings.frozen_months) == (rules, months)


# --- many series at once ------------------------------------------------------------------------------------------

ICON = {"common_cause": 0, "empty": 0, "neither_high": 1, "neither_low": -1}


@pytest.mark.parametrize("rules", sorted(RULE_SETS))
@pytest.mark.parametrize(("frozen_points", "window"), [(24, None), (None, 24), (None, None), (12, None)])
def test_many_series_at_once_get_the_icons_of_evaluate_chart(
    rules: str, frozen_points: int | None, window: int | None
) -> None:
    series = stable_series(12, 40, Pattern(0.4, 1.0), seed=5)
    series[:6, 26:] += 1.5
    if RULE_SETS[rules].screen_moving_ranges:
        pytest.skip("simulated without screening")
    chart = "run" if rules == "anhoej" else "xmr"
    found = icons_by_issue(series, RULE_SETS[rules], first_issue=20, frozen_points=frozen_points, window=window)
    for row, values in zip(found, series, strict=True):
        for issue, icon in enumerate(row.tolist()):
            month = 20 + issue
            shown = values[max(0, month + 1 - window) if window else 0 : month + 1].tolist()
            result = evaluate_chart(shown, chart=chart, rules=rules, frozen_points=frozen_points)  # type: ignore[arg-type]
            assert ICON[result.variation] == icon, (rules, month)


def test_the_default_keeps_its_promise_of_few_false_icons_and_lasting_detection() -> None:
    """The short form of docs/simulations.md: at most 2.7 % false icons, 85 % seen 12 to 24 months after 2 sigma."""
    rules = RULE_SETS["frozen-2026"]
    stable = stable_series(6000, 60, Pattern(), seed=1)
    assert (icons_by_issue(stable, rules, first_issue=24, frozen_points=24) != 0).mean() <= 0.027
    stable[:, 24:] += 2
    seen = (icons_by_issue(stable, rules, first_issue=24, frozen_points=24) > 0).mean(axis=0)
    assert seen[11:24].min() >= 0.85
    sliding = (icons_by_issue(stable, RULE_SETS["nhs-2024"], first_issue=24, frozen_points=None, window=24) > 0).mean(0)
    assert sliding[23] < 0.05


# --- what chance gives ----------------------------------------------------------------------------------------------


def test_expected_false_icons_follow_rules_baseline_and_pattern() -> None:
    plain = expected_false_signals([36] * 11, rules="nhs-2024", window=24)
    assert 0.24 < plain.chance_of_any_icon < 0.34  # 28 of 100 for independent months
    assert plain.icons == pytest.approx(11 * expected_false_signals([36], rules="nhs-2024", window=24).icons)
    alike = expected_false_signals([36] * 11, rules="nhs-2024", window=24, pattern=Pattern(0.15))
    both = expected_false_signals([36] * 11, rules="nhs-2024", window=24, pattern=Pattern(0.3, 1.0))
    assert 0.38 < alike.chance_of_any_icon < 0.48
    assert 0.80 < both.chance_of_any_icon < 0.92
    assert plain.chance_a_year > plain.chance_of_any_icon
    assert expected_false_signals([12], rules="frozen-2026").icons == 0
    assert expected_false_signals([]).chance_of_any_icon == 0


@pytest.mark.parametrize("truth", [Pattern(0.0, 0.0), Pattern(0.3, 0.0), Pattern(0.0, 1.0), Pattern(0.3, 1.0)])
def test_the_pattern_of_many_series_is_found_without_the_bias_of_short_ones(truth: Pattern) -> None:
    series = stable_series(400, 36, truth, seed=3)
    series[:, 24:] += 3  # a change after the baseline is no resemblance of neighbours
    results = [evaluate_chart(row.tolist(), chart="xmr", periods=MONTHS[:36], frozen_points=24) for row in series]
    found = own_pattern(results)
    assert found.autocorrelation == pytest.approx(truth.autocorrelation, abs=0.06)
    assert found.season == pytest.approx(truth.season, abs=0.25)


def test_no_pattern_is_read_from_short_or_constant_series() -> None:
    assert own_pattern([]) == Pattern()
    assert (
        own_pattern([evaluate_chart([1.0, 2.0] * 5, chart="xmr"), evaluate_chart([4.0] * 30, chart="xmr")]).n_series
        == 0
    )


# --- the index of a point, and rare events ---------------------------------------------------------------------------


def test_an_index_judges_values_divided_by_it_and_draws_lines_times_it() -> None:
    plain = frozen([*EVEN, 10.0])
    index = [1.1 if i % 2 else 0.9 for i in range(25)]
    scaled = frozen([value * one for value, one in zip([*EVEN, 10.0], index, strict=True)], index=index)
    assert scaled.variation == plain.variation
    for point, other, one in zip(scaled.points, plain.points, index, strict=True):
        assert point.centre == pytest.approx(other.centre * one)
        assert point.upper == pytest.approx(other.upper * one)
        assert point.rules == other.rules
    with pytest.raises(InputError, match="index"):
        frozen(EVEN, index=[0.0] * 24)


def test_the_drawn_value_is_the_given_one_to_the_last_digit() -> None:
    values = np.random.default_rng(2).normal(10, 1, 24).tolist()
    result = evaluate_chart(values, chart="xmr", index=[1 / 3 + i for i in range(24)])
    assert [point.value for point in result.points] == values


@pytest.mark.parametrize(("per_month", "variation"), [(0.5, "empty"), (1.5, "common_cause")])
def test_there_is_no_icon_where_less_than_one_event_a_month_is_expected(per_month: float, variation: str) -> None:
    events = [1, 0] * 12 if per_month < 1 else [1, 2] * 12
    result = evaluate_chart(events, chart="u", denominators=[10] * 24, better="lower", target=0.01)
    assert result.variation == variation
    if variation == "empty":
        assert (result.not_judged, result.assurance, result.decided_at) == ("few_events", "none", None)
        assert "too few events" in variation_reason(result)
    rare_misses = [10 - event for event in events]  # nearly all meet it: the misses are the rare events
    assert evaluate_chart(rare_misses, chart="p", denominators=[10] * 24).variation == variation


@pytest.mark.parametrize("unit", ["dollars", "observed over expected"])
def test_a_value_made_of_rare_events_has_no_icon_either(unit: str) -> None:
    """A run of months without a denial is no fall of the dollars denied: 0.1 a month, stable, were icons in 44 %."""
    random = np.random.default_rng(7)
    for expected in (0.1, 0.3, 2.0):
        icons = 0
        for events in random.poisson(expected, size=(40, 36)):
            values = [float(random.lognormal(8, 1, n).sum()) if unit == "dollars" else n / expected for n in events]
            result = evaluate_chart(values, chart="xmr", better="lower", rules="frozen-2026", frozen_points=24)
            icons += result.variation.endswith(("high", "low"))
            if result.not_judged:
                assert "too few events" in variation_reason(result)
        assert icons == 0 if expected < 1 else icons <= 6
