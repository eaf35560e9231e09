"""Seven of the measures as one statement by hand, from staged Parquet: a third opinion on the figures, and a yardstick.

Plain on purpose: nothing is checked or kept, no reason is given for what is left out, no interval. The rules are those
of `pandas_version`, set-based.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kpi_pipeline.core.sql.sql_text import file_literal
from kpi_pipeline.reference.store import SHIPPED_FOLDER

MEASURES = (
    "discharges", "length_of_stay_days", "length_of_stay_index", "case_mix_index", "total_cost_per_case_usd",
    "case_mix_adjusted_cost_per_case_usd", "readmission_30d",
)  # fmt: skip
"""What the statement counts, by facility and month and for all facilities."""

_SQL = """
WITH lists AS (
    SELECT value_set, code FROM read_csv({value_sets}, header = true, all_varchar = true)
),
acute AS (
    SELECT
        visits.encounter_id, visits.person_id, visits.facility_id, visits.admitted_at, visits.discharged_at,
        visits.discharge_disposition_code AS disposition, visits.drg_code, visits.total_cost,
        visits.primary_diagnosis_code, maps.ccs,
        CASE WHEN visits.discharge_disposition_code IN (SELECT code FROM lists WHERE value_set = 'disposition_died')
            THEN visits.discharge_disposition_code END AS died_code
    FROM read_parquet([{encounters}]) AS visits
    LEFT JOIN {diagnosis_ccs} AS maps ON visits.primary_diagnosis_code = maps.code
    WHERE visits.encounter_type = 'acute inpatient' AND (
        visits.discharged_at IS NOT NULL OR CAST(visits.admitted_at AS DATE) >= DATE '2026-10-31' - INTERVAL 120 DAY
    )
),
-- One row of several with the same person, place and times; a death in any of them is that one's.
single AS (
    SELECT * REPLACE (
        MIN(died_code) OVER (PARTITION BY person_id, facility_id, admitted_at, discharged_at) AS died_code
    )
    FROM acute WHERE discharged_at IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY person_id, facility_id, admitted_at, discharged_at ORDER BY encounter_id
    ) = 1
),
marked AS (
    SELECT *, MAX(discharged_at) OVER (
        PARTITION BY person_id, facility_id ORDER BY admitted_at, discharged_at, encounter_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS until_at
    FROM single
),
-- A run is what overlaps, however long the chain.
runs AS (
    SELECT *, SUM(CASE WHEN until_at IS NULL OR admitted_at >= until_at THEN 1 ELSE 0 END) OVER (
        PARTITION BY person_id, facility_id ORDER BY admitted_at, discharged_at, encounter_id
    ) AS run
    FROM marked
),
run_starts AS (
    SELECT person_id, facility_id, run, admitted_at, until_at, ccs,
        LAG(ccs) OVER (PARTITION BY person_id, facility_id ORDER BY run) AS ccs_before
    FROM runs WHERE until_at IS NULL OR admitted_at >= until_at
),
-- A run that begins on the day the one before ended, for the same condition, goes on with its stay.
chained AS (
    SELECT person_id, facility_id, run, SUM(CASE
        WHEN CAST(admitted_at AS DATE) = CAST(until_at AS DATE) AND ccs = ccs_before THEN 0 ELSE 1
    END) OVER (PARTITION BY person_id, facility_id ORDER BY run) AS chain
    FROM run_starts
),
members AS (
    SELECT runs.* EXCLUDE (until_at, run), FIRST_VALUE(runs.encounter_id) OVER (
        PARTITION BY runs.person_id, runs.facility_id, chained.chain
        ORDER BY runs.admitted_at, runs.discharged_at, runs.encounter_id
    ) AS stay_id
    FROM runs INNER JOIN chained USING (person_id, facility_id, run)
    UNION ALL BY NAME
    SELECT *, encounter_id AS stay_id FROM acute WHERE discharged_at IS NULL
),
combined AS (
    SELECT
        stay_id,
        MIN(person_id) AS person_id,
        MIN(facility_id) AS facility_id,
        MIN(admitted_at) AS admitted_at,
        MAX(discharged_at) AS discharged_at,
        FIRST(drg_code ORDER BY admitted_at, discharged_at, encounter_id) FILTER (WHERE drg_code IS NOT NULL)
            AS drg_code,
        FIRST(primary_diagnosis_code ORDER BY admitted_at, discharged_at, encounter_id) AS primary_diagnosis_code,
        FIRST(ccs ORDER BY admitted_at, discharged_at, encounter_id) AS ccs,
        COALESCE(MIN(died_code), LAST(disposition ORDER BY discharged_at, admitted_at, encounter_id)) AS disposition,
        CASE WHEN COUNT(total_cost) = COUNT(*) THEN SUM(total_cost) END AS total_cost
    FROM members GROUP BY stay_id
),
placed AS (
    SELECT combined.*, CAST(admitted_at AS DATE) AS admitted_on, CAST(discharged_at AS DATE) AS discharged_on,
        drgs.weight, drgs.amlos,
        ROW_NUMBER() OVER (
            PARTITION BY person_id
            ORDER BY CAST(admitted_at AS DATE), admitted_at, discharged_at NULLS LAST, stay_id
        ) AS place
    FROM combined LEFT JOIN {drgs} AS drgs ON combined.drg_code = drgs.ms_drg
),
procedure_lists AS (
    SELECT procedures.encounter_id,
        BOOL_OR(lists.value_set = 'always_planned_procedure') AS is_always,
        BOOL_OR(lists.value_set = 'potentially_planned_procedure') AS is_possible,
        BOOL_OR(lists.value_set = 'surgery_gynecology_procedure') AS is_surgery
    FROM read_parquet([{procedures}]) AS procedures
    INNER JOIN {procedure_ccs} AS maps ON procedures.procedure_code = maps.code
    INNER JOIN lists ON maps.ccs = lists.code
    GROUP BY procedures.encounter_id
),
planned AS (
    SELECT placed.stay_id, placed.person_id, placed.place, placed.facility_id, placed.admitted_on,
        COALESCE(procedure_lists.is_surgery, FALSE) AS is_surgery,
        COALESCE(procedure_lists.is_always, FALSE) OR placed.ccs IN (
            SELECT code FROM lists WHERE value_set = 'always_planned_diagnosis'
        ) OR (COALESCE(procedure_lists.is_possible, FALSE) AND (placed.ccs IS NULL OR placed.ccs NOT IN (
            SELECT code FROM lists WHERE value_set = 'acute_diagnosis'
        ))) AS is_planned
    FROM placed LEFT JOIN procedure_lists ON placed.stay_id = procedure_lists.encounter_id
),
following AS (
    SELECT placed.stay_id,
        MIN(later.place) FILTER (WHERE later.admitted_on >= placed.discharged_on) AS next_place,
        BOOL_OR(later.facility_id <> placed.facility_id AND later.admitted_on < placed.discharged_on) AS is_elsewhere
    FROM placed INNER JOIN planned AS later ON placed.person_id = later.person_id AND later.place > placed.place
    GROUP BY placed.stay_id
),
ended AS (
    SELECT
        placed.facility_id, placed.discharged_on, placed.total_cost, placed.weight, placed.amlos,
        CAST(GREATEST(placed.discharged_on - placed.admitted_on, 1) AS DOUBLE) AS days,
        later.admitted_on - placed.discharged_on <= 30 AND NOT later.is_planned AS is_readmitted,
        placed.primary_diagnosis_code IS NULL
        OR placed.disposition IS NULL
        OR placed.disposition NOT IN (SELECT code FROM lists WHERE value_set = 'disposition_valid')
        OR placed.disposition IN (SELECT code FROM lists WHERE value_set IN (
            'disposition_died', 'disposition_ama', 'disposition_still_patient', 'disposition_acute_transfer'
        ))
        OR COALESCE(following.is_elsewhere, FALSE)
        OR COALESCE(later.facility_id <> placed.facility_id AND later.admitted_on - placed.discharged_on <= 1, FALSE)
        OR COALESCE(placed.ccs IN (SELECT code FROM lists WHERE value_set IN (
            'readmission_exclusion_psychiatric', 'readmission_exclusion_rehabilitation'
        )), FALSE)
        OR COALESCE(placed.ccs IN (
            SELECT code FROM lists WHERE value_set = 'readmission_exclusion_cancer_medical'
        ) AND (NOT own.is_surgery OR placed.ccs = '45'), FALSE) AS is_excluded
    FROM placed
    INNER JOIN planned AS own ON placed.stay_id = own.stay_id
    LEFT JOIN following ON placed.stay_id = following.stay_id
    LEFT JOIN planned AS later ON placed.person_id = later.person_id AND following.next_place = later.place
    WHERE placed.discharged_on IS NOT NULL AND placed.discharged_on <= DATE '2026-10-31'
),
monthly AS (
    SELECT
        CASE GROUPING(facility_id) WHEN 1 THEN 'all' ELSE facility_id END AS facility_id,
        STRFTIME(discharged_on, '%Y-%m') AS month,
        COUNT(*) AS n,
        SUM(days) AS days,
        SUM(days) FILTER (WHERE amlos IS NOT NULL) AS coded_days,
        SUM(amlos) AS expected_days,
        SUM(weight) AS weight,
        COUNT(weight) AS n_weighed,
        SUM(total_cost) AS cost,
        COUNT(total_cost) AS n_costed,
        SUM(total_cost) FILTER (WHERE weight IS NOT NULL) AS weighed_cost,
        SUM(weight) FILTER (WHERE total_cost IS NOT NULL) AS costed_weight,
        COUNT(*) FILTER (WHERE is_readmitted AND NOT is_excluded AND is_followed) AS n_readmitted,
        COUNT(*) FILTER (WHERE NOT is_excluded AND is_followed) AS n_index
    FROM (SELECT *, discharged_on + 30 <= DATE '2026-10-31' AS is_followed FROM ended)
    GROUP BY GROUPING SETS ((facility_id, STRFTIME(discharged_on, '%Y-%m')), (STRFTIME(discharged_on, '%Y-%m')))
)
SELECT UNNEST([{names}]) AS metric, facility_id, month,
    UNNEST([n, days, coded_days, weight, cost, weighed_cost, n_readmitted]) AS numerator,
    UNNEST([n, n, expected_days, n_weighed, n_costed, costed_weight, n_index]) AS denominator
FROM monthly
"""


def catalogue_sql(staged: Sequence[tuple[str, Path]]) -> str:
    """The statement: metric, facility_id ('all': every one), month, numerator, denominator. staged: (table, file)."""

    def files(table: str) -> str:
        return ", ".join(file_literal(path) for name, path in staged if name == table)

    def shipped(name: str) -> str:
        return f"read_parquet({file_literal(SHIPPED_FOLDER / f'{name}.parquet')})"

    return _SQL.format(
        encounters=files("encounters"),
        procedures=files("procedures"),
        value_sets=file_literal(SHIPPED_FOLDER / "value_sets.csv"),
        diagnosis_ccs=shipped("ccs_diagnosis_icd10"),
        procedure_ccs=shipped("ccs_procedure_icd10"),
        drgs=shipped("ms_drg_fy2026"),
        names=", ".join(f"'{name}'" for name in MEASURES),
    )
