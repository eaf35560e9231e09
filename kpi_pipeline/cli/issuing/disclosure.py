"""`kpi audit-disclosure`: what an outsider can work out of reports already published. No logic here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, say
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.text.language import verb_for

CHECK_FAILED = 6
_SAID = ("report", "file", "words")


def audit_disclosure(
    reports: Annotated[list[Path], typer.Argument(help="A PDF, figures.csv or model.json of each report.")],
    settings_file: Annotated[
        Path | None, typer.Option("--settings", help="Settings file; default $KPI_SETTINGS or ./kpi.yaml.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Attacks published reports together. Prints every withheld number that can be worked out; exit code 6 if any."""
    from kpi_pipeline.pipeline.tracing.audit_disclosure import audit_reports

    threshold = read_settings(settings_file).small_number_threshold
    with progress("Attacking what was published"):
        audit = audit_reports(reports, threshold=threshold)
    reports_of = f"{audit.n_reports:,} {verb_for(audit.n_reports, 'report', 'reports')}"
    snapshots = f"{audit.n_issues:,} {verb_for(audit.n_issues, 'snapshot', 'snapshots')} of data"
    numbers = f"{audit.n_numbers:,} numbers, {audit.n_withheld:,} of them withheld"
    said = f"{reports_of} of {snapshots}, {numbers}"
    if not audit.findings and not audit.said:
        say(f"Nothing withheld can be worked out: {said}.")
        return
    if audit.findings:
        rows = [
            (*one.cell, one.lower, one.upper, f"difference to {one.difference_to}" if one.difference_to else "sums")
            for one in audit.findings
        ]
        columns = ("metric", "facility_id", "month", "number", "at_least", "at_most", "by")
        title = f"Can be worked out ({said})"
        print_frame(pd.DataFrame(rows, columns=list(columns)), output=output, title=title, columns=columns)
    if audit.said:
        forms = pd.DataFrame([(report, one.file, one.words) for report, one in audit.said], columns=list(_SAID))
        print_frame(forms, output=output, title="Small counts in words", columns=_SAID)
    raise typer.Exit(CHECK_FAILED)
