"""How large a change is: by hand on a series of which every number is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kpi_pipeline.improvement.drivers.opportunity_result import Opportunity
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.judgement.tables.size import ChangeSize, size_of_change
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.report.words.size import size_words
from tests.report.invented_report import DENIALS, LOS, READMISSION, report_inputs

PRICED = Opportunity(
    rungs=(None, None, None),  # type: ignore[arg-type]
    capture=None,
    late_day_usd=600.0,
    last_day_share=0.6,
    share_is_assumed=True,
    capacity=None,
    comparator=None,
    seed=1,
    n_resamples=1,
)


def measure(name: str, *, before: float, since: float, months: int = 36, last: int = 8) -> Measure:
    """A measure at one level (a small steady wave on it) and at another in its last months."""

    def ratio(place: int) -> float:
        wave = 1 + 0.004 * (-1) ** place
        return (since if place >= months - last else before) * wave

    return judge(report_inputs(months=months, ratios={name: ratio})).system[name]


def test_bed_days_are_the_difference_of_levels_times_discharges() -> None:
    stays = measure(LOS, before=5.0, since=4.5)
    size = size_of_change(stays, PRICED)
    assert size is not None
    n = len(stays.signal_months)
    denominators = sum(stays.figures[month].plotted_denominator or 0 for month in stays.signal_months)
    assert (size.n_months, size.counted) == (n, "bed-days")
    assert size.before == pytest.approx(5.0, rel=0.01)
    assert size.since == pytest.approx(4.5, rel=0.02)  # the run may take in the month before the change
    assert size.amount == pytest.approx((size.since - size.before) * denominators)
    assert size.usd == pytest.approx((abs(size.amount) * 400, abs(size.amount) * 800))  # 0.4 and 0.8 of 1,000


def test_a_declared_price_gives_one_amount_and_no_price_gives_none() -> None:
    stays = measure(LOS, before=5.0, since=4.5)
    declared = size_of_change(stays, replace(PRICED, share_is_assumed=False))
    assert declared is not None
    assert declared.usd is not None
    assert declared.usd[0] == declared.usd[1]
    without = size_of_change(stays, None)
    assert without is not None
    assert without.usd is None


def test_rates_and_proportions_are_counted_in_events_and_never_priced() -> None:
    for name, before, since in ((DENIALS, 0.06, 0.08), (READMISSION, 0.14, 0.18)):
        size = size_of_change(measure(name, before=before, since=since), PRICED)
        assert size is not None
        assert (size.counted, size.usd) == ("events", None)
        assert size.amount is not None
        assert size.amount > 0


def test_a_stock_has_levels_and_no_sum_of_its_months() -> None:
    flow = measure(READMISSION, before=0.14, since=0.18)
    stock = replace(flow, metric=flow.metric.model_copy(update={"is_stock": True}))
    size = size_of_change(stock, PRICED)
    assert size is not None
    assert size.since > size.before
    assert (size.counted, size.amount) == (None, None)
    assert size_words(stock, size).endswith(" in these months against 14.0%.")


def test_no_signal_has_no_size() -> None:
    assert size_of_change(measure(LOS, before=5.0, since=5.0), PRICED) is None


def test_a_month_whose_sums_are_withheld_takes_the_size_with_it() -> None:
    stays = measure(LOS, before=5.0, since=4.5)
    month = stays.signal_months[0]
    hidden = {**stays.figures, month: replace(stays.figures[month], plotted_numerator=None)}
    assert size_of_change(replace(stays, figures=hidden), PRICED) is None


def test_every_measure_whose_cases_are_of_a_month_end_is_a_stock() -> None:
    """Their case ids carry the day, so that a case of two months is two."""
    for name, metric in load_metrics().items():
        assert metric.is_stock == ("month_end" in metric.sql.partition("AS case_id")[0]), name


LEVELS = "4.71 days in these months against 4.88"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (
            ChangeSize(4.88, 4.71, 8, "bed-days", -5123.0, (2_049_200.0, 4_098_400.0)),
            f"{LEVELS}: about 5,100 fewer bed-days, $2.0 million to $4.1 million at the variable cost of a late day.",
        ),
        (ChangeSize(4.88, 4.71, 8, "bed-days", 12.4), f"{LEVELS}: about 12 more bed-days."),
        (ChangeSize(4.88, 4.71, 8, "dollars", -7_812_345.0), f"{LEVELS}: about $7.8 million less."),
        (ChangeSize(4.88, 4.71, 8, "events", -338.0), f"{LEVELS}: about 340 fewer than at that level."),
        (ChangeSize(4.88, 4.71, 8, "events", 0.2), f"{LEVELS}."),
        (ChangeSize(4.88, 4.71, 8, None, None), f"{LEVELS}."),
        (None, ""),
    ],
)
def test_the_words_are_no_finer_than_the_months_allow(size: ChangeSize | None, words: str) -> None:
    assert size_words(measure(LOS, before=5.0, since=4.5), size) == words
