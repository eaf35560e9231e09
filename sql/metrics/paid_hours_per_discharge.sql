/*---
title: Case-management hours per discharge
short_title: Hours per discharge
section: people
kind: ratio
unit: hours
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
decimals: 2
needs: [staffing.paid_hours]
balancing: [caseload_per_case_manager]
owner: case-management
why: What a discharge takes of the department's time; few hours may be thrift or neglect.
definition: Paid hours of case managers in the month divided by the acute discharges of the month.
numerator: Paid hours, those of overtime included.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats:
  - "Totals of the department, never of one person."
reviewed: 2026-11-27
---*/
SELECT
    'stay ' || stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    0 AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
WHERE NOT is_in_house
UNION ALL
SELECT
    'shifts ' || facility_id || '|' || COALESCE(unit_id, '') || '|' || CAST(shift_on AS VARCHAR) AS case_id,
    facility_id,
    unit_id,
    shift_on AS event_date,
    SUM(paid_hours) AS numerator,
    0 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM staffing
WHERE paid_hours IS NOT NULL AND shift_on IS NOT NULL
GROUP BY facility_id, unit_id, shift_on
