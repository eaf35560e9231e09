"""Full feeds: each extract holds every row, so that a row which is not in the newest one was taken back.

Of several extracts in the folder the newest, by the date in the names or as `newest_file` says, is what is true now. A
row of an earlier one is a removal when its key is not in it. Removals are counted and told, never silent; an extract
that lost too many at once is taken for one that was cut short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.sql_text import identifier, literal
from kpi_pipeline.intake.contract import Contract
from kpi_pipeline.intake.contract import Mapping as FileMapping
from kpi_pipeline.intake.reading.file_order import undated_names
from kpi_pipeline.intake.reading.landing_options import LANDING_YAML, LandingOptions

FEWEST_REMOVED = 10
"""So few rows may go at once, whatever share of a small table they are."""


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """gone: keys of the extract before (or of the last build) that the newest does not hold, of `before` keys."""

    table: str
    gone: int
    before: int

    def exceeds(self, limit_pct: float) -> bool:
        """Whether so many are gone that the extract was rather cut short."""
        return self.gone > FEWEST_REMOVED and 100 * self.gone > limit_pct * self.before

    @property
    def sentence(self) -> str:
        """What it lost since the last build, for the operator."""
        return (
            f"{self.table}: {self.gone:,} of {self.before:,} rows of the last build were not sent again (feed: full)."
        )


def create_removed_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Creates the empty table `removed_rows`: per full feed the rows removed, and what the last extract lost."""
    connection.execute(
        "CREATE TEMP TABLE removed_rows (table_name VARCHAR, removed BIGINT, gone BIGINT, keys_before BIGINT)"
    )


def remove_rows_not_sent_again(connection: duckdb.DuckDBPyConnection, contract: Contract, ranks: Sequence[int]) -> None:
    """Adds the removals to `older_<table>`, each with fate `removed`, and their numbers to `removed_rows`.

    ranks: of each file, the higher the newer. The newest versions must have been chosen by the newer file first.
    """
    table, newest = contract.table, max(ranks)
    before = max((rank for rank in ranks if rank < newest), default=None)
    if before is None:
        return
    numbers = list(enumerate(ranks))
    older = ", ".join(literal(number) for number, rank in numbers if rank < newest)
    of_before = ", ".join(literal(number) for number, rank in numbers if rank == before)
    of_newest = ", ".join(literal(number) for number, rank in numbers if rank == newest)
    connection.execute(
        f"""INSERT INTO older_{table}
        SELECT rows.file_number, rows.file_row_number, rows.source_line, 'removed', FALSE
        FROM all_{table} AS rows
        ANTI JOIN older_{table} AS older USING (file_number, file_row_number)
        WHERE rows.file_number IN ({older})"""
    )
    key = ", ".join(identifier(column) for column in contract.key)
    connection.execute(
        f"""INSERT INTO removed_rows
        WITH sent_before AS (SELECT DISTINCT {key} FROM all_{table} WHERE file_number IN ({of_before})),
        sent_now AS (SELECT DISTINCT {key} FROM all_{table} WHERE file_number IN ({of_newest}))
        SELECT
            {literal(table)},
            (SELECT COUNT(*) FROM older_{table} WHERE fate = 'removed'),
            (SELECT COUNT(*) FROM (SELECT * FROM sent_before EXCEPT SELECT * FROM sent_now)),
            (SELECT COUNT(*) FROM sent_before)"""
    )


def read_shrinkages(connection: duckdb.DuckDBPyConnection) -> list[Shrinkage]:
    """What each full feed lost from its last extract but one to the newest."""
    rows = connection.execute("SELECT table_name, gone, keys_before FROM removed_rows ORDER BY ALL").fetchall()
    return [Shrinkage(str(table), int(gone), int(before)) for table, gone, before in rows]


def shrinkage_since(
    connection: duckdb.DuckDBPyConnection, previous: duckdb.DuckDBPyConnection, contract: Contract
) -> Shrinkage:
    """What a table of a full feed that lies in the folder once lost since the build that `previous` reads."""
    key = ", ".join(identifier(column) for column in contract.key)
    connection.register("keys_before", previous.sql(f"SELECT DISTINCT {key} FROM {contract.table}").to_arrow_table())
    gone, before = connection.execute(
        f"""SELECT
            (SELECT COUNT(*) FROM (SELECT {key} FROM keys_before EXCEPT SELECT {key} FROM {contract.table})),
            (SELECT COUNT(*) FROM keys_before)"""
    ).fetchall()[0]
    connection.unregister("keys_before")
    return Shrinkage(contract.table, int(gone), int(before))


def shrinkage_fault(one: Shrinkage, *, limit_pct: float) -> Fault:
    """The fault of a full extract that lost too many rows at once."""
    what = (
        f"{one.gone:,} of {one.before:,} rows of the extract before are not in the newest one, more than the limit of "
        f"{limit_pct:g}% (feed: full)."
    )
    cure = (
        "Export the file whole. If the rows really were taken back, raise removed_limit_pct in kpi.yaml for this "
        "build; if each file holds only what changed, or a window of time, declare feed: delta in landing.yaml."
    )
    return Fault(one.table, what, cure)


def unordered_feed_faults(found: Mapping[Path, tuple[FileMapping, ...]], options: LandingOptions) -> list[Fault]:
    """Full feeds of several files of which nothing tells the newest extract."""
    names: dict[str, list[str]] = {}
    for path, mappings in found.items():
        for mapping in mappings:
            names.setdefault(mapping.table, []).append(path.name)
    return [
        Fault(
            LANDING_YAML,
            f"{table} is a full feed of {len(files)} files, and nothing tells which is the newest extract: "
            f"{undated_names(files)[0]} has not one date in its name.",
            f"Name them like {table}_2026-10-31.csv, write newest_file: name, or leave only the newest there.",
        )
        for table, files in sorted(names.items())
        if options.feed_of(table) == "full"
        and len(files) > 1
        and options.of_table(table).newest_file != "name"
        and undated_names(files)
    ]
