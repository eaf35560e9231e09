"""The department's budget read from a warehouse: what `kpi budget` calls."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement.budget import read_budget
from kpi_pipeline.metrics.cases import refuse_unknown_facility
from kpi_pipeline.warehouse.connection import open_warehouse


def read_budget_frame(
    warehouse: Path, month: Month, *, settings: Settings, facility: str | None = None
) -> pd.DataFrame:
    """One row for each account and for all, of the month and of the year to date. Raises InputError without a budget
    booked for the month."""
    with open_warehouse(warehouse) as connection:
        if facility is not None:
            refuse_unknown_facility(connection, facility)
        found = read_budget(connection, month, year_starts_in=settings.year_starts_in, facility=facility)
    if found is None:
        raise InputError(Fault("budget", f"nothing is booked for {month}.", "Supply the table budget for this month."))
    return pd.DataFrame(
        [
            {
                "span": span,
                "first_month": str(table.first_month),
                "account": line.account,
                "planned": line.planned,
                "flexed": line.flexed,
                "actual": line.actual,
                "variance": line.variance,
                "price": line.price,
                "volume": line.volume,
                "mix": line.mix,
            }
            for span, table in (("month", found.month), ("year to date", found.year))
            for line in (*table.lines, table.all)
        ]
    )
