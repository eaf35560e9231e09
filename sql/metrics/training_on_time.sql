/*---
title: Training completed by its due day
short_title: Training on time
section: people
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House policy
chart: p_prime
decimals: 1
needs: [training.due_on, training.completed_on, staffing.case_manager_id]
owner: case-management
why: Rules change each year, and surveyors ask who was taught them.
definition: Of the courses due in the month, the share completed by the due day.
numerator: Completed on the due day or before.
denominator: Courses of case managers due in the month.
denominator_noun: courses due
caveats:
  - A case manager belongs to the facility of the last shift; who never had a shift is in no figure.
  - "Counts courses, never names."
counts_patients: false
reviewed: 2026-11-27
---*/
SELECT
    training.case_manager_id || '|' || training.course || '|' || CAST(training.due_on AS VARCHAR) AS case_id,
    case_managers.facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    training.due_on AS event_date,
    CASE WHEN training.completed_on <= training.due_on THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    training.course
FROM training
INNER JOIN case_managers ON training.case_manager_id = case_managers.case_manager_id
INNER JOIN watermarks ON case_managers.facility_id = watermarks.facility_id
WHERE training.due_on <= watermarks.complete_through
