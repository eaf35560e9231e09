/*---
title: Follow-ups done on time
short_title: Follow-ups on time
section: case management
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
chart: p_prime
decimals: 1
needs: [cm_tasks.due_at, cm_tasks.done_at, cm_cases]
owner: case-management
why: A task done late is a patient who waited.
definition: Of the tasks due in the month, the share done on time.
numerator: Done no later than due; by the day where a time is not known.
denominator: Tasks due in the month, done or not.
denominator_noun: tasks due
caveats:
  - "Counts what was due, not what was done: a task not done yet is in the denominator."
reviewed: 2026-11-27
---*/
SELECT
    task_id AS case_id,
    facility_id,
    unit_id,
    due_on AS event_date,
    CASE
        WHEN
            done_at_utc IS NOT NULL AND due_at_utc IS NOT NULL
            THEN CASE WHEN done_at_utc <= due_at_utc THEN 1 ELSE 0 END
        WHEN done_on <= due_on THEN 1
        ELSE 0
    END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    task_type
FROM cm_tasks
WHERE facility_id IS NOT NULL AND due_on IS NOT NULL
