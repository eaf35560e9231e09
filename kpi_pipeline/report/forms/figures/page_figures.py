"""Every figure of the pages that are not monthly figures of a measure, as records: for figures.csv and `kpi figures`.

As printed: rounded as on the page, and withheld where the page withholds. Not here: the monthly figures of the measures
(`figures_csv`), words.
"""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.core.text.rounding import round_half_up
from kpi_pipeline.improvement.benchmarks import RATIO_DECIMALS, Benchmarks
from kpi_pipeline.improvement.budget import Budget
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.drivers.waits import WaitsByParty
from kpi_pipeline.judgement.judged import Judged
from kpi_pipeline.judgement.tables.denials import JudgedDenials
from kpi_pipeline.judgement.tables.fairness import JudgedFairness
from kpi_pipeline.judgement.tables.totals import JudgedTotals
from kpi_pipeline.metrics.gaps import Gap
from kpi_pipeline.report.forms.figures.driver_figures import driver_figures
from kpi_pipeline.report.forms.figures.initiative_figures import initiative_figures
from kpi_pipeline.report.forms.figures.page_figure import ALL, PageFigure
from kpi_pipeline.report.words.numbers import rounded_dollars


def page_figures(judged: Judged) -> tuple[PageFigure, ...]:
    """The figures of all these pages, in their order; none where a page has nothing to say."""
    found: list[PageFigure] = []
    if judged.drivers is not None and judged.drivers.has_content:
        found += driver_figures(judged.drivers)
    if judged.denials is not None:
        found += _denials(judged.denials)
    if judged.drivers is not None and judged.drivers.waits is not None and judged.drivers.waits.by_party is not None:
        found += _wait_parties(judged.drivers.waits.by_party)
    if judged.totals is not None:
        found += _totals(judged.totals)
    if judged.budget is not None:
        found += _budget(judged.budget)
    if judged.fairness is not None:
        found += _fairness(judged.fairness)
    if judged.benchmarks is not None:
        found += _benchmarks(judged.benchmarks)
    for one in judged.programme:
        found += initiative_figures(judged, one)
    return tuple(found)


def _denials(denials: JudgedDenials) -> Iterator[PageFigure]:
    for table in denials.tables:
        for row in table.rows:
            part, item = f"denials_by_{table.by}", row.name or "not recorded"
            hidden = Withheld.COMPLEMENT if row.is_withheld else None
            yield PageFigure("barriers", part, item, "denials", hidden or row.n_denials, "denials")
            yield PageFigure("barriers", part, item, "denied_usd", hidden or rounded_dollars(row.usd), "usd")
            yield PageFigure("barriers", part, item, "share", hidden or row.share_pct, "percent")
            for metric, span in denials.outcomes:
                value = row.outcomes.get(metric.name)
                if value is not None:
                    printed = value if isinstance(value, Withheld) else round_half_up(value, metric.decimals)
                    months = (span.first, span.last)
                    yield PageFigure("barriers", part, item, metric.name, printed, metric.unit, months=months)


def _wait_parties(waits: WaitsByParty) -> Iterator[PageFigure]:
    for reason, (cells, _) in waits.rows.items():
        for party, cell in zip(waits.parties, cells, strict=True):
            yield PageFigure("barriers", f"avoidable_days/{reason}", party or "not recorded", "days", cell, "days")


def _totals(totals: JudgedTotals) -> Iterator[PageFigure]:
    for row in totals.rows:
        metric = row.metric
        for name, cell in (("year_to_date", row.year), ("twelve_months", row.twelve)):
            if isinstance(cell.value, Withheld):
                yield PageFigure("totals", metric.name, ALL, name, cell.value, metric.unit)
            elif cell.value is not None:
                yield PageFigure(
                    "totals", metric.name, ALL, name, round_half_up(cell.value, metric.decimals), metric.unit
                )
        if row.plan is not None:
            yield PageFigure("totals", metric.name, ALL, "plan_year_to_date", row.plan, metric.unit)


def _budget(budget: Budget) -> Iterator[PageFigure]:
    for span, table in (("month", budget.month), ("year_to_date", budget.year)):
        for line in (*table.lines, table.all):
            dollars = {"planned": line.planned, "actual": line.actual, "variance": line.variance, "price": line.price}
            if line.is_flexed:
                dollars |= {"flexed": line.flexed, "volume": line.volume, "mix": line.mix}
            for name, amount in dollars.items():
                yield PageFigure("budget", span, line.account, name, float(amount), "usd")


def _fairness(fairness: JudgedFairness) -> Iterator[PageFigure]:
    """The printed gaps. Cases are whole numbers; a row that is withheld tells nothing, not even that it is there."""
    for table in fairness.tables:
        for group in table.groups:
            for metric in fairness.metrics:
                gap = table.gaps[group].get(metric.name)
                if not isinstance(gap, Gap) or gap.difference is None or gap.lower is None or gap.upper is None:
                    continue
                part, decimals = f"{table.dimension}/{metric.name}", metric.decimals
                numbers = [round_half_up(one, decimals) for one in (gap.difference, gap.lower, gap.upper)]
                span = fairness.spans[metric.name]
                months = (span.first_month, span.last_month)
                yield PageFigure("fairness", part, group, "cases", gap.n_cases, "cases", months=months)
                value, lower, upper = numbers
                yield PageFigure("fairness", part, group, "difference", value, metric.unit, lower, upper, months)


def _benchmarks(benchmarks: Benchmarks) -> Iterator[PageFigure]:
    """Ours and CMS's, as printed; what CMS does not give is no number and not here."""
    unit, decimals = benchmarks.metric.unit, benchmarks.metric.decimals
    for one in benchmarks.facilities:
        for row in one.rows:
            part, item = one.facility_id, row.condition
            if row.n_cases is not None:
                yield PageFigure("benchmarks", part, item, "cases", row.n_cases, "cases")
            if row.value is not None:
                yield PageFigure("benchmarks", part, item, "value", round_half_up(row.value, decimals), unit)
            published = {
                "discharges": (row.published_discharges, "discharges", 0),
                "readmissions": (row.published_readmissions, "cases", 0),
                "predicted": (row.predicted_pct, "percent", decimals),
                "expected": (row.expected_pct, "percent", decimals),
                "ratio": (row.excess_ratio, "ratio", RATIO_DECIMALS),
            }
            for name, (value, of, places) in published.items():
                if value is not None:
                    yield PageFigure(
                        "benchmarks", part, item, f"published_{name}", round_half_up(float(value), places), of
                    )
