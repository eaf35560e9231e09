"""Writes tables as CSV files through DuckDB: fast, and the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import literal, path_literal
from kpi_pipeline.synthetic.care.encounters import ENCOUNTER_TEXT
from kpi_pipeline.synthetic.care.faults import WrittenFaults

# SQL that turns the generator's numbers into ids
ENCOUNTER_ID = ENCOUNTER_TEXT["encounter_id"]
CASE_ID = "printf('C%07d', cm_case)"
CASE_MANAGER_ID = "printf('CM%03d', case_manager + 1)"
_FILE = "'encounters_' || year || '.csv' AS file"
_PLACE = f"{_FILE}, CAST(encounter AS DOUBLE) AS position"


class Writer:
    """An open DuckDB and a folder; counts the rows of every file it writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.volumes: dict[str, int] = {}
        self._connection = connect(folders=[folder])
        self._connection.execute("SET preserve_insertion_order = true")

    def close(self) -> None:
        """Closes the database."""
        self._connection.close()

    def write(self, file_name: str, frame: pd.DataFrame, *, columns: dict[str, str], where: str = "true") -> None:
        """Writes the frame's rows that satisfy `where`; columns: header → SQL over the frame's columns."""
        self._connection.register("rows_to_write", frame)
        self._copy(file_name, f"SELECT {_select(columns)} FROM rows_to_write WHERE {where}")
        self._connection.unregister("rows_to_write")

    def hold_encounters(self, frame: pd.DataFrame) -> None:
        """Keeps the typed encounters at hand, to be read or written as text."""
        self._connection.register("typed_encounters", frame)

    def read_encounters(self, chosen: pd.DataFrame) -> pd.DataFrame:
        """The chosen encounter numbers as the rows that would be written, with `file` and `position`.

        They come in the order, and with the further columns, of `chosen`.
        """
        self._connection.register("chosen", chosen.assign(place=range(len(chosen))))
        rows = self._connection.execute(
            f"""SELECT encounter, {_PLACE}, {_select(ENCOUNTER_TEXT)}, chosen.* EXCLUDE (encounter, place)
            FROM typed_encounters INNER JOIN chosen USING (encounter) ORDER BY chosen.place"""
        ).df()
        self._connection.unregister("chosen")
        return rows

    def write_encounters(self, faults: WrittenFaults | None) -> None:
        """Writes the held encounters, a file per year of discharge, with the fault rows in their places."""
        text = f"SELECT {_PLACE}, {_select(ENCOUNTER_TEXT)} FROM typed_encounters"
        files_sql = f"SELECT DISTINCT {_FILE} FROM typed_encounters"
        if faults is not None:
            self._connection.register("fault_rows", faults.rows)
            self._connection.register("replaced_rows", pd.DataFrame({"encounter": faults.replaced}))
            typed = ", ".join(f"CAST({column} AS VARCHAR) AS {column}" for column in ENCOUNTER_TEXT)
            text += (
                f" ANTI JOIN replaced_rows USING (encounter) UNION ALL SELECT file, position, {typed} FROM fault_rows"
            )
            files_sql += " UNION SELECT DISTINCT file FROM fault_rows"
        files = sorted(str(file) for (file,) in self._connection.execute(files_sql).fetchall())
        for file in files:
            columns = ", ".join(ENCOUNTER_TEXT)
            order = "ORDER BY position, encounter_id"
            self._copy(file, f"SELECT {columns} FROM ({text}) WHERE file = {literal(file)} {order}")

    def _copy(self, file_name: str, query: str) -> None:
        target = path_literal(self.folder / file_name)
        ((rows,),) = self._connection.execute(f"COPY ({query}) TO {target} (FORMAT csv, HEADER)").fetchall()
        self.volumes[file_name] = int(rows)


def _select(columns: dict[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
