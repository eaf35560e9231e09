"""`kpi reference import`: value sets and tables that change every year."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import say

reference_app = typer.Typer(help="Value sets and tables that change every year.", no_args_is_help=True)


@reference_app.command("import")
def reference_import(
    kind: Annotated[
        str,
        typer.Argument(
            help="readmission-value-sets, ccs-icd10, ccs-icd9, ms-drg-table5, elixhauser, risk-model, benchmarks-hrrp."
        ),
    ],
    path: Annotated[Path, typer.Argument(help="The file, or the folder of files.")],
    reference: Annotated[Path, typer.Option("--reference", help="Where imported files are kept.")] = Path("reference"),
    fiscal_year: Annotated[
        int | None, typer.Option("--fiscal-year", help="Of an MS-DRG table, if its name does not say.")
    ] = None,
    effective_from: Annotated[
        datetime | None,
        typer.Option("--effective-from", formats=["%Y-%m-%d"], help="First discharge day a value set holds for."),
    ] = None,
) -> None:
    """Checks a reference file and stores it; the next build uses it."""
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.reference.importer import import_reference

    imported = import_reference(
        kind,
        path,
        reference,
        imported_at=utc_now(),
        fiscal_year=fiscal_year,
        effective_from=effective_from.date() if effective_from else None,
    )
    for table in imported.tables:
        state = "stored" if table.name in imported.changed else "already there"
        say(f"{table.title}: {table.rows:,} rows, {state}")
    for note in imported.notes:
        say(note)
    say(f"Use it with: kpi build … --reference {reference}")
