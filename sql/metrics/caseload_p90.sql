/*---
title: 90th percentile of caseload
short_title: Caseload, 90th percentile
section: people
kind: percentile
percentile: 90
unit: cases
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; no agreed number of patients per case manager exists
chart: xmr
decimals: 1
needs: [census, staffing.paid_hours]
told_with: caseload_per_case_manager
owner: case-management
why: A mean hides the worst days. On one unit-day in ten the caseload was higher than this.
definition: Patients at midnight per case manager on shift, by unit and day; nine in ten unit-days were no higher.
numerator: Patients of the unit at midnight divided by its case managers on shift.
denominator: Unit-days with a case manager on shift.
denominator_noun: unit-day | unit-days
exclusions:
  no_case_manager_on_shift: Nobody was on shift in the unit that day.
reviewed: 2026-11-27
---*/
WITH case_managers_on_shift AS (
    SELECT
        facility_id,
        unit_id,
        shift_on,
        COUNT(DISTINCT case_manager_id) AS n_case_managers
    FROM staffing
    WHERE paid_hours > 0
    GROUP BY facility_id, unit_id, shift_on
)

SELECT
    census.facility_id || '|' || COALESCE(census.unit_id, '') || '|' || CAST(census.census_on AS VARCHAR) AS case_id,
    census.facility_id,
    census.unit_id,
    census.census_on AS event_date,
    CAST(census.patients AS DOUBLE) / case_managers_on_shift.n_case_managers AS numerator,
    1 AS denominator,
    CASE WHEN COALESCE(case_managers_on_shift.n_case_managers, 0) = 0 THEN 'no_case_manager_on_shift' END
        AS exclusion_reason
FROM census
LEFT JOIN case_managers_on_shift
    ON
        census.facility_id = case_managers_on_shift.facility_id
        AND census.unit_id IS NOT DISTINCT FROM case_managers_on_shift.unit_id
        AND census.census_on = case_managers_on_shift.shift_on
