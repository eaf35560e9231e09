"""From a landed file that can be read to its staged rows: the mapping of its columns, the form of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.intake.contract import CANONICAL, Contract, Mapping, load_contracts
from kpi_pipeline.intake.mapping.column_mapping import canonical_sql, raw_column_sql, repaired_values_sql
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.reading.lookups import Lookup
from kpi_pipeline.intake.reading.number_forms import NumberForm, find_number_form
from kpi_pipeline.intake.reading.readers import read_faults
from kpi_pipeline.intake.reading.scan import FileState
from kpi_pipeline.intake.reading.table_options import TableOptions
from kpi_pipeline.intake.staged.opening import Work
from kpi_pipeline.intake.staged.staged_files import StagedFile
from kpi_pipeline.intake.staged.staging import Staging, landed_sql, stage_file


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
    reading = _Reading(connection, item, mapping, contract, of_table)
    reading.land({})
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
            is_printable=reading.is_printable,
            verify=reading.verify,
            reread=reading.reread,
            count_repairs=reading.count_repairs,
        ),
        store,
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file as rows of one table on the connection: the view `landed`, made anew once its numbers are understood."""

    connection: duckdb.DuckDBPyConnection
    item: Work
    mapping: Mapping
    contract: Contract
    of_table: TableOptions

    @property
    def is_ours(self) -> bool:
        """Whether the file has the canonical layout, or names its columns for it."""
        return self.mapping.source == CANONICAL

    @property
    def is_printable(self) -> bool:
        """Whether every value comes from the file as it is written there, and from nothing but printable ASCII."""
        return self.is_ours and self.item.opened.is_printable and not (self.of_table.constants or self.of_table.values)

    def land(self, forms: dict[str, NumberForm]) -> None:
        """Makes the view `landed`, with the number columns read in these forms."""
        sql = (
            canonical_sql(self.item.opened, self.contract, self.of_table, forms)
            if self.is_ours
            else landed_sql(self.item.opened, self.mapping.optional_columns)
        )
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW landed AS {sql}")

    def reread(self, columns: list[str]) -> tuple[bool, tuple[str, ...]]:
        """Finds out how these number columns are written, and lands anew; which of them stay in doubt."""
        if not self.is_ours or self.of_table.decimal is not None:
            return False, ()
        opened = self.item.opened
        have = {column.lower() for column in opened.columns}
        found: dict[str, NumberForm] = {}
        doubtful = []
        for column in columns:
            form, is_doubtful = find_number_form(
                self.connection, opened.sql, raw_column_sql(column, have, self.of_table)
            )
            if form is not None:
                found[column] = form
            elif is_doubtful:
                doubtful.append(column)
        read_faults(self.connection, [opened])
        if found:
            self.land(found)
        return bool(found), tuple(doubtful)

    def count_repairs(self) -> dict[str, int]:
        """How many values of each column were put right as declared."""
        sql = repaired_values_sql(self.item.opened, self.of_table) if self.is_ours else None
        counts = self.connection.execute(sql).fetchall()[0] if sql is not None else ()
        return {column: int(n) for column, n in zip(self.of_table.repairs, counts, strict=bool(counts)) if n}

    def verify(self) -> None:
        """Raises ChangedFileError when the file is no longer what was read."""
        landed = self.item.landed
        if FileState.of(landed.path) != landed.scan.state:
            cure = "Wait until its export has ended, then try again."
            raise ChangedFileError(Fault(landed.name, "changed while it was read.", cure))
