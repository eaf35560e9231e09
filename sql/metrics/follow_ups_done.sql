/*---
title: Follow-ups done within seven days of when due
short_title: Follow-ups done
section: case management
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 7
chart: p_prime
decimals: 1
needs: [cm_tasks.due_at, cm_tasks.done_at, cm_cases]
told_with: follow_ups_on_time
owner: case-management
why: What was promised and never done.
definition: Of the tasks due in the month, the share done within seven days of the due day.
numerator: Done no later than seven days after the day it was due.
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
    CASE WHEN done_on <= due_on + 7 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    task_type
FROM cm_tasks
WHERE facility_id IS NOT NULL AND due_on IS NOT NULL
