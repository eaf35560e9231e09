"""One monthly series as the effect estimates read it, and how to take it from a table of metric values.

A month without a value is absent; it is never 0. Immature months are left out: they will still move.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM

READ_COLUMNS = ("metric", "facility_id", "month", "numerator", "denominator", "value", "maturity", "status")


@dataclass(frozen=True, slots=True)
class MonthlySeries:
    """Values of one measure by month, in time order. denominators: what each value rests on, or none.

    Raises InputError when months repeat or fall back, or when a number is not one.
    """

    months: tuple[Month, ...]
    values: tuple[float, ...]
    denominators: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        faults = []
        if len(self.values) != len(self.months):
            faults.append(Fault("series", f"has {len(self.values)} values for {len(self.months)} months."))
        if self.denominators is not None and len(self.denominators) != len(self.months):
            faults.append(Fault("series", f"has {len(self.denominators)} denominators for {len(self.months)} months."))
        for earlier, later in zip(self.months, self.months[1:], strict=False):
            if later <= earlier:
                faults.append(Fault("series", f"{later} follows {earlier}.", "Give each month once, in time order."))
        if not all(math.isfinite(value) for value in self.values):
            faults.append(Fault("series", "holds a value that is not a number.", "Leave months without a value out."))
        if not all(math.isfinite(size) and size > 0 for size in self.denominators or ()):
            faults.append(Fault("series", "holds a denominator that is not above 0.", "Leave such months out."))
        if faults:
            raise InputError(faults)

    def until(self, last: Month) -> MonthlySeries:
        """The months up to and including `last`."""
        return self.only([month <= last for month in self.months])

    def less(self, control: MonthlySeries) -> MonthlySeries:
        """This series less the control, in the months both have. A difference is as precise as both together allow."""
        common = set(self.months) & set(control.months)
        own = self.only([month in common for month in self.months])
        other = control.only([month in common for month in control.months])
        values = tuple(one - two for one, two in zip(own.values, other.values, strict=True))
        if own.denominators is None or other.denominators is None:
            return MonthlySeries(own.months, values)
        joint = tuple(1 / (1 / one + 1 / two) for one, two in zip(own.denominators, other.denominators, strict=True))
        return MonthlySeries(own.months, values, joint)

    def only(self, kept: Sequence[bool]) -> MonthlySeries:
        """The months marked true."""
        chosen = [place for place, is_kept in enumerate(kept) if is_kept]
        return MonthlySeries(
            tuple(self.months[place] for place in chosen),
            tuple(self.values[place] for place in chosen),
            None if self.denominators is None else tuple(self.denominators[place] for place in chosen),
        )


def read_series(
    values: pd.DataFrame, metric: str, *, facilities: Collection[str] = (), scale: float = 1.0
) -> MonthlySeries:
    """The final values of one metric for some facilities (none named: the whole system), month by month.

    values: a table of metric values with READ_COLUMNS. Several facilities are pooled as Σ numerators / Σ denominators
    times `scale` (100 for percent), in the months all of them have; that is not what a median is, so a metric whose
    facilities cannot be pooled is asked for one facility at a time. Raises InputError when columns or facilities lack.
    """
    missing = [column for column in READ_COLUMNS if column not in values.columns]
    if missing:
        raise InputError(Fault("values", f"has no column {', '.join(missing)}.", "Give a table of metric values."))
    wanted = sorted(set(facilities)) or [WHOLE_SYSTEM]
    rows = values[(values["metric"] == metric) & values["facility_id"].isin(wanted) & (values["month"] != "")]
    unknown = sorted(set(wanted) - set(rows["facility_id"]))
    if unknown:
        raise InputError(
            Fault("values", f"hold no {metric} for {', '.join(unknown)}.", "Name facilities that have it.")
        )
    final = rows[(rows["maturity"] == "final") & rows["status"].isin(["ok", "too_few"])]
    if len(wanted) == 1:
        shown = final[(final["status"] == "ok") & (final["denominator"] > 0)].sort_values("month")
        return _series(shown["month"], shown["value"], shown["denominator"])
    # A facility's month below the smallest denominator has no value of its own, but its cases belong to the pool.
    by_month = final.groupby("month", sort=True)
    pooled = by_month[["numerator", "denominator"]].sum()[by_month.size() == len(wanted)]
    pooled = pooled[pooled["denominator"] > 0]
    return _series(pooled.index, scale * pooled["numerator"] / pooled["denominator"], pooled["denominator"])


def _series(months: pd.Series[str] | pd.Index[str], values: pd.Series[float], sizes: pd.Series[float]) -> MonthlySeries:
    return MonthlySeries(
        tuple(Month.parse(str(month)) for month in months),
        tuple(float(value) for value in values),
        tuple(float(size) for size in sizes),
    )
