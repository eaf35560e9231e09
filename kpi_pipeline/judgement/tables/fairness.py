"""`judge_fairness`: the gaps between groups of patients as the reader may know them, withheld once.

Not here: how a gap is computed (`metrics.gaps`), words.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.judgement.disclosure import Withheld
from kpi_pipeline.judgement.disclosure.groups import GroupCounts, GroupTable, withhold_groups
from kpi_pipeline.judgement.disclosure.year_totals import total_tells_months
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex
from kpi_pipeline.judgement.printed_rows import rows_moved_little
from kpi_pipeline.metrics.declaration import Metric
from kpi_pipeline.metrics.gaps import FAIRNESS_DIMENSIONS, Gap, MetricGaps
from kpi_pipeline.metrics.groups import AGE_BANDS, NOT_RECORDED


@dataclass(frozen=True, slots=True)
class FairnessTable:
    """One dimension: groups in the order printed, and group → metric → its gap; a gap not in it is withheld."""

    dimension: str
    groups: tuple[str, ...]
    gaps: Mapping[str, Mapping[str, Gap | Withheld]]


@dataclass(frozen=True, slots=True)
class JudgedFairness:
    """The tables, of the metrics in order. spans: metric → the gaps, with the months looked at."""

    metrics: tuple[Metric, ...]
    spans: Mapping[str, MetricGaps]
    tables: tuple[FairnessTable, ...]

    @property
    def looked_at(self) -> tuple[Gap, ...]:
        """The printed comparisons that have a difference."""
        return tuple(
            gap
            for table in self.tables
            for row in table.gaps.values()
            for gap in row.values()
            if isinstance(gap, Gap) and gap.difference is not None
        )


def judge_fairness(inputs: ReportInputs, figures: FigureIndex, known: FigureIndex) -> JudgedFairness | None:
    """The gaps; None where nothing can be compared.

    A facility's copy that withholds has none: the tables of all facilities less those of the others would be its own.
    A measure goes where a total of its twelve months would tell a month that is withheld.
    """
    found = inputs.gaps
    if inputs.withholds and inputs.facility_id != WHOLE_SYSTEM:
        return None
    if inputs.withholds:
        found = tuple(one for one in found if not _tells_months(inputs, one, figures, known))
    hidden = _withheld(inputs, found, _moved(inputs, figures, found)) if inputs.withholds else {}
    tables = [_table(name, found, hidden) for name in FAIRNESS_DIMENSIONS]
    filled = tuple(table for table in tables if table is not None)
    judged = JudgedFairness(
        tuple(inputs.metrics[one.metric] for one in found), {one.metric: one for one in found}, filled
    )
    return judged if judged.looked_at else None


def _tells_months(inputs: ReportInputs, one: MetricGaps, figures: FigureIndex, known: FigureIndex) -> bool:
    place = (one.metric, inputs.facility_id)
    months = list(month_range(one.first_month, one.last_month))
    threshold = inputs.settings.small_number_threshold
    return total_tells_months(figures.get(place, {}), known.get(place, {}), months, threshold=threshold)


def _table(
    dimension: str, found: Sequence[MetricGaps], hidden: Mapping[tuple[str, str, str], Withheld]
) -> FairnessTable | None:
    """One dimension's table: groups that any measure has; None where no measure has two of them."""
    rows: dict[str, dict[str, Gap | Withheld]] = {}
    for one in found:
        for gap in one.gaps:
            if gap.dimension == dimension and not gap.is_mirror:
                rows.setdefault(gap.group, {})[one.metric] = hidden.get((one.metric, dimension, gap.group), gap)
    shown = {group: row for group, row in rows.items() if any(isinstance(gap, Gap) for gap in row.values())}
    return FairnessTable(dimension, tuple(sorted(shown, key=_order)), shown) if shown else None


def _order(group: str) -> tuple[int, str]:
    """Ages by age; names by name, with what was gathered last."""
    return (AGE_BANDS.index(group) if group in AGE_BANDS else int(group == "Other"), group)


def _moved(inputs: ReportInputs, figures: FigureIndex, found: Sequence[MetricGaps]) -> set[Hashable]:
    """Groups whose cases an earlier issue printed, and few of which came or went since."""
    rows: dict[Hashable, tuple[str, float]] = {
        (one.metric, gap.dimension, gap.group): (
            f"fairness/{gap.dimension}/{one.metric}/{gap.group}/cases",
            gap.n_cases,
        )
        for one in found
        for gap in one.gaps
        if gap.difference is not None and not gap.is_mirror  # a row that may stand in the table at all
    }
    spans: dict[Hashable, tuple[Month, Month]] = {
        (one.metric, gap.dimension, gap.group): (one.first_month, one.last_month) for one in found for gap in one.gaps
    }
    return rows_moved_little(inputs, figures, rows, spans=spans)


def _withheld(
    inputs: ReportInputs, found: Sequence[MetricGaps], moved: Collection[Hashable]
) -> dict[tuple[str, str, str], Withheld]:
    """(metric, dimension, group) → why it is not printed. A gap tells the other side, too: of two groups both must
    be large."""
    tables = []
    for one in found:
        kind = inputs.metrics[one.metric].kind
        for dimension in dict.fromkeys(gap.dimension for gap in one.gaps):
            nobody = float("nan")
            unknown = GroupCounts(one.n_not_recorded[dimension], one.n_events_not_recorded[dimension], nobody, nobody)
            groups = {
                gap.group: GroupCounts(gap.n_cases, gap.n_events, gap.n_persons, gap.n_event_persons)
                for gap in one.gaps
                if gap.dimension == dimension
            }
            tables.append(
                GroupTable(
                    one.metric,
                    dimension,
                    groups | {NOT_RECORDED: unknown},
                    counts_events=kind in ("proportion", "rate"),
                    is_share=kind == "proportion",
                )
            )
    hidden = withhold_groups(tables, threshold=inputs.settings.small_number_threshold, also=moved)
    return hidden | _pairs(found, hidden)


def _pairs(
    found: Sequence[MetricGaps], hidden: Mapping[tuple[str, str, str], Withheld]
) -> dict[tuple[str, str, str], Withheld]:
    """Of a dimension of two groups, the printed row tells both: where either is withheld, so is the row."""
    also: dict[tuple[str, str, str], Withheld] = {}
    for one in found:
        for gap in one.gaps:
            if gap.is_mirror and (one.metric, gap.dimension, gap.group) in hidden:
                partner = next(o for o in one.gaps if o.dimension == gap.dimension and not o.is_mirror)
                also[(one.metric, gap.dimension, partner.group)] = Withheld.COMPLEMENT
    return also
