"""`kpi totals`: the month beside the year to date and twelve months, and a span with enough cases where few are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, say
from kpi_pipeline.cli.options import OutputFormat, SettingsFile
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM

_SHOWN = ("metric", "span", "first_month", "value", "lower", "upper", "cases", "months_not_final", "status")


def totals(
    month: Annotated[str, typer.Argument(help="The last month, YYYY-MM.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    metric: Annotated[list[str] | None, typer.Option("--metric", help="A measure; again for more.")] = None,
    facility: Annotated[str, typer.Option("--facility", help="A facility; default: the whole system.")] = WHOLE_SYSTEM,
    settings_file: SettingsFile = None,
    output: OutputFormat = Format.table,
) -> None:
    """Year to date and twelve months beside the month, as ratios of sums; where cases are few, 3, 6 or 12 months."""
    from kpi_pipeline.core.errors import Fault, InputError
    from kpi_pipeline.metrics.declaration import load_metrics
    from kpi_pipeline.metrics.spans import compute_spans, first_known_month
    from kpi_pipeline.metrics.values import read_values
    from kpi_pipeline.report.words.reasons import reason_words

    asked = Month.parse(month)
    values = read_values(warehouse, metric or None).values
    own = values[values["facility_id"] == facility]
    if own.empty:
        known = ", ".join(sorted(set(values["facility_id"])))
        raise InputError(Fault("facility", f"{facility!r} has no figures.", f"Use one of {known}."))
    settings, known_from = read_settings(settings_file), first_known_month(own)
    found = compute_spans(own, load_metrics(), asked, settings=settings, known_from=known_from)
    rounded = found.round({"value": 3, "lower": 3, "upper": 3})
    rounded["status"] = rounded["status"].map(reason_words)
    print_frame(rounded, title=f"Totals up to {asked}", output=output, columns=_SHOWN)
    if output is Format.table:
        say("Ratios of sums. Months not final may still change. None of these belongs on a control chart.")
