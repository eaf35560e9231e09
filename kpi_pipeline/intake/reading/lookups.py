"""Landed files that a mapping joins: one or many read as one view, or an empty one where they may be absent."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.intake.reading.json_resources import JSON_COLUMNS
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile


@dataclass(frozen=True, slots=True)
class Lookup:
    """The files of a lookup with their hashes, and the columns its reader asks for: those not there are NULL."""

    files: tuple[OpenFile, ...]
    hashes: tuple[str, ...]
    columns: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The SELECT behind the lookup's view."""
        if not self.files:
            none = ", ".join(
                f"CAST(NULL AS VARCHAR) AS {identifier(column)}" for column in self.columns or JSON_COLUMNS
            )
            return f"SELECT CAST(NULL AS BIGINT) AS {SOURCE_LINE}, {none} WHERE false"
        have = {column.lower() for file in self.files for column in file.columns}
        missing = "".join(
            f", CAST(NULL AS VARCHAR) AS {identifier(column)}" for column in self.columns if column not in have
        )
        rows = " UNION ALL BY NAME ".join(f"({file.sql})" for file in self.files)
        return f"SELECT *{missing} FROM ({rows})"


def absent_lookup(columns: tuple[str, ...]) -> Lookup:
    """A lookup of no files: no rows."""
    return Lookup((), (), columns)
