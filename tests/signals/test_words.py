"""The words: reasons, rule sets, assurance, warnings, as a reader meets them."""

from __future__ import annotations

from typing import get_args

import pytest

from kpi_pipeline.report.words.charts.chart_verdicts import assurance_reason, variation_reason
from kpi_pipeline.report.words.charts.chart_warnings import chart_warning_sentence
from kpi_pipeline.report.words.charts.rule_sets import describe_rule_set
from kpi_pipeline.signals import RULE_SETS, evaluate_chart, find_rule_set
from kpi_pipeline.signals.types import ChartWarning, WarningKind
from tests.support.said import drawn, warned

MONTHS = [f"{2025 + i // 12}-{i % 12 + 1:02d}" for i in range(24)]
BASELINE = [11.0, 9.0] * 6


def reason(points: list[float], **options: object) -> str:
    values = [*BASELINE, *points]
    arguments = {"chart": "xmr", "better": "lower", "baseline": 12, "periods": MONTHS[: len(values)], **options}
    return variation_reason(evaluate_chart(values, **arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([11, 9, 9, 9, 9, 9, 9], "6 points in a row below the mean"),
        ([9.1, 9.2, 9.3, 9.4, 9.5], "6 points rising without a break"),
        ([20], "1 point above the upper limit in January 2026"),
        ([20, 21], "2 of 3 points close to or beyond the upper limit"),
        ([13.6, 11, 13.6], "2 of 3 points close to or beyond the upper limit"),
        ([13.6, 11, 13.6, 13.7], "3 points close to or beyond the upper limit"),
    ],
)
def test_reason_names_the_rule_and_how_many_points(points: list[float], words: str) -> None:
    given = [*points] if points != [20, 21] else [11, 20, 21]
    assert reason(given) == words


def test_reason_of_several_points_outside() -> None:
    assert reason([20, 21], rules="nhs-classic") == "2 points in a row above the upper limit"


def test_reason_speaks_of_the_median_and_of_crossings() -> None:
    values = [float(v) for block in range(4) for v in ([1, 2, 3, 4, 5, 6] if block % 2 else [11, 12, 13, 14, 15, 16])]
    result = evaluate_chart(values, chart="run", better="lower", periods=MONTHS)
    assert variation_reason(result) == (
        "the median is crossed 3 times where chance gives at least 8; the last 6 points are below it"
    )


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        ([f"2026-{month:02d}-01" for month in range(1, 14 - 1)] + ["2027-01-01"], "in January 2027"),
        ([f"2026-01-{day:02d}" for day in range(1, 14)], "at January 13, 2026"),
        ([f"week {week}" for week in range(1, 14)], "at week 13"),
        (None, "at point 13"),
    ],
)
def test_periods_in_words(periods: list[str] | None, words: str) -> None:
    result = evaluate_chart([*BASELINE, 20], chart="xmr", baseline=12, periods=periods)
    assert variation_reason(result) == f"1 point above the upper limit {words}"


def test_assurance_reason_gives_target_and_limits() -> None:
    values = [*BASELINE, 11]
    assert assurance_reason(evaluate_chart(values, chart="xmr", better="lower", target=20)) == (
        "the target 20 lies at or above the upper limit 15.4, and lower is better: nearly every point meets it"
    )
    assert assurance_reason(evaluate_chart(values, chart="xmr", better="higher", target=20)) == (
        "the target 20 lies at or above the upper limit 15.4, and higher is better: hardly any point meets it"
    )
    assert assurance_reason(evaluate_chart(values, chart="xmr", better="lower", target=10)) == (
        "the target 10 lies between the limits 4.757 and 15.4: single points meet or miss it by chance"
    )


def test_every_rule_set_describes_itself_with_its_numbers_and_source() -> None:
    for name, rules in RULE_SETS.items():
        said = describe_rule_set(rules)
        shown, text = dict(said.rules), " ".join(said.notes)
        assert rules.name == name
        for rule, number in (("Shift", rules.shift), ("Trend", rules.trend)):
            assert number is None or shown[rule].startswith(f"{number} or more points")
        if rules.fewest_points_for_icons:
            assert f"need {rules.fewest_points_for_icons} points" in text


def test_the_description_follows_a_changed_number() -> None:
    said = describe_rule_set(find_rule_set("nhs-2024", shift=9, two_of_three="off", across_phases=frozenset()))
    assert dict(said.rules)["Shift"].startswith("9 or more")
    assert "Two of three" not in dict(said.rules)
    assert "no rule looks across a rebase" in " ".join(said.notes)


def test_the_order_of_precedence_is_described_in_order() -> None:
    said = " ".join(describe_rule_set(find_rule_set("nhs-2024")).notes)
    assert "trend, then shift, then two of three, then outside the limits" in said
    said = " ".join(describe_rule_set(find_rule_set("anhoej", outside=True)).notes)
    assert "outside the limits, then long run, then few crossings" in said


def test_laney_is_drawn_or_not_and_says_why() -> None:
    even = {"values": [20, 24, 17, 22, 19, 21, 18, 23] * 3, "denominators": [100] * 24}
    plain = evaluate_chart(**even, chart="p_prime")  # type: ignore[arg-type]
    assert (plain.requested_chart, plain.chart) == ("p_prime", "p_prime")
    assert plain.sigma_z is not None
    assert plain.sigma_z < 1
    assert drawn(plain).endswith("so the limits are those of a p chart: they are never narrowed.")
    assert plain.points[0].upper == evaluate_chart(**even, chart="p").points[0].upper  # type: ignore[arg-type]
    wild = {"values": [5, 40, 8, 35] * 6, "denominators": [100] * 24}
    prime = evaluate_chart(**wild, chart="p_prime")  # type: ignore[arg-type]
    assert prime.chart == "p_prime"
    assert prime.sigma_z is not None
    assert f"the limits are {prime.sigma_z:.2f} times those of a p chart" in drawn(prime)
    assert evaluate_chart(**wild, chart="p_prime", laney="never").chart == "p"  # type: ignore[arg-type]
    narrow = evaluate_chart(**even, chart="p_prime", laney="always")  # type: ignore[arg-type]
    assert narrow.points[0].upper < plain.points[0].upper  # type: ignore[operator]
    alone = evaluate_chart([5], chart="u_prime", denominators=[9])
    assert alone.chart == "u"
    assert "cannot be computed" in drawn(alone)


def test_plain_charts_warn_of_more_or_less_variation_than_chance() -> None:
    wild = evaluate_chart([5, 40, 8, 35] * 6, chart="p", denominators=[100] * 24)
    assert any("draw it as chart p_prime" in warning for warning in warned(wild))
    counts = evaluate_chart([5, 40, 8, 35] * 6, chart="c")
    assert any("draw it as chart xmr" in warning for warning in warned(counts))
    smooth = evaluate_chart([200, 201] * 12, chart="c")
    assert any("smoothed or capped" in warning for warning in warned(smooth))


def test_rare_events_are_pointed_to_g_and_t_charts() -> None:
    rare = evaluate_chart([1, 0, 2, 1], chart="u", denominators=[3, 3, 3, 3])
    assert any("4 points expect fewer than 5 events" in warning for warning in warned(rare))
    near_all = evaluate_chart([99, 98, 97, 99], chart="p", denominators=[100] * 4)
    assert any("fewer than 5 events" in warning for warning in warned(near_all))
    assert not any("fewer than 5" in w for w in warned(evaluate_chart([50] * 4, chart="p", denominators=[100] * 4)))


def test_warnings_name_the_phase_when_there_are_several() -> None:
    result = evaluate_chart([1.0, 3, 2, 4, 3], chart="xmr", phases=[4])
    assert warned(result) == (
        "Phase 1: trial limits, from 4 points; read them with care.",
        "Phase 2: no limits: they need two neighbouring points, and there are 1 usable.",
    )


def test_every_kind_of_warning_has_its_sentence_and_names_its_phase() -> None:
    for kind in get_args(WarningKind):
        one = ChartWarning(kind, 3, phase=2, sigma_z=1.5, bound=1.25, instead="xmr")
        said = chart_warning_sentence(one)
        assert said.startswith("Phase 2: ")
        assert said.endswith(".")
        assert "None" not in said
