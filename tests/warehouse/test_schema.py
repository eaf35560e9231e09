"""A change of the warehouse's tables raises its version: else an older file is read, and lacks what is asked of it."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.warehouse.connection import SCHEMA_VERSION
from tests.support.hospitals import many_hospitals
from tests.support.pipeline import build_hospital, read_rows

ON_RECORD = Path(__file__).with_name("schema.txt")


def test_a_changed_table_raises_the_version_of_the_schema(tmp_path: Path) -> None:
    warehouse = build_hospital(tmp_path, many_hospitals(1, count=1))
    tables = read_rows(
        warehouse,
        """
        SELECT table_name, STRING_AGG(column_name || ' ' || data_type, ', ' ORDER BY column_index)
        FROM duckdb_columns()
        WHERE database_name = 'warehouse'
        GROUP BY table_name
        ORDER BY table_name
        """,
    )
    found = "".join(f"{line}\n" for line in (f"schema {SCHEMA_VERSION}", *(f"{name}: {row}" for name, row in tables)))
    (tmp_path / "schema.txt").write_text(found, encoding="utf-8")
    assert found == ON_RECORD.read_text(encoding="utf-8"), (
        f"Raise SCHEMA_VERSION in kpi_pipeline/warehouse/connection.py, then: cp {tmp_path}/schema.txt {ON_RECORD}"
    )
