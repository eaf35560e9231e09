/*---
title: Licences expired at month end
short_title: Licences expired
section: people
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House policy
chart: run
decimals: 1
needs: [licences.expires_on, staffing.case_manager_id]
told_with: licences_expiring_60d
owner: case-management
why: Nobody may work on an expired licence.
definition: Of the licences and certificates of case managers, the share that had expired by the last day of the month.
numerator: Expired by the last day of the month.
denominator: Licences and certificates of case managers who had a shift in the year before.
denominator_noun: licence | licences
is_stock: true
caveats:
  - An extract knows only the present day of expiry, so there is one figure, of the last whole month, and no history.
  - A case manager belongs to the facility of the last shift; who had none in the year before the month end is not counted.
  - "Counts licences, never names."
counts_patients: false
reviewed: 2026-11-27
---*/
WITH last_month_ends AS (
    SELECT
        facility_id,
        CAST(DATE_TRUNC('month', CAST(complete_through + INTERVAL 1 DAY AS DATE)) - INTERVAL 1 DAY AS DATE) AS month_end
    FROM watermarks
)

SELECT
    licences.case_manager_id || '|' || licences.licence AS case_id,
    case_managers.facility_id,
    CAST(NULL AS VARCHAR) AS unit_id,
    last_month_ends.month_end AS event_date,
    CASE WHEN licences.expires_on <= last_month_ends.month_end THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    licences.licence,
    licences.case_manager_id,
    licences.expires_on
FROM licences
INNER JOIN case_managers ON licences.case_manager_id = case_managers.case_manager_id
INNER JOIN last_month_ends ON case_managers.facility_id = last_month_ends.facility_id
WHERE
    licences.expires_on IS NOT NULL
    AND case_managers.last_shift_on > CAST(last_month_ends.month_end - INTERVAL 12 MONTH AS DATE)
