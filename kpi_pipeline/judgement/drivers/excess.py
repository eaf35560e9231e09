"""Net days against the expected stay by group: those with most, the rest as one, and what of them is withheld."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from kpi_pipeline.core.text.rounding import round_parts
from kpi_pipeline.improvement.drivers.excess_days import ExcessDays, ExcessTable
from kpi_pipeline.improvement.estimates import Estimate
from kpi_pipeline.judgement.disclosure import Sum, Withheld, withhold_table
from kpi_pipeline.judgement.disclosure.tables import total_last
from kpi_pipeline.judgement.inputs import ReportInputs
from kpi_pipeline.judgement.measures import FigureIndex
from kpi_pipeline.judgement.printed_rows import rows_moved_little

_TOTAL = object()
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class ExcessRow:
    """One group, or the total. days_withheld and outliers_withheld: why those numbers may not be printed, or None.

    printed_…: so that the rows add up to the total. is_rest: the row gathers the smaller groups; is_total: all of them.
    """

    days: ExcessDays
    printed_days: float
    printed_outlier_days: float
    days_withheld: Withheld | None = None
    outliers_withheld: Withheld | None = None
    is_rest: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class JudgedExcess:
    """The groups with the most net days first, then the rest as one, whose interval is not known.

    above: the groups that lie above expected beyond chance, those with most net days first.
    """

    by: Literal["service_line", "drg_code"]
    rows: tuple[ExcessRow, ...]
    total: ExcessRow
    above: tuple[str, ...]

    @property
    def is_shown(self) -> bool:
        """Whether the table may be printed; without its total it may not."""
        return self.total.days_withheld is None


def judge_excess(
    inputs: ReportInputs,
    figures: FigureIndex,
    table: ExcessTable | None,
    *,
    by: Literal["service_line", "drg_code"],
    n_shown: int,
) -> JudgedExcess | None:
    """The table by one kind of group; None where no stay has an expected length. figures: as they may be known."""
    if table is None:
        return None
    groups = list(table.groups)
    rest = groups[n_shown:] if len(groups) > n_shown + 1 else []
    shown = [(group, False) for group in groups[: len(groups) - len(rest)]]
    shown += [(_added(rest), True)] if rest else []
    hidden, outliers = _withheld(inputs, figures, by, [group for group, _ in shown], table.total)
    days = round_parts([group.net.value for group, _ in shown], 0, total=table.total.net.value)
    outlier_days = round_parts([group.outlier_net_days for group, _ in shown], 0, total=table.total.outlier_net_days)
    rows = tuple(
        ExcessRow(group, days[at], outlier_days[at], hidden.get(at), outliers.get(at), is_rest=is_rest)
        for at, (group, is_rest) in enumerate(shown)
    )
    total = ExcessRow(
        table.total, sum(days), sum(outlier_days), hidden.get(_TOTAL), outliers.get(_TOTAL), is_total=True
    )
    above = tuple(
        row.days.group for row in rows if row.days.is_above_expected and row.days_withheld is None and not row.is_rest
    )
    return JudgedExcess(by, rows, total, above)


def _added(rest: Sequence[ExcessDays]) -> ExcessDays:
    """The rest as one group."""

    def added(count: Callable[[ExcessDays], float]) -> float:
        return sum(count(group) for group in rest)

    net, expected = added(lambda one: one.net.value), added(lambda one: one.expected_days)
    ratio = 1 + net / expected
    return ExcessDays(
        group=OTHER,
        n_stays=int(added(lambda one: one.n_stays)),
        days=added(lambda one: one.days),
        expected_days=expected,
        net=Estimate(net, net, net),
        ratio=Estimate(ratio, ratio, ratio),
        shrunk_ratio=None,
        n_outliers=int(added(lambda one: one.n_outliers)),
        outlier_net_days=added(lambda one: one.outlier_net_days),
        n_without_expected=int(added(lambda one: one.n_without_expected)),
    )


_PART = {"service_line": "service_lines", "drg_code": "drgs"}


def _withheld(
    inputs: ReportInputs, figures: FigureIndex, by: str, groups: Sequence[ExcessDays], total: ExcessDays
) -> tuple[dict[Hashable, Withheld], dict[Hashable, Withheld]]:
    """Rows, by place, whose discharges and days may not be printed, and rows whose outliers may not."""
    if not inputs.withholds:
        return {}, {}
    threshold = inputs.settings.small_number_threshold
    sums = [Sum(_TOTAL, tuple(range(len(groups))))]

    def counted(count: Callable[[ExcessDays], float]) -> dict[Hashable, float]:
        counts: dict[Hashable, float] = {at: float(count(group)) for at, group in enumerate(groups)}
        return counts | {_TOTAL: float(count(total))}

    def withheld(name: str, count: Callable[[ExcessDays], float]) -> dict[Hashable, Withheld]:
        rows: dict[Hashable, tuple[str, float]] = {
            at: (f"drivers/{_PART[by]}/{group.group}/{name}", float(count(group))) for at, group in enumerate(groups)
        }
        return withhold_table(
            [counted(count)],
            sums,
            threshold=threshold,
            reluctance=total_last(_TOTAL),
            also=rows_moved_little(inputs, figures, rows),
        )

    return withheld("discharges", lambda one: one.n_stays), withheld("outlier_stays", lambda one: one.n_outliers)
