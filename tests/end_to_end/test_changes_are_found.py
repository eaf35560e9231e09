"""The pipeline held to a hospital with known truth: its two changes are found, and nothing else is invented.

Everything runs as for a real hospital: landing folder, build, values, control charts as in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.judgement.figures import read_figures
from kpi_pipeline.judgement.series import evaluate_months
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.signals import ChartResult
from kpi_pipeline.signals.chance.multiplicity import expected_false_signals
from kpi_pipeline.synthetic import generate_hospital

METRICS = load_metrics()
PLACES = ("all", "ERHC", "ERHL", "ERHV")
MONTHS = list(month_range(Month(2023, 11), Month(2026, 10)))
JUDGED = Settings()
ROUNDS_BEGIN, NEW_POLICY_BEGINS = Month(2025, 11), Month(2026, 4)

Charts = Mapping[tuple[str, str], ChartResult]


def charts_of(folder: Path, *, seed: int, scale: float, changes: bool) -> Charts:
    """Every metric at every place, charted as in the report: limits from the first 24 final months, then continued."""
    generate_hospital(folder / "landing", seed=seed, scale=scale, changes=changes)
    build_warehouse(folder / "landing", folder / "hospital.duckdb")
    read = read_values(folder / "hospital.duckdb")
    figures = read_figures(read.values, read.exclusions, METRICS, MONTHS)
    return {
        (metric.name, place): evaluate_months(
            metric,
            MONTHS,
            {one.month: one for one in figures if (one.metric, one.facility_id) == (metric.name, place)},
            targets={},
            rebases=(),
            rules=JUDGED.rule_set,
            frozen_months=JUDGED.frozen_months,
        )
        for metric in METRICS.values()
        for place in PLACES
    }


def first_months(result: ChartResult, side: str) -> list[Month]:
    """The months in which a signal on this side begins."""
    return [MONTHS[signal.positions[0]] for signal in result.signals if signal.side == side]


def is_near(months: list[Month], truth: Month) -> bool:
    return any(abs(month.months_since(truth)) <= 2 for month in months)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Charts:
    return charts_of(tmp_path_factory.mktemp("changed"), seed=20261102, scale=1.0, changes=True)


def test_shorter_stays_are_found_where_the_rounds_began_and_when(changed: Charts) -> None:
    lakeside = changed[("length_of_stay_days", "ERHL")]
    assert lakeside.variation == "improvement_low"
    assert is_near(first_months(lakeside, "low"), ROUNDS_BEGIN)


@pytest.mark.parametrize("place", ["ERHC", "ERHV"])
def test_shorter_stays_are_not_found_where_nothing_changed(changed: Charts, place: str) -> None:
    assert changed[("length_of_stay_days", place)].variation == "common_cause"


@pytest.mark.parametrize("place", PLACES)
def test_more_denials_are_found_everywhere_and_when(changed: Charts, place: str) -> None:
    assert is_near(first_months(changed[("denials_per_100_discharges", place)], "high"), NEW_POLICY_BEGINS)


def test_more_denials_are_the_concern_of_the_month(changed: Charts) -> None:
    assert changed[("denials_per_100_discharges", "all")].variation == "concern_high"


@pytest.mark.parametrize("metric", ["readmission_30d", "initial_assessment_within_24h"])
def test_measures_that_did_not_change_show_no_change(changed: Charts, metric: str) -> None:
    assert {changed[(metric, place)].variation for place in PLACES} == {"common_cause"}


def test_hospitals_without_changes_show_no_more_signals_than_chance_is_said_to_give(tmp_path: Path) -> None:
    found, expected = 0, 0.0
    for seed in (1, 2, 3):
        charts = charts_of(tmp_path / str(seed), seed=seed, scale=0.25, changes=False)
        found += sum(result.variation not in ("common_cause", "empty", "not_judged") for result in charts.values())
        n_points = [result.n_points for result in charts.values()]
        expected += expected_false_signals(n_points, rules=JUDGED.rule_set, frozen_points=JUDGED.frozen_months).icons
    assert found <= expected
