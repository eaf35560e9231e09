"""What the warehouse tells about drivers: each day and each case once, inside the window, and nobody's id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.periods import Month, month_range
from kpi_pipeline.core.settings import FreedDay, OpportunitySettings, Settings
from kpi_pipeline.improvement.drivers.collect import Drivers, months_not_complete, read_drivers
from kpi_pipeline.improvement.drivers.queries import (
    Window,
    query_amounts,
    query_drg_titles,
    query_occupancy_pct,
    query_stays,
    query_supply,
    query_wait_parties,
    query_waits,
)
from kpi_pipeline.improvement.drivers.unit_queries import query_units
from kpi_pipeline.metrics.declaration import load_metrics
from tests.support.landings import Files, encounters, line, tables_of

METRICS = load_metrics()
OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))
HEADER = (
    "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,drg_code,service_line,unit_id,"
    "total_cost,direct_cost,variable_direct_cost\n"
)


def stay(
    number: int,
    *,
    facility: str = "F1",
    admitted: str = "2026-10-01",
    discharged: str = "2026-10-11",
    drg: str = "291",
    unit: str = "U1",
    cost: str = "9000",
) -> str:
    return (
        f"E{number},P{number},{facility},acute inpatient,{admitted},{discharged},{drg},medicine,{unit},{cost},800,500\n"
    )


STAYS = (
    stay(1),
    stay(2, drg="470", cost=""),
    stay(3, facility="F2", unit="U2", admitted="2026-10-20", discharged="2026-10-31"),
    stay(4, discharged="2026-11-01"),
    stay(5, admitted="2026-09-20", discharged="2026-09-30"),
    stay(6, discharged=""),
)
WAITS = """encounter_id,starts_on,ends_on,reason_code,responsible_party
E1,2026-10-02,2026-10-05,BED,payer
E1,2026-10-04,2026-10-06,BED,post-acute provider
E1,2026-10-05,2026-10-07,TEST,hospital service
E3,2026-10-22,2026-10-24,TEST,hospital service
E4,2026-10-02,2026-10-05,BED,payer
"""
FILES: Files = {
    "encounters.csv": HEADER + "".join(STAYS),
    "avoidable_days.csv": WAITS,
    "census.csv": "facility_id,unit_id,census_on,patients\n"
    "F1,,2026-10-01,60\nF1,U1,2026-10-01,60\nF2,U2,2026-10-01,10\nF2,U3,2026-10-01,5\n",
    "facilities.csv": "facility_id,facility_name,licensed_beds\nF1,First,100\nF2,Second,50\n",
    "units.csv": "unit_id,facility_id,unit_name\nU1,F1,3 East\nU2,F2,4 West\n",
}


@contextmanager
def warehouse(folder: Path, files: Files = FILES) -> Iterator[duckdb.DuckDBPyConnection]:
    with tables_of(folder, files) as connection:
        yield connection


def test_overlapping_waits_for_one_reason_count_once_and_for_two_reasons_under_each(tmp_path: Path) -> None:
    """E1 waits for a bed on the 2nd to 5th (two entries, 4 days) and for a test on the 5th and 6th; E3 2 days."""
    with warehouse(tmp_path) as connection:
        waits = query_waits(connection, OCTOBER)
        stays = query_stays(connection, OCTOBER)
    found = {row["reason_code"]: (row["n_stays"], row["days"]) for row in waits.to_dict("records")}
    assert found == {"BED": (1, 4.0), "TEST": (2, 4.0)}
    assert stays["avoidable_days"].sum() == 5.0 + 2.0  # the 5th was waited for both


def test_a_reason_with_several_parties_names_none(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        waits = query_waits(connection, OCTOBER).set_index("reason_code")
    assert waits.loc["TEST", "responsible_party"] == "hospital service"
    assert not isinstance(waits.loc["BED", "responsible_party"], str)


def test_who_could_have_ended_a_wait_is_told_of_the_days_that_are_counted(tmp_path: Path) -> None:
    """A party of other months, or of days that another wait covers, takes no reason its name; none on record is one."""
    waits = WAITS + (
        "E4,2026-10-06,2026-10-08,TEST,payer\n"  # E4 left after the window
        "E1,2026-10-09,2026-10-09,RIDE,\nE3,2026-10-21,2026-10-22,RIDE,family\nE1,2026-10-10,2026-10-10,FORM,\n"
    )
    with warehouse(tmp_path, {**FILES, "avoidable_days.csv": waits}) as connection:
        found = query_waits(connection, OCTOBER).set_index("reason_code")["responsible_party"]
        by_party = query_wait_parties(connection, OCTOBER)
    assert found[["TEST", "FORM"]].to_dict() == {"TEST": "hospital service", "FORM": ""}
    assert found[["BED", "RIDE"]].isna().all()
    counts = by_party.groupby("reason_code")["responsible_party"].nunique()
    assert (counts == 1).to_dict() == found.notna().to_dict(), "a reason without a name stands in the table by party"


def test_only_discharges_of_the_window_and_the_facility_are_there(tmp_path: Path) -> None:
    """Left the month before, on the first day after it, or still in the house: not in it."""
    with warehouse(tmp_path) as connection:
        assert len(query_stays(connection, OCTOBER)) == 3
        second = Window(OCTOBER.first_day, OCTOBER.end, "F2")
        assert query_stays(connection, second)["length_of_stay_days"].tolist() == [11.0]
        assert query_waits(connection, second)["days"].tolist() == [2.0]


def test_nobodys_id_leaves_the_warehouse(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        frames = [
            query_waits(connection, OCTOBER),
            query_stays(connection, OCTOBER),
            query_amounts(connection, METRICS["length_of_stay_days"], OCTOBER, by="drg_code"),
            query_units(connection, METRICS["length_of_stay_days"], OCTOBER),
        ]
    assert frames[1]["stay_id"].tolist() == [1, 2, 3]
    ids = {f"{letter}{number}" for letter in "EP" for number in range(1, 7)}
    assert ids.isdisjoint(str(cell) for frame in frames for cell in frame.to_numpy().ravel())


def test_amounts_are_the_metrics_own_sums_without_its_exclusions(tmp_path: Path) -> None:
    """The stay of DRG 470 has no cost yet."""
    with warehouse(tmp_path) as connection:
        cost = query_amounts(connection, METRICS["total_cost_per_case_usd"], OCTOBER, by="drg_code")
        days = query_amounts(connection, METRICS["length_of_stay_days"], OCTOBER, by="drg_code")
    assert cost.to_dict("records") == [{"category": "291", "n_cases": 2, "numerator": 18000.0, "squares": 162e6}]
    assert days.to_dict("records") == [
        {"category": "291", "n_cases": 2, "numerator": 21.0, "squares": 10.0**2 + 11.0**2},
        {"category": "470", "n_cases": 1, "numerator": 10.0, "squares": 100.0},
    ]


def test_units_have_their_names_and_their_hospitals(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        units = query_units(connection, METRICS["length_of_stay_days"], OCTOBER)
    rows = [tuple(row) for row in units[["unit_name", "facility_name", "numerator", "denominator"]].to_numpy().tolist()]
    assert rows == [("3 East", "First", 20.0, 2.0), ("4 West", "Second", 11.0, 1.0)]


def test_what_a_unit_would_have_at_everybodys_rates_by_hand() -> None:
    """Groups 1 (old and young) and 2, each drawn towards its parent by 20 cases; unit B has only cases of group 1.

    Overall 10/9. Group 1: (9 + 20·10/9)/(4 + 20). Its cell of the old: (8 + 20·that)/(3 + 20). Of unit C no case can
    be adjusted: a diagnosis or an age is missing.
    """
    connection = duckdb.connect()
    connection.execute("CREATE TABLE units AS SELECT 'A' AS unit_id, 'Ward A' AS unit_name")
    connection.execute("CREATE TABLE facilities AS SELECT 'F' AS facility_id, 'First' AS facility_name")
    connection.execute(
        "CREATE TABLE watermarks AS "
        "SELECT 'F' AS facility_id, DATE '2026-12-31' AS complete_through, FALSE AS is_held_back, TRUE AS is_material"
    )
    connection.execute(
        "CREATE TABLE feed_ends (facility_id VARCHAR, table_name VARCHAR, complete_through DATE, is_held_back BOOLEAN);"
        "CREATE TABLE feed_gaps (facility_id VARCHAR, table_name VARCHAR, starts_on DATE, ends_before DATE)"
    )
    connection.execute(
        """
        CREATE TABLE stays AS SELECT * FROM (VALUES
            ('1', 'F', 'A', 3, '1', DATE '1930-01-01'), ('2', 'F', 'A', 1, '1', DATE '1990-01-01'),
            ('3', 'F', 'A', 1, '2', DATE '1930-01-01'), ('4', 'F', 'A', 0, '2', DATE '1930-01-01'),
            ('5', 'F', 'B', 3, '1', DATE '1930-01-01'), ('6', 'F', 'B', 2, '1', DATE '1930-01-01'),
            ('7', 'F', 'C', 0, NULL, DATE '1930-01-01'), ('8', 'F', 'C', 0, '2', NULL), ('9', 'F', 'C', 0, '3', NULL)
        ) AS rows (stay_id, facility_id, unit_id, n, primary_diagnosis_ccs, birth_date)
        """
    )
    connection.execute("ALTER TABLE stays ADD COLUMN admitted_on DATE DEFAULT DATE '2026-10-05'")
    sql = (
        "SELECT stay_id AS case_id, facility_id, unit_id, admitted_on AS event_date, n AS numerator, 1 AS denominator, "
        "CAST(NULL AS VARCHAR) AS exclusion_reason FROM stays"
    )
    metric = METRICS["length_of_stay_days"].model_copy(update={"sql": sql})
    units = query_units(connection, metric, OCTOBER).set_index("unit_id")
    group = (9 + 20 * 10 / 9) / 24
    old = (8 + 20 * group) / 23
    assert units.loc["B", "expected"] == pytest.approx(2 * old)
    young, other = (1 + 20 * group) / 21, (1 + 20 * (1 + 20 * 10 / 9) / 23) / 22
    assert units.loc["A", "expected"] == pytest.approx(old + young + 2 * other)
    assert units["share_known"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0}


def test_units_are_not_compared_where_diagnosis_and_age_are_not_known(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        units = query_units(connection, METRICS["length_of_stay_days"], OCTOBER)
    assert units["share_known"].tolist() == [0.0, 0.0]
    assert units["expected"].tolist() == pytest.approx([2 * 31 / 3, 31 / 3])


def test_a_drg_has_its_published_title(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        assert query_drg_titles(connection)["291"].startswith("HEART FAILURE")


def test_occupancy_is_patients_over_licensed_beds_and_the_house_is_not_counted_twice(tmp_path: Path) -> None:
    """60 of 100 and 15 of 50 beds: 75 of 150."""
    with warehouse(tmp_path) as connection:
        assert query_occupancy_pct(connection, OCTOBER) == pytest.approx(50.0)
        assert query_occupancy_pct(connection, Window(OCTOBER.first_day, OCTOBER.end, "F1")) == pytest.approx(60.0)
        assert query_occupancy_pct(connection, Window(date(2025, 1, 1), date(2025, 2, 1))) is None


def read(connection: duckdb.DuckDBPyConnection, settings: Settings = Settings()) -> Drivers:
    return read_drivers(connection, Month(2026, 10), metrics=METRICS, settings=settings)


def test_the_drivers_of_a_year_count_what_was_landed(tmp_path: Path) -> None:
    """The data begin in September and hold E1, E2, E3 and E5, which left then: two months, not twelve."""
    with warehouse(tmp_path) as connection:
        drivers = read(connection)
    assert (str(drivers.first_month), drivers.n_discharges, drivers.days_waited) == ("2026-09", 4, 7.0)
    assert drivers.service_lines is not None
    assert drivers.drgs is not None
    assert drivers.drgs.total.n_stays == drivers.service_lines.total.n_stays == 4
    assert drivers.mix_change is None
    assert "mix_change" in drivers.missing


def two_years(*, cost_of: Callable[[str, int], str], drg_of: Callable[[str, int], str] = lambda *_: "291") -> Files:
    """Twelve stays in each of the 26 months to October 2026, all in the same days of the month."""
    months = [str(month) for month in month_range(Month(2024, 9), Month(2026, 10))]
    rows = [
        stay(
            100 * at + n,
            admitted=f"{month}-{n + 1:02d}",
            discharged=f"{month}-{n + 1 + (15 if n > 7 else 3):02d}",
            drg=drg_of(month, n),
            cost=cost_of(month, n),
        )
        for at, month in enumerate(months)
        for n in range(12)
    ]
    return {**FILES, "encounters.csv": HEADER + "".join(rows)}


def test_two_years_are_compared_up_to_the_last_month_whose_costs_are_all_there(tmp_path: Path) -> None:
    """The four long stays of October 2026, 30,000 each, are not costed yet: without them the year looked cheaper."""

    def cost(month: str, n: int) -> str:
        return "" if month == "2026-10" and n > 7 else "30000" if n > 7 else "9000"

    with warehouse(tmp_path, two_years(cost_of=cost)) as connection:
        drivers = read(connection)
    change, to_date = drivers.mix_change, drivers.mix_to_date
    assert change is not None
    assert to_date is not None
    assert (to_date.metric, to_date.by, to_date.months_back) == ("length_of_stay_days", "drg_code", 0)
    assert (change.metric, change.by, change.months_back) == ("total_cost_per_case_usd", "drg_code", 1)
    assert [(year["n_cases"].sum(), year["numerator"].sum()) for year in (change.before, change.after)] == [
        (144, 12 * (8 * 9000 + 4 * 30000.0)),
        (144, 12 * (8 * 9000 + 4 * 30000.0)),
    ]


def test_years_coded_unlike_each_other_are_not_split_by_their_codes(tmp_path: Path) -> None:
    """A third of the stays before 2026 have no DRG, and all of them a service line; by DRG the gap would be mix."""
    files = two_years(
        cost_of=lambda month, n: "9000", drg_of=lambda month, n: "" if month < "2026" and n % 3 == 0 else "291"
    )
    with warehouse(tmp_path, files) as connection:
        change = read(connection).mix_change
    assert change is not None
    assert (change.metric, change.by, change.months_back) == ("total_cost_per_case_usd", "service_line", 0)


@pytest.mark.parametrize(
    ("known", "back"),
    [
        ([100] * 12, 0),
        ([99] + [100] * 11, 0),  # one point
        ([98] + [100] * 11, 1),
        ([80, 97] + [100] * 10, 2),
        ([100, 60] + [100] * 10, 0),  # a gap further back, and whole months since
        ([90] * 12, 0),  # as usual
    ],
)
def test_the_newest_months_that_know_less_than_usual_are_counted(known: list[int], back: int) -> None:
    assert months_not_complete([(f"2026-{12 - at:02d}", 100, n) for at, n in enumerate(known)]) == back


def test_a_freed_day_is_valued_only_where_beds_are_full(tmp_path: Path) -> None:
    def capacity(threshold: float) -> float | None:
        freed = FreedDay(
            contribution_margin_usd=900, backfill_probability=0.5, occupancy_threshold_pct=threshold, source="Finance"
        )
        with warehouse(tmp_path / str(threshold)) as connection:
            drivers = read(connection, Settings(opportunity=OpportunitySettings(freed_day=freed)))
        assert drivers.opportunity is not None
        rung = drivers.opportunity.rungs[0]
        return None if rung.capacity_usd is None or rung.days is None else rung.capacity_usd.value / rung.days.value

    assert capacity(50.0) == pytest.approx(450.0)
    assert capacity(51.0) is None


def test_a_landing_without_drgs_and_waits_says_what_it_lacks(tmp_path: Path) -> None:
    with warehouse(tmp_path, encounters(line("E1"), line("E2", person_id="P2"))) as connection:
        drivers = read(connection)
        assert "avoidable_days" in query_supply(connection)
    assert set(drivers.missing) == {"waits", "excess", "mix_change", "units"}
    assert drivers.missing["waits"] == "table_not_supplied:avoidable_days"
    assert (drivers.waits, drivers.drgs, drivers.opportunity) == (None, None, None)


def test_a_month_without_discharges_has_no_drivers(tmp_path: Path) -> None:
    with warehouse(tmp_path) as connection:
        drivers = read_drivers(connection, Month(2024, 1), metrics=METRICS, settings=Settings(), facility_id="nowhere")
    assert (drivers.n_discharges, drivers.drgs, drivers.opportunity) == (0, None, None)
