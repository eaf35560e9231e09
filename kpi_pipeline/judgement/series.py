"""A metric's monthly figures as the signals room wants them: one series in, one evaluated chart out.

The plotted values are the printed figures, so that chart, target and table speak of the same number. In
particular the mean length of stay is charted as the arithmetic mean it is printed as, not on logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.periods import Month
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.judgement.figures import Figure
from kpi_pipeline.judgement.rebase_faults import rebase_faults
from kpi_pipeline.metrics.declaration import Metric, Target
from kpi_pipeline.signals import ChartResult, evaluate_chart, find_rule_set, fit_month_index
from kpi_pipeline.signals.chart_choice import chart_uses
from kpi_pipeline.signals.rebase import RebaseCheck, RebaseDecision, check_rebase

DAYS_OF_A_MONTH = 365.25 / 12
FEWEST_MONTHS_FOR_SEASON = 24

_NOT_MONTHLY = ("g", "t")
"""Charts of the gaps between rare events; a monthly figure is not such a gap."""


def evaluate_months(
    metric: Metric,
    months: Sequence[Month],
    figures: Mapping[Month, Figure],
    *,
    targets: Mapping[Month, Target | None],
    rebases: Sequence[Rebase],
    rules: str,
    frozen_months: int | None,
) -> ChartResult:
    """The control chart of these months. frozen_months: limits from the first so many final months; None: from all.

    Months without a figure are missing; months that are not final are hollow.
    """
    values, arguments = _series(metric, months, figures)
    rule_set = find_rule_set(rules)
    index, waits_for_season = _index(metric, months, figures, frozen_months)
    if waits_for_season:
        needed = max(FEWEST_MONTHS_FOR_SEASON, rule_set.fewest_points_for_icons)
        rule_set = replace(rule_set, fewest_points_for_icons=needed)
    limits = [target.value if target else None for target in (targets.get(month) for month in months)]
    return evaluate_chart(
        values,
        target=limits if any(limit is not None for limit in limits) else None,
        phases=[str(one.from_month) for one in rebases],
        rules=rule_set,
        frozen_points=frozen_months,
        index=index,
        **arguments,
    )


def judge_rebases(
    metric: Metric, figures: Mapping[Month, Figure], rebases: Sequence[Rebase], *, rules: str, frozen_months: int | None
) -> tuple[list[Fault], list[RebaseCheck]]:
    """Why rebases of one chart may not stand, each tested on the months known when it was decided; and the checks of
    those that may, with what to be careful about."""
    faults: list[Fault] = []
    allowed: list[RebaseCheck] = []
    for at, rebase in enumerate(rebases):
        known = [month for month in sorted(figures) if month <= Month.of(rebase.decided_on)]
        place = f"rebase {rebase.key}"
        if not known or not known[0] < rebase.from_month <= known[-1]:
            covered = f"figures go from {known[0]} to {known[-1]}" if known else "there are no figures"
            faults.append(
                Fault(place, f"needs figures before and after its first month; {covered}.", "Choose another month.")
            )
            continue
        values, arguments = _series(metric, known, figures)
        decision = RebaseDecision(
            str(rebase.from_month), rebase.reason, rebase.decided_by, rebase.decided_on, is_trial=rebase.trial
        )
        earlier = [str(one.from_month) for one in rebases[:at] if known[0] < one.from_month]
        check = check_rebase(
            values,
            decision=decision,
            rules=rules,
            phases=earlier,
            frozen_points=frozen_months,
            index=_index(metric, known, figures, frozen_months)[0],
            **arguments,
        )
        faults += rebase_faults(place, check)
        allowed += [check] if check.is_allowed else []
    return faults, allowed


def _index(
    metric: Metric, months: Sequence[Month], figures: Mapping[Month, Figure], frozen_months: int | None
) -> tuple[list[float] | None, bool]:
    """What each month is divided by before it is judged, and whether its season is not known yet.

    Calendar days are known. The season is one of the baseline's own months, and needs 24 of them: until then a
    measure that declares one has no icon.
    """
    if not metric.chart_adjusts_for:
        return None, False
    index = [1.0] * len(months)
    if "calendar_days" in metric.chart_adjusts_for:
        index = [month.last_day.day / DAYS_OF_A_MONTH for month in months]
    if "season" not in metric.chart_adjusts_for:
        return index, False
    final = [figure if (figure := figures.get(month)) and figure.is_final else None for month in months]
    values = [
        figure.number / days if figure and figure.number else None for figure, days in zip(final, index, strict=True)
    ]
    season = fit_month_index(values, [str(month) for month in months], n_months=frozen_months)
    if season is None:
        return index, True
    return [days * season.indices[month.first_day.month] for days, month in zip(index, months, strict=True)], False


def _all_positive(figures: Sequence[Figure | None]) -> bool:
    return all(figure is None or figure.number is None or figure.number > 0 for figure in figures)


def _series(
    metric: Metric, months: Sequence[Month], figures: Mapping[Month, Figure]
) -> tuple[list[float | None], dict[str, Any]]:
    """Values and the arguments of `evaluate_chart` that follow from the metric and its figures."""
    uses = chart_uses(metric.chart, kind=metric.kind)
    if uses == "subgroups" or metric.chart in _NOT_MONTHLY:
        raise DefinitionError(
            Fault(
                metric.where,
                f"chart {metric.chart!r} needs more than one number a month, which the report does not have.",
                "Use xmr.",
            )
        )
    shown = [figures.get(month) for month in months]
    arguments: dict[str, Any] = {
        "chart": metric.chart,
        "better": metric.better,
        "scale": "log" if metric.chart_scale == "log" and _all_positive(shown) else "linear",
        "periods": [str(month) for month in months],
        "immature": [str(figure.month) for figure in shown if figure and not figure.is_final],
    }
    if uses == "counts":
        arguments["denominators"] = [figure.plotted_denominator if figure else None for figure in shown]
        arguments["value_scale"] = metric.scale
        return [figure.plotted_numerator if figure else None for figure in shown], arguments
    return [figure.number if figure else None for figure in shown], arguments
