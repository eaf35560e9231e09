"""Cases listed beside other work: the same faults and sums, one after the other where there is no room, and an end."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.compute import compute_values
from kpi_pipeline.pipeline.case_lists import CaseLists
from kpi_pipeline.warehouse.engines.engine import DUCKDB
from tests.support.cases import ONE_IS_ENOUGH, case, measure, warehouse_of


@pytest.mark.parametrize(("memory", "is_beside"), [("4GB", True), ("1MB", False)])
def test_what_is_listed_beside_other_work_is_what_is_listed_alone(memory: str, is_beside: bool) -> None:
    metrics = [measure("mean"), measure("median", name="another")]
    with warehouse_of([case(n, 2) for n in range(60)]) as connection:
        connection.execute("CREATE TABLE encounters AS SELECT * FROM range(300)")
        ((_, alone, _), _) = compute_values(connection, metrics, settings=ONE_IS_ENOUGH)
        connection.execute("UPDATE listed SET case_id = 'C7' WHERE case_id = 'C8'")
        with closing(CaseLists(connection, metrics, settings=Settings(memory_limit=memory), engine=DUCKDB)) as lists:
            lists.start()
            assert (lists._found is not None) == is_beside
            assert [fault.what for fault in lists.faults()] == ["lists 1 cases more than once."] * 2
            ((_, beside, _), _) = compute_values(connection, metrics, settings=ONE_IS_ENOUGH)
    assert beside.to_csv() == alone.to_csv()


def test_a_build_that_ends_early_does_not_wait_for_its_lists() -> None:
    endless = measure("mean", sql="SELECT listed.* FROM listed CROSS JOIN range(1000000000000) AS numbers")
    with warehouse_of([case()]) as connection:
        connection.execute("CREATE TABLE encounters AS SELECT 1 AS encounter_id")
        lists = CaseLists(connection, [endless], settings=Settings(), engine=DUCKDB)
        with closing(lists):
            lists.start()
        with pytest.raises(duckdb.InterruptException):
            lists.faults()
