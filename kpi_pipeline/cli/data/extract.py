"""`kpi extract`: from a SQL database into a landing folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import progress, say, warn


def extract(
    config_file: Annotated[Path, typer.Option("--config", help="The database and its statements: extract.yaml.")],
    landing: Annotated[Path, typer.Option("--landing", help="Folder for the files.")],
) -> None:
    """Reads tables of a SQL database into a landing folder. An interrupted extract goes on where it was."""
    from kpi_pipeline.intake.extract import extract_tables, read_extract_config

    config = read_extract_config(config_file)
    with progress("Extracting") as step:
        tables = extract_tables(config, landing, progress=step)
    for table in tables:
        if table.is_ahead:
            mark = config.tables[table.table].watermark
            warn(f"{table.table}: {mark} reaches into the future: a mistyped year? The next extract begins a day ago.")
        kept = f", {table.resumed:,} of them kept from the interrupted extract" if table.resumed else ""
        where = table.file if table.file is not None else "nothing new, no file"
        say(f"{table.table}: {table.rows:,} rows{kept}, as counted by the database → {where}")
