/*---
title: Training overdue at month end
short_title: Training overdue
section: people
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House policy
chart: run
decimals: 1
needs: [training.due_on, training.completed_on, staffing.case_manager_id]
told_with: training_on_time
owner: case-management
why: What is late is still owed.
definition: Of the courses due in the twelve months to the end of the month, the share not completed by then.
numerator: Not completed by the last day of the month.
denominator: Courses due in the twelve months to the end of the month.
denominator_noun: courses due in a year
is_stock: true
caveats:
  - A case manager who has left keeps what was owed until it is twelve months old.
  - "Counts courses, never names."
counts_patients: false
reviewed: 2026-11-27
---*/
WITH month_ends AS (
    SELECT CAST(first_days.first_day + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_end
    FROM (
        SELECT
            UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(due_on)), MAX(complete_through), INTERVAL 1 MONTH))
                AS first_day
        FROM training
        CROSS JOIN watermarks
    ) AS first_days
)

SELECT
    training.case_manager_id || '|' || training.course || '|' || CAST(training.due_on AS VARCHAR) || '|'
    || CAST(month_ends.month_end AS VARCHAR) AS case_id,
    case_managers.facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    month_ends.month_end AS event_date,
    CASE WHEN COALESCE(training.completed_on, DATE '9999-12-31') > month_ends.month_end THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    training.course,
    training.case_manager_id,
    training.due_on
FROM training
INNER JOIN case_managers ON training.case_manager_id = case_managers.case_manager_id
INNER JOIN watermarks ON case_managers.facility_id = watermarks.facility_id
INNER JOIN month_ends
    ON
        training.due_on <= month_ends.month_end
        AND training.due_on > CAST(month_ends.month_end - INTERVAL 12 MONTH AS DATE)
        AND watermarks.complete_through >= month_ends.month_end
