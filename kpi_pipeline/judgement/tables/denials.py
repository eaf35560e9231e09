"""`judge_denials`: the tables of denials as the reader may know them: the largest groups, the rest as one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kpi_pipeline.core.periods import month_range
from kpi_pipeline.core.text.rounding import round_parts
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.improvement.denials import BY, Denials, DenialSums
from kpi_pipeline.judgement.disclosure import Number, Withheld
from kpi_pipeline.judgement.disclosure.groups import GroupCounts, GroupTable, withhold_groups
from kpi_pipeline.judgement.disclosure.year_totals import total_tells_months
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex
from kpi_pipeline.judgement.printed_rows import rows_moved_little
from kpi_pipeline.metrics.compute import value_frame
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.groups import NOT_RECORDED, Span

OTHER = "Other"
_MOST_GROUPS = 7
ALL = "All"


@dataclass(frozen=True, slots=True)
class DenialRow:
    """A payer, a reason, or all. share_pct: of all dollars, so that the rows add up to 100. outcomes: metric → its
    value; None where cases are too few. A withheld row has no numbers."""

    name: str
    n_denials: float
    usd: float
    share_pct: float
    outcomes: Mapping[str, Number]
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class DenialTable:
    """Denials by payer or by reason_code: rows by dollars, the gathered rest and all of them last."""

    by: str
    rows: tuple[DenialRow, ...]


@dataclass(frozen=True, slots=True)
class JudgedDenials:
    """Both tables. received: the months of the dollars; outcomes: metric and the months of its cohort."""

    received: Span
    outcomes: tuple[tuple[Metric, Span], ...]
    tables: tuple[DenialTable, ...]


def judge_denials(inputs: ReportInputs, figures: FigureIndex, known: FigureIndex) -> JudgedDenials | None:
    """The tables; None where there are no denials, or the reader may not know them.

    A facility's copy that withholds has none: the tables of all facilities less those of the others would be its own.
    A measure goes where its twelve months' total would tell a month that is withheld.
    """
    denials = inputs.denials
    if denials is None or (inputs.withholds and inputs.facility_id != WHOLE_SYSTEM):
        return None
    found = [denials.received, *denials.outcomes]
    if inputs.withholds:
        found = [one for one in found if not _tells_months(inputs, one, figures, known)]
    if denials.received not in found:
        return None
    outcomes = [one for one in found if one is not denials.received]
    tables = {by: {one.metric: _gathered(one, by, _kept(denials, by)) for one in found} for by in BY}
    hidden = _withheld(inputs, tables, _moved(inputs, figures, denials, tables)) if inputs.withholds else {}
    judged = tuple(_table(inputs, by, tables[by], denials.received.metric, outcomes, hidden) for by in BY)
    shown = tuple(table for table in judged if table is not None)
    if not shown:
        return None
    return JudgedDenials(
        denials.received.span, tuple((inputs.metrics[one.metric], one.span) for one in outcomes), shown
    )


def _tells_months(inputs: ReportInputs, one: DenialSums, figures: FigureIndex, known: FigureIndex) -> bool:
    place = (one.metric, inputs.facility_id)
    months = list(month_range(one.span.first, one.span.last))
    threshold = inputs.settings.small_number_threshold
    return total_tells_months(figures.get(place, {}), known.get(place, {}), months, threshold=threshold)


def _kept(denials: Denials, by: str) -> tuple[str, ...]:
    """The groups with a row of their own: those with most dollars, so many that the rest is worth a row."""
    sums = denials.received.sums
    own = sums[(sums["dimension"] == by) & (sums["group"] != NOT_RECORDED)]
    ordered = own.sort_values(["numerator", "group"], ascending=[False, True])["group"].tolist()
    return tuple(ordered if len(ordered) <= _MOST_GROUPS else ordered[: _MOST_GROUPS - 1])


def _gathered(one: DenialSums, by: str, kept: Sequence[str]) -> pd.DataFrame:
    """The sums of one measure by group, groups without a row of their own together as "Other"."""
    own = one.sums[one.sums["dimension"] == by]
    named = own["group"].where(own["group"].isin([*kept, NOT_RECORDED]), OTHER)
    numbers = [name for name in own.columns if name not in ("dimension", "group")]
    # Of several groups the number of people is only known to be no less than that of the largest.
    how = {
        name: {"least": "min", "is_before_data": "any", "n_persons": "max", "n_event_persons": "max"}.get(name, "sum")
        for name in numbers
    }
    return own.groupby(named).agg(how)


def _moved(
    inputs: ReportInputs, figures: FigureIndex, denials: Denials, tables: Mapping[str, Mapping[str, pd.DataFrame]]
) -> set[Hashable]:
    """Groups whose denials an earlier issue printed, and few of which came or went since."""
    metric = denials.received.metric
    rows: dict[Hashable, tuple[str, float]] = {
        (metric, by, str(group)): (
            f"barriers/denials_by_{by}/{str(group) or 'not recorded'}/denials",
            float(row["n_cases"] - row["n_excluded"]),
        )
        for by, of_metrics in tables.items()
        for group, row in of_metrics[metric].iterrows()
    }
    return rows_moved_little(inputs, figures, rows)


def _withheld(
    inputs: ReportInputs, tables: Mapping[str, Mapping[str, pd.DataFrame]], moved: Collection[Hashable]
) -> dict[tuple[str, str, str], Withheld]:
    counted = []
    for by, of_metrics in tables.items():
        for name, frame in of_metrics.items():
            kind = inputs.metrics[name].kind
            groups = {
                str(group): GroupCounts(
                    float(row["n_cases"] - row["n_excluded"]),
                    float(row["numerator"]),
                    float(row["n_persons"]),
                    float(row["n_event_persons"]),
                )
                for group, row in frame.iterrows()
            }
            counted.append(
                GroupTable(name, by, groups, counts_events=kind == "proportion", is_share=kind == "proportion")
            )
    return withhold_groups(counted, threshold=inputs.settings.small_number_threshold, also=moved)


def _table(
    inputs: ReportInputs,
    by: str,
    of_metrics: Mapping[str, pd.DataFrame],
    received: str,
    outcomes: Sequence[DenialSums],
    hidden: Mapping[tuple[str, str, str], Withheld],
) -> DenialTable | None:
    """One table; None where every group is withheld."""
    frame = of_metrics[received]
    usd = {str(group): float(row["numerator"]) for group, row in frame.iterrows()}
    names = sorted(usd, key=lambda name: (name in (OTHER, NOT_RECORDED), name == NOT_RECORDED, -usd[name], name))
    total = sum(usd.values())
    shares = round_parts([100 * usd[name] / total if total else 0.0 for name in names], 0)
    values = {one.metric: _values(inputs, one, of_metrics[one.metric]) for one in outcomes}
    counts = (frame["n_cases"] - frame["n_excluded"]).to_dict()

    def outcome(metric: str, group: str) -> Number:
        return hidden.get((metric, by, group)) or values[metric].get(group)

    rows = [
        DenialRow(
            name,
            float(counts[name]),
            usd[name],
            shares[place],
            {one.metric: outcome(one.metric, name) for one in outcomes},
            is_withheld=(received, by, name) in hidden,
        )
        for place, name in enumerate(names)
        if counts[name]
    ]
    if not any(not row.is_withheld for row in rows):
        return None
    whole: dict[str, Number] = {one.metric: values[one.metric].get(ALL) for one in outcomes}
    return DenialTable(by, (*rows, DenialRow(ALL, float(sum(counts.values())), total, 100.0, whole)))


def _values(inputs: ReportInputs, one: DenialSums, frame: pd.DataFrame) -> dict[str, float | None]:
    """Group → the measure's value, 'All' of all; None where cases are too few."""
    whole = one.sums[one.sums["dimension"] == ""].iloc[[0]].assign(group=ALL)
    rows = pd.concat([frame.rename_axis("group").reset_index(), whole], ignore_index=True)
    judged = value_frame(rows, inputs.metrics[one.metric], inputs.settings)
    return {str(row["group"]): float(row["value"]) if row["status"] == "ok" else None for _, row in judged.iterrows()}
