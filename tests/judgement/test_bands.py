"""Bands of provisional figures: by hand, without knowledge from later, and how often they hold where truth is known."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.bands_simulation import DELAYS, RATE, SHARE, coverage
from kpi_pipeline.core.periods import Month
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.judgement.bands import Vintages, band_of
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.vintages import Vintage
from kpi_pipeline.pipeline.history.issue_before import read_issue_before, vintages_before
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.licence import unlicensed
from kpi_pipeline.report.model import FurtherSection
from tests.report.invented_report import DENIALS, METRICS, READMISSION, report_inputs

START = Month(2025, 1)


def of_month(at: int, shown: float, final: float, *, metric: str = DENIALS, known: bool = True) -> list[Vintage]:
    """A month as its own issue showed it, and as the issue after showed it, final."""
    month, version = START.plus(at), METRICS[metric].version
    first = Vintage(metric, version, month, month, shown, False)
    return [first, Vintage(metric, version, month.plus(1), month, final, True)] if known else [first]


def history(moves: Iterable[float]) -> list[Vintage]:
    return [one for at, move in enumerate(moves) for one in of_month(at, 5.0, 5.0 * math.exp(move))]


def test_the_band_is_the_prediction_interval_of_the_next_ratio() -> None:
    moves = [0.1, 0.2, 0.3, 0.1, 0.2, 0.3]  # mean 0.2, standard deviation 0.0894, t(5) at 97.5 % 2.5706
    (shown,) = of_month(6, 4.0, 0.0, known=False)
    band = band_of(shown, Vintages([*history(moves), shown]), METRICS[DENIALS])
    assert band is not None
    half = 2.570582 * 0.0894427 * math.sqrt(1 + 1 / 6)
    assert (band.lower, band.upper) == pytest.approx((4 * math.exp(0.2 - half), 4 * math.exp(0.2 + half)), rel=1e-6)
    assert band.n_months == 6


def test_five_months_are_too_few_and_only_the_last_twelve_count() -> None:
    (shown,) = of_month(5, 4.0, 0.0, known=False)
    assert band_of(shown, Vintages([*history([0.1] * 5), shown]), METRICS[DENIALS]) is None
    (later,) = of_month(14, 4.0, 0.0, known=False)
    band = band_of(later, Vintages([*history([9.0, 9.0, *[0.1, 0.2] * 6]), later]), METRICS[DENIALS])
    assert band is not None
    assert band.n_months == 12
    assert band.upper < 10


def test_what_became_known_later_is_no_part_of_a_band() -> None:
    vintages = history([0.1] * 3 + [0.2] * 4)
    shown = next(one for one in vintages if one.month == START.plus(6) and not one.is_final)
    before = band_of(shown, Vintages([one for one in vintages if one.issued <= shown.issued]), METRICS[DENIALS])
    assert before == band_of(shown, Vintages([*vintages, *of_month(7, 1.0, 99.0)]), METRICS[DENIALS])
    assert before is not None
    assert before.n_months == 6


def test_a_figure_that_never_moved_may_still_move_by_what_is_printed_and_a_share_stays_within_0_and_100() -> None:
    (shown,) = of_month(6, 5.0, 0.0, known=False)
    band = band_of(shown, Vintages([*history([0.0] * 6), shown]), METRICS[DENIALS])
    assert band is not None
    assert (band.lower, band.upper) == pytest.approx((4.9, 5.1))
    high = [one for at in range(6) for one in of_month(at, 60.0 + 6 * at, 99.0, metric=READMISSION)]
    (open_one,) = of_month(6, 99.0, 0.0, metric=READMISSION, known=False)
    capped = band_of(open_one, Vintages([*high, open_one]), METRICS[READMISSION])
    assert capped is not None
    assert capped.upper == 100.0


@pytest.mark.parametrize("kind", [SHARE, RATE])
@pytest.mark.parametrize("delay", DELAYS)
def test_bands_hold_where_the_truth_is_known_also_with_a_changing_delay(kind: str, delay: str) -> None:
    held, _ = coverage(kind, delay, 6)["all"]
    assert 91 <= held <= 98.5  # 12 series of some 50 bands each; the full table is in docs/simulations.md


def page(vintages: list[Vintage]) -> FurtherSection | None:
    inputs = replace(report_inputs(), vintages=tuple(vintages))
    report, judged = build_report(inputs), judge(inputs)
    assert unlicensed(report, judged) == []
    return next((one for one in report.further_sections if one.name == "provisional"), None)


def shown_by_issues(metric: str) -> list[Vintage]:
    """A year and a half of issues of the invented hospital, each month first a little too low."""
    judged = judge(report_inputs())
    figures = judged.system[metric].figures
    found = []
    for back in range(18, 0, -1):
        month = judged.scope.month.plus(-back)
        value = figures[month].number
        assert value is not None
        share = 0.9 if back % 2 else 0.95
        found.append(Vintage(metric, METRICS[metric].version, month, month, value * share, False))
        found.append(Vintage(metric, METRICS[metric].version, month.plus(2), month, value, True))
    return [one for one in found if one.issued < judged.scope.month]


def test_without_earlier_issues_there_is_no_page() -> None:
    assert page([]) is None


def test_the_page_prints_the_back_test_and_what_each_band_rests_on() -> None:
    section = page(shown_by_issues(READMISSION))
    assert section is not None
    tested = section.tables[-1]
    assert tested.caption.startswith("Bands of earlier issues, by what was known then")
    n, held = int(str(tested.rows[0][1])), int(str(tested.rows[0][2]))
    assert n >= 6
    assert section.title == f"Bands held for {held} of {n} provisional figures that are final now"


def test_the_tile_says_where_its_provisional_figure_is_expected_to_end() -> None:
    inputs = replace(report_inputs(), vintages=tuple(shown_by_issues(READMISSION)))
    judged = judge(inputs)
    band = judged.band_of(READMISSION)
    tile = next(one for one in build_report(inputs).front.tiles if one.metric == READMISSION)
    assert band is not None
    assert tile.so_far is not None
    assert tile.so_far.endswith(f"When final, {band.lower:.1f}% to {band.upper:.1f}% is expected (95% band).")


def test_the_archive_is_read_back_issue_by_issue_the_newest_of_a_month_counts(tmp_path: Path) -> None:
    follows = None
    for number, (month, value) in enumerate([("2026-07", 1.0), ("2026-08", 2.0), ("2026-08", 3.0)], 1):
        folder = tmp_path / f"issue-{number}"
        folder.mkdir()
        (folder / "x.figures.csv").write_text(
            "metric,version,facility_id,month,value,maturity\n"
            f"discharges,1,all,{month},{value},provisional\ndischarges,1,A,{month},9,final\n"
            f"discharges,1,all,2026-06,withheld,final\n"
        )
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps({"number": number, "month": month, "follows": follows}))
        follows = {"path": folder.name, "manifest_sha256": sha256_of(manifest)}
    found = vintages_before(read_issue_before(tmp_path, follows), scope="all")
    assert sorted((str(one.month), one.value, one.is_final) for one in found) == [
        ("2026-07", 1.0, False),
        ("2026-08", 3.0, False),
    ]
    assert vintages_before(None, scope="all") == ()
