"""How large a change is: the level since the signal began against the baseline's, and what that adds up to.

A description of the months of the signal, not an estimate of a cause. Not here: whether there is a signal (`signals`),
words (`report.words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.improvement.drivers.opportunity_result import Opportunity
from kpi_pipeline.judgement.measures import Measure
from kpi_pipeline.metrics.declaration import Metric

Counted = Literal["bed-days", "dollars", "events"]


@dataclass(frozen=True, slots=True)
class ChangeSize:
    """The months of a signal together. before: the baseline's level; since: the months' own, as a ratio of sums.

    amount: since less before, times what the months rest on: bed-days, dollars or events, with its sign; none of a
    stock, whose cases are there again the month after. usd: what the bed-days are worth at the variable cost of a late
    day, lowest and highest by what is assumed of it; both None where no such cost is known.
    """

    before: float
    since: float
    n_months: int
    counted: Counted | None
    amount: float | None
    usd: tuple[float, float] | None = None


def size_of_change(measure: Measure, opportunity: Opportunity | None) -> ChangeSize | None:
    """None without a signal, for a single month, for a count, or where a month's sums may not be known."""
    result, span, metric = measure.result, measure.signal_months, measure.metric
    if result is None or result.decided_at is None or len(span) < 2 or not metric.is_ratio_of_sums:
        return None
    before = result.points[result.decided_at].centre
    figures = [measure.figures[month] for month in span if month in measure.figures]
    sums = [(one.plotted_numerator, one.plotted_denominator) for one in figures]
    known = [(top, bottom) for top, bottom in sums if top is not None and bottom]
    if before is None or not known or len(known) < len(sums):
        return None
    numerator, denominator = sum(top for top, _ in known), sum(bottom for _, bottom in known)
    since = metric.scale * numerator / denominator
    counted = _counted(metric)
    amount = numerator - before * denominator / metric.scale if counted else None
    usd = _worth_of_days(amount, opportunity) if counted == "bed-days" and amount is not None else None
    return ChangeSize(before, since, len(span), counted, amount, usd)


def _counted(metric: Metric) -> Counted | None:
    if metric.is_stock:
        return None
    if metric.unit == "usd":
        return "dollars"
    if metric.kind == "mean" and metric.unit == "days":
        return "bed-days"
    return "events" if metric.kind in ("proportion", "rate") else None


def _worth_of_days(days: float, opportunity: Opportunity | None) -> tuple[float, float] | None:
    """The days at the price of a late day; a range where its share of a mean day is an assumption."""
    price = opportunity.price if opportunity is not None else None
    return None if price is None else (abs(days) * price.lowest, abs(days) * price.highest)
