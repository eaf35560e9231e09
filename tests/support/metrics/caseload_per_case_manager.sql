/*---
title: Patients per case manager on shift
short_title: Caseload
section: case management
kind: ratio
unit: cases
better: neither
version: 1
effective_from: 2024-01-01
follows: "House definition; published averages run from 2 to 365, so there is no benchmark"
chart: xmr
decimals: 1
needs: [census, staffing]
owner: case-management
why: Too many patients per case manager, and plans start late; too few, and money is wasted.
definition: Midnight census divided by case managers on shift, over all unit-days of the month with anyone on shift.
numerator: Patients in the unit at midnight.
denominator: Case managers with paid hours in the unit that day.
denominator_noun: case manager shifts
exclusions:
  no_case_manager_on_shift: Nobody was on shift in the unit that day.
caveats: ["Counts people on shift, not hours or acuity."]
reviewed: 2026-11-01
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
    census.patients AS numerator,
    COALESCE(case_managers_on_shift.n_case_managers, 0) AS denominator,
    CASE WHEN case_managers_on_shift.n_case_managers IS NULL THEN 'no_case_manager_on_shift' END AS exclusion_reason
FROM census
LEFT JOIN case_managers_on_shift
    ON
        census.facility_id = case_managers_on_shift.facility_id
        AND census.unit_id IS NOT DISTINCT FROM case_managers_on_shift.unit_id
        AND census.census_on = case_managers_on_shift.shift_on
