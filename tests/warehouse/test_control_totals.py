"""What a plain count over the source must give, on tables written by hand."""

from __future__ import annotations

import duckdb

from kpi_pipeline.warehouse.tables import load_tables

READ = """
    CREATE TABLE all_encounters AS SELECT * FROM (VALUES
        (0, 1, 'Observation'), (0, 2, 'observation'), (0, 3, 'OBSERVATION'), (0, 4, 'observation'),
        (1, 1, 'observation'), (1, 2, 'outpatient'), (1, 3, 'outpatient'), (1, 4, 'voided')
    ) AS rows (file_number, file_row_number, encounter_type);
    CREATE TABLE older_encounters AS SELECT * FROM (VALUES
        (0, 1, 'duplicate'), (0, 2, 'superseded'), (0, 3, 'removed'), (1, 2, 'duplicate')
    ) AS rows (file_number, file_row_number, fate);
    CREATE TABLE encounters AS SELECT * FROM (VALUES
        ('observation', 1.25, 10.5, 100.0, 1000.0), ('observation', 2.5, 20.0, 200.0, 2000.0),
        ('outpatient', 4.0, NULL, NULL, NULL), ('emergency department', NULL, NULL, NULL, NULL)
    ) AS rows (encounter_type, total_cost, total_charges, allowed_amount, paid_amount);
"""


def test_each_type_has_its_rows_in_use_those_set_aside_by_their_fate_and_its_amounts() -> None:
    sql = next(table.sql for table in load_tables() if table.name == "control_totals")
    with duckdb.connect() as connection:
        connection.execute(READ)
        rows = connection.execute(f"SELECT * FROM ({sql}) ORDER BY encounter_type").fetchall()
    assert rows == [
        ("emergency department", 1, 0, 0, None, None, None, None),
        ("observation", 2, 1, 2, 3.75, 30.5, 300.0, 3000.0),
        ("outpatient", 1, 1, 0, 4.0, None, None, None),
    ]
