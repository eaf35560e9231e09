/*---
title: Median age of open cases
short_title: Age of open cases
section: case management
kind: median
unit: days
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
decimals: 0
needs: [cm_cases.opened_at, cm_cases.closed_at]
balancing: [cm_cases_open]
owner: case-management
why: Old open cases are work that was lost sight of, or never closed in the system.
definition: The median age of the cases open at the end of the month.
numerator: Days from opening to the last day of the month.
denominator: Cases open at the end of the month.
denominator_noun: open cases
is_stock: true
caveats:
  - "A case of an encounter that is not in the data has no facility, and is in no figure."
reviewed: 2026-11-27
---*/
WITH month_ends AS (
    SELECT CAST(first_days.first_day + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS month_end
    FROM (
        SELECT
            UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(opened_on)), MAX(complete_through), INTERVAL 1 MONTH))
                AS first_day
        FROM cm_cases
        INNER JOIN watermarks ON cm_cases.facility_id = watermarks.facility_id
    ) AS first_days
)

SELECT
    cm_cases.cm_case_id || '|' || CAST(month_ends.month_end AS VARCHAR) AS case_id,
    cm_cases.facility_id,
    cm_cases.unit_id,
    month_ends.month_end AS event_date,
    DATE_DIFF('day', cm_cases.opened_on, month_ends.month_end) AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM cm_cases
INNER JOIN watermarks ON cm_cases.facility_id = watermarks.facility_id
INNER JOIN month_ends
    ON
        cm_cases.opened_on <= month_ends.month_end
        AND COALESCE(cm_cases.closed_on, DATE '9999-12-31') > month_ends.month_end
        AND watermarks.complete_through >= month_ends.month_end
