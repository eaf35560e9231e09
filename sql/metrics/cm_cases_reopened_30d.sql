/*---
title: Cases reopened within 30 days
short_title: Cases reopened
section: case management
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [cm_cases.opened_at, cm_cases.closed_at]
balancing: [cm_open_case_age_days]
data_faults: [closed_before_opened, no_opening_date]
owner: case-management
why: A case closed too early comes back. It balances the wish to close.
definition: Of the cases closed in the month, the share whose patient's stay got a new case within 30 days.
numerator: Another case of the same stay was opened from the day of closing to 30 days later.
denominator: Cases closed in the month.
denominator_noun: cases closed
exclusions:
  no_opening_date: Closed without a date of opening.
  closed_before_opened: Closed before it was opened.
caveats:
  - "A case that is opened again under its own number is seen as never closed."
reviewed: 2026-11-27
---*/
WITH later_openings AS (
    SELECT DISTINCT closed_cases.cm_case_id
    FROM cm_cases AS closed_cases
    INNER JOIN cm_cases AS later_cases
        ON
            COALESCE(closed_cases.stay_id, closed_cases.encounter_id)
            = COALESCE(later_cases.stay_id, later_cases.encounter_id)
            AND closed_cases.cm_case_id <> later_cases.cm_case_id
    WHERE
        later_cases.opened_on > closed_cases.opened_on
        AND later_cases.opened_on BETWEEN closed_cases.closed_on AND closed_cases.closed_on + 30
)

SELECT
    cm_cases.cm_case_id AS case_id,
    cm_cases.facility_id,
    cm_cases.unit_id,
    cm_cases.closed_on AS event_date,
    CASE WHEN later_openings.cm_case_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN cm_cases.opened_on IS NULL THEN 'no_opening_date'
        WHEN cm_cases.closed_on < cm_cases.opened_on THEN 'closed_before_opened'
    END AS exclusion_reason
FROM cm_cases
LEFT JOIN later_openings ON cm_cases.cm_case_id = later_openings.cm_case_id
WHERE cm_cases.facility_id IS NOT NULL AND cm_cases.closed_on IS NOT NULL
