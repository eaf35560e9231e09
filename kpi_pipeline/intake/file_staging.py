"""From a landed file that can be read to its staged rows: the mapping of its columns, the form of its numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql_text import identifier
from kpi_pipeline.intake.column_mapping import canonical_sql, raw_column_sql, repaired_values_sql
from kpi_pipeline.intake.contract import CANONICAL, Mapping, load_contracts
from kpi_pipeline.intake.landing_options import LandingOptions
from kpi_pipeline.intake.lookups import Lookup
from kpi_pipeline.intake.number_forms import NumberForm, find_number_form
from kpi_pipeline.intake.opening import Work
from kpi_pipeline.intake.readers import read_faults
from kpi_pipeline.intake.scan import FileState
from kpi_pipeline.intake.staged_files import StagedFile
from kpi_pipeline.intake.staging import Staging, landed_sql, stage_file


class ChangedFileError(InputError):
    """A landing file was written to between its first and its last reading."""


def stage_landed(
    connection: duckdb.DuckDBPyConnection,
    item: Work,
    mapping: Mapping,
    *,
    lookups: dict[str, Lookup],
    options: LandingOptions,
    store: Path,
    plausible_until: date,
) -> StagedFile:
    """Stages one landed file as rows of one table; later admissions and discharges than plausible are refused.

    Raises ChangedFileError when it is written to meanwhile, else InputError as `stage_file` does.
    """
    contract = load_contracts()[mapping.table]
    mine = {view: lookups[view] for view in mapping.lookups}
    for view, lookup in mine.items():
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {identifier(view)} AS {lookup.sql}")
    of_table = options.of_table(mapping.table)

    def land(forms: dict[str, NumberForm]) -> None:
        is_ours = mapping.source == CANONICAL
        sql = (
            canonical_sql(item.opened, contract, of_table, forms)
            if is_ours
            else landed_sql(item.opened, mapping.optional_columns)
        )
        connection.execute(f"CREATE OR REPLACE TEMP VIEW landed AS {sql}")

    def reread(columns: list[str]) -> tuple[bool, tuple[str, ...]]:
        if mapping.source != CANONICAL or of_table.decimal is not None:
            return False, ()
        have = {column.lower() for column in item.opened.columns}
        found: dict[str, NumberForm] = {}
        doubtful = []
        for column in columns:
            form, is_doubtful = find_number_form(connection, item.opened.sql, raw_column_sql(column, have, of_table))
            if form is not None:
                found[column] = form
            elif is_doubtful:
                doubtful.append(column)
        read_faults(connection, [item.opened])
        if found:
            land(found)
        return bool(found), tuple(doubtful)

    def count_repairs() -> dict[str, int]:
        sql = repaired_values_sql(item.opened, of_table) if mapping.source == CANONICAL else None
        counts = connection.execute(sql).fetchall()[0] if sql is not None else ()
        return {column: int(n) for column, n in zip(of_table.repairs, counts, strict=bool(counts)) if n}

    def verify() -> None:
        if FileState.of(item.landed.path) != item.landed.scan.state:
            raise ChangedFileError(
                Fault(
                    item.landed.name, "changed while it was read.", "Wait until its export has ended, then try again."
                )
            )

    land({})
    return stage_file(
        connection,
        Staging(
            mapping,
            contract,
            item.opened,
            plausible_until=plausible_until,
            sha256=item.landed.sha256,
            arrived_at=item.landed.arrived_at.isoformat(timespec="seconds"),
            lookups=tuple(file for lookup in mine.values() for file in lookup.files),
            lookup_hashes=tuple(sha256 for lookup in mine.values() for sha256 in lookup.hashes),
            options=of_table.model_dump_json(exclude={"files", "newest_file", "feed"}, exclude_defaults=True),
            verify=verify,
            reread=reread,
            count_repairs=count_repairs,
        ),
        store,
    )
