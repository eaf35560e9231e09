/*---
title: Overtime among paid hours
short_title: Overtime
section: case management
kind: ratio
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
decimals: 1
needs: [staffing.paid_hours, staffing.overtime_hours]
balancing: [caseload_per_case_manager]
data_faults: [overtime_unknown]
owner: case-management
why: Overtime is the dearest hour, and a sign of too few people on the plan.
definition: Of the paid hours of case managers, the share that was overtime.
numerator: Overtime hours.
denominator: Paid hours.
denominator_noun: paid hours
exclusions:
  overtime_unknown: Paid hours are given and overtime is not.
caveats:
  - "Totals of the department, never of one person."
counts_patients: false
reviewed: 2026-11-27
---*/
SELECT
    facility_id || '|' || COALESCE(unit_id, '') || '|' || CAST(shift_on AS VARCHAR) AS case_id,
    facility_id,
    unit_id,
    shift_on AS event_date,
    SUM(overtime_hours) AS numerator,
    SUM(paid_hours) AS denominator,
    CASE WHEN COUNT(overtime_hours) < COUNT(*) THEN 'overtime_unknown' END AS exclusion_reason
FROM staffing
WHERE paid_hours > 0
GROUP BY facility_id, unit_id, shift_on
