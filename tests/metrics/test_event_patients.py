"""How many patients are behind a measure's events: counted once each, however many events and stays they have."""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.compute import compute_values
from kpi_pipeline.metrics.declaration import load_metrics

CASES = """
SELECT
    stay_id AS case_id,
    facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    DATE '2026-09-10' AS event_date,
    days AS numerator,
    1.0 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
"""


def test_forty_nine_days_of_one_patient_are_one_patient() -> None:
    """p1 waits 40 and 9 days in two stays at A; p2 not at all; p3 and, at B, p1 again wait a day each."""
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE stays AS SELECT * FROM (VALUES ('s1', 'p1', 'A', 40.0), ('s2', 'p1', 'A', 9.0), "
        "('s3', 'p2', 'A', 0.0), ('s4', 'p3', 'B', 1.0), ('s5', 'p1', 'B', 1.0)) AS rows(stay_id, person_id, "
        "facility_id, days); ALTER TABLE stays ADD COLUMN discharged_on DATE DEFAULT DATE '2026-09-10'"
    )
    connection.execute(
        "CREATE TABLE watermarks (facility_id VARCHAR, complete_through DATE, is_held_back BOOLEAN, "
        "is_material BOOLEAN)"
    )
    connection.execute(
        "CREATE TABLE feed_ends (facility_id VARCHAR, table_name VARCHAR, complete_through DATE, is_held_back BOOLEAN);"
        "CREATE TABLE feed_gaps (facility_id VARCHAR, table_name VARCHAR, starts_on DATE, ends_before DATE)"
    )
    connection.execute(
        "INSERT INTO watermarks VALUES ('A', '2026-10-31', FALSE, TRUE), ('B', '2026-10-31', FALSE, TRUE)"
    )
    connection.execute("CREATE TABLE facilities (facility_id VARCHAR, closed_on DATE)")
    connection.execute("INSERT INTO facilities VALUES ('A', NULL), ('B', NULL)")
    connection.execute("CREATE TABLE supply (item VARCHAR, is_supplied BOOLEAN, status VARCHAR, reason VARCHAR)")
    metric = load_metrics()["avoidable_days_per_100_discharges"].model_copy(update={"sql": CASES, "needs": ()})
    ((_, values, _),) = compute_values(connection, [metric], settings=Settings(min_denominator=1))
    patients = dict(zip(values["facility_id"], values["n_event_patients"], strict=True))
    assert patients == {"A": 1.0, "B": 2.0, "all": 2.0}
