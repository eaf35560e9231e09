/*---
title: Case-management tasks
means: >-
  Tasks with the facility of their case, due and done by the facility's calendar, and as instants in UTC where a time
  is known.
key: [task_id]
---*/
SELECT
    tasks.task_id,
    tasks.cm_case_id,
    cm_cases.facility_id,
    cm_cases.unit_id,
    tasks.task_type,
    CAST(
        CASE tasks.due_at_kind
            WHEN 'instant' THEN (tasks.due_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE tasks.due_at
        END AS DATE
    ) AS due_on,
    CAST(
        CASE tasks.done_at_kind
            WHEN 'instant' THEN (tasks.done_at AT TIME ZONE 'UTC') AT TIME ZONE facilities.time_zone
            ELSE tasks.done_at
        END AS DATE
    ) AS done_on,
    CASE tasks.due_at_kind
        WHEN 'instant' THEN tasks.due_at
        WHEN 'local' THEN (tasks.due_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS due_at_utc,
    CASE tasks.done_at_kind
        WHEN 'instant' THEN tasks.done_at
        WHEN 'local' THEN (tasks.done_at AT TIME ZONE facilities.time_zone) AT TIME ZONE 'UTC'
    END AS done_at_utc
FROM staged_cm_tasks AS tasks
LEFT JOIN cm_cases ON tasks.cm_case_id = cm_cases.cm_case_id
LEFT JOIN facilities ON cm_cases.facility_id = facilities.facility_id
