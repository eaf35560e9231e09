"""What is kept of the cases as they are listed once is what listing them again gives; a case listed twice is found."""

from __future__ import annotations

import duckdb
import pytest

from kpi_pipeline.metrics.compute import compute_values
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.metrics.sums.summing import case_faults
from kpi_pipeline.warehouse.engines.engine import DuckDbEngine
from tests.support.cases import ONE_IS_ENOUGH, case, measure, warehouse_of


class ListsAnew(DuckDbEngine):
    """An engine that keeps no lists, as Spark does: what is asked of the cases is asked of the declared SQL again."""

    holds_lists = False
    at_once = 16


@pytest.mark.parametrize("kind", ["proportion", "rate", "median", "survival_median", "geometric_mean"])
def test_lists_that_are_kept_say_what_listing_again_says(kind: str) -> None:
    found = []
    for engine in (DuckDbEngine(), ListsAnew()):
        connection = _two_stays_a_patient()
        rules = {
            "sql": _cases(NUMERATORS.get(kind, "days")),
            "needs": (),
            "kind": kind,
            "percentile": None,
            "matures_after_days": 30,
        }
        metric = load_metrics()["readmission_30d"].model_copy(update=rules)
        sooner = metric.model_copy(update={"name": "sooner", "version": 9, "matures_after_days": 0})
        frames = list(compute_values(connection, [metric, sooner], settings=ONE_IS_ENOUGH, engine=engine))
        assert all(len(values) > 4 for _, values, _ in frames)
        found.append([(values.to_csv(), exclusions.to_csv()) for _, values, exclusions in frames])
    assert found[0] == found[1]
    assert found[0][0][0].replace("readmission_30d,", "sooner,") != found[0][1][0], "they are followed up differently"


@pytest.mark.parametrize("engine", [DuckDbEngine(), ListsAnew()])
def test_a_case_listed_twice_is_a_fault_however_many_metrics_list_it(engine: DuckDbEngine) -> None:
    with warehouse_of([case() for _ in range(40)]) as connection:
        connection.execute("UPDATE listed SET case_id = 'C7' WHERE case_id IN ('C8', 'C9')")
        metrics = [measure("mean"), measure("mean", version=2), measure("count", version=3)]
        assert [fault.what for fault in case_faults(connection, metrics, engine)] == [
            "lists 2 cases more than once."
        ] * 3


@pytest.mark.parametrize("engine", [DuckDbEngine(), ListsAnew()])
def test_cases_without_an_id_are_no_sound_list(engine: DuckDbEngine) -> None:
    with warehouse_of([case() for _ in range(40)]) as connection:
        connection.execute("UPDATE listed SET case_id = NULL WHERE case_id = 'C7'")
        faults = case_faults(connection, [measure("mean")], engine)
        assert [fault.what for fault in faults] == ["lists 1 cases more than once."]


def _two_stays_a_patient() -> duckdb.DuckDBPyConnection:
    """900 stays of 450 patients at two facilities over three months; the last of them are followed up too briefly."""
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TABLE stays AS
        SELECT
            's' || n AS stay_id, 'p' || (n * n % 450) AS person_id,
            CASE n % 3 WHEN 0 THEN 'A' ELSE 'B' END AS facility_id,
            DATE '2026-07-01' + CAST(n % 92 AS INTEGER) AS discharged_on, 1 + n % 17 AS days, n % 5 AS events
        FROM range(900) AS numbers (n);
        CREATE TABLE watermarks AS
        SELECT facility_id, DATE '2026-10-05' AS complete_through, FALSE AS is_held_back, TRUE AS is_material,
            CAST(NULL AS DATE) AS closed_on
        FROM (VALUES ('A'), ('B')) AS places (facility_id);
        CREATE TABLE facilities AS SELECT facility_id, closed_on FROM watermarks;
        CREATE TABLE feed_ends (facility_id VARCHAR, table_name VARCHAR, complete_through DATE, is_held_back BOOLEAN);
        CREATE TABLE feed_gaps (facility_id VARCHAR, table_name VARCHAR, starts_on DATE, ends_before DATE);
        CREATE TABLE supply (item VARCHAR, is_supplied BOOLEAN, status VARCHAR, reason VARCHAR)
        """
    )
    return connection


NUMERATORS = {"proportion": "CASE WHEN events > 2 THEN 1 ELSE 0 END", "rate": "events"}


def _cases(numerator: str) -> str:
    return f"""
    SELECT
        stay_id AS case_id,
        facility_id,
        CAST(NULL AS VARCHAR) AS unit_id,
        discharged_on AS event_date,
        {numerator} AS numerator,
        CASE WHEN days % 3 = 0 THEN 0 ELSE 1 END AS denominator,
        CASE WHEN days = 17 THEN 'died' END AS exclusion_reason
    FROM stays
    """
