"""`kpi cases`, `kpi values` and `kpi quarantine`: what a warehouse holds, as lists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame
from kpi_pipeline.cli.options import OutputFormat, WarehouseFile
from kpi_pipeline.core.text.language import format_count

OutputFile = Annotated[
    Path | None,
    typer.Option("--out", dir_okay=False, help="Write it into this file, readable by you alone, as CSV or JSON lines."),
]
_VALUES_SHOWN = (
    "metric",
    "facility_id",
    "month",
    "numerator",
    "denominator",
    "value",
    "maturity",
    "status",
    "status_reason",
)


def cases(
    metric: Annotated[str, typer.Argument(help="The measure, such as readmission_30d.")],
    warehouse: WarehouseFile,
    month: Annotated[str | None, typer.Option("--month", help="YYYY-MM; default: all months.")] = None,
    facility: Annotated[str | None, typer.Option("--facility", help="Only this facility.")] = None,
    output: OutputFormat = Format.table,
    out: OutputFile = None,
) -> None:
    """Lists the cases behind a number. Who counts, who does not, and why."""
    from kpi_pipeline.metrics.cases import read_cases
    from kpi_pipeline.metrics.declaration import CASE_COLUMNS

    frame = read_cases(warehouse, metric, month=month, facility=facility)
    title = f"Cases of {metric}{f' in {month}' if month else ''}"
    print_frame(frame, output=output, title=title, columns=CASE_COLUMNS, into=out)


def values(
    warehouse: WarehouseFile,
    metrics: Annotated[list[str] | None, typer.Argument(help="Measures; default: all.")] = None,
    output: OutputFormat = Format.table,
) -> None:
    """Prints the values by facility and month."""
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.report.words.reasons import reason_words

    read = read_values(warehouse, metrics or None)
    title = f"Values of snapshot {read.snapshot_id}"
    shown = read.values.assign(status_reason=read.values["status_reason"].map(reason_words))
    print_frame(shown, output=output, title=title, columns=_VALUES_SHOWN)


def quarantine(
    warehouse: WarehouseFile,
    output: OutputFormat = Format.table,
    show_rows: Annotated[
        bool, typer.Option("--show-rows", help="Also print the original rows. They hold patient data.")
    ] = False,
    out: OutputFile = None,
) -> None:
    """Lists the refused rows. File, line, table and every reason."""
    from kpi_pipeline.warehouse.facts import read_quarantine

    frame = read_quarantine(warehouse, with_rows=show_rows)
    print_frame(frame, output=output, title=format_count(len(frame), "refused rows"), into=out)
