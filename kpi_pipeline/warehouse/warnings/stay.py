"""What the stays show of codes that no loaded table knows: the figures survive it, but a reader should know."""

from __future__ import annotations

import duckdb

from kpi_pipeline.core.notices import Notice

LONGEST_USUAL_DAYS = 365
"""Acute stays of more than a year are a handful in a country; in a file they are mostly mistyped years."""


def find_stay_warnings(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """The warnings about the stays of this build."""
    stays, with_code, mapped, uncoded = connection.execute(
        "SELECT COUNT(*), COUNT(primary_diagnosis_code), COUNT(primary_diagnosis_ccs), "
        "COUNT(*) FILTER (WHERE drg_code IS NOT NULL AND drg_weight IS NULL) FROM stays"
    ).fetchall()[0]
    warnings = []
    if not stays:
        warnings.append(Notice("no_stays"))
    if with_code and not mapped:
        warnings.append(Notice("diagnoses_without_map"))
    elif mapped < with_code:
        counts = {"diagnoses": with_code - mapped, "of_diagnoses": with_code}
        warnings.append(Notice("diagnoses_unmapped", counts=counts))
    if uncoded:
        warnings.append(Notice("drgs_unknown", counts={"stays": uncoded}))
    warnings += _implausible_stays(connection)
    nearest = connection.execute(
        "SELECT fiscal_year, drg_table_fiscal_year FROM stays "
        "WHERE drg_table_fiscal_year IS NOT NULL AND drg_table_fiscal_year <> fiscal_year GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for used in sorted({used for _, used in nearest}):
        asked = tuple(f"FY{year}" for year, instead in nearest if instead == used)
        warnings.append(Notice("drg_table_of_another_year", columns=asked, details={"used": f"FY{used}"}))
    return [*warnings, *_places_not_in_cost_year(connection)]


def _places_not_in_cost_year(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Facilities that are held against a year of cost in some of whose months they have no stay costed and coded, while
    others have: expected is then what the others cost."""
    rows = connection.execute(
        """
        WITH costed AS (
            SELECT DISTINCT facility_id, CAST(DATE_TRUNC('month', discharged_on) AS DATE) AS month_starts_on FROM stays
            WHERE NOT is_in_house AND total_cost >= 0 AND drg_weight > 0
        ),
        compared AS (SELECT costed.* FROM costed INNER JOIN yearly_costs_per_weight USING (month_starts_on)),
        lacking AS (
            SELECT DISTINCT compared.facility_id, months.month_starts_on
            FROM compared
            INNER JOIN (SELECT DISTINCT month_starts_on FROM costed) AS months
                ON months.month_starts_on < compared.month_starts_on
                AND months.month_starts_on >= compared.month_starts_on - INTERVAL 12 MONTH
            ANTI JOIN costed
                ON compared.facility_id = costed.facility_id AND months.month_starts_on = costed.month_starts_on
        )
        SELECT
            facility_id, COUNT(*), STRFTIME(MIN(month_starts_on), '%Y-%m'), STRFTIME(MAX(month_starts_on), '%Y-%m')
        FROM lacking GROUP BY facility_id ORDER BY facility_id
        """
    ).fetchall()
    return [
        Notice(
            "place_not_in_cost_year", facility_id=place, details={"months": str(n), "first_month": a, "last_month": b}
        )
        for place, n, a, b in rows
    ]


def _implausible_stays(connection: duckdb.DuckDBPyConnection) -> list[Notice]:
    """Stays that can be true one by one, and of which a few tell of a fault of the source."""
    very_long, open_at_once, after_death = connection.execute(
        f"""
        WITH first_deaths AS (
            SELECT person_id, MIN(discharged_on) AS died_on
            FROM stays INNER JOIN reference_value_sets AS died
                ON stays.discharge_disposition_code = died.code AND died.value_set = 'disposition_died'
            WHERE NOT stays.is_in_house
            GROUP BY person_id
        )
        SELECT
            (SELECT COUNT(*) FROM stays WHERE length_of_stay_days > {int(LONGEST_USUAL_DAYS)}),
            (
                SELECT COUNT(*) FROM (
                    SELECT person_id FROM stays WHERE is_in_house AND NOT is_discharge_lost
                    GROUP BY person_id HAVING COUNT(*) > 1
                )
            ),
            (
                SELECT COUNT(*) FROM stays INNER JOIN first_deaths
                ON stays.person_id = first_deaths.person_id AND stays.admitted_on > first_deaths.died_on
            )
        """
    ).fetchall()[0]
    found = []
    if very_long:
        found.append(Notice("stays_very_long", counts={"stays": very_long}, details={"days": str(LONGEST_USUAL_DAYS)}))
    if open_at_once:
        found.append(Notice("stays_open_at_once", counts={"persons": open_at_once}))
    if after_death:
        found.append(Notice("stays_after_death", counts={"stays": after_death}))
    return found
