/*---
title: Utilization reviews done on time
short_title: Reviews on time
section: compliance
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
chart: p_prime
decimals: 1
needs: [reviews.due_at, reviews.done_at]
owner: case-management
why: A review that comes late is a denial that comes early.
definition: Of the utilization reviews due in the month, the share done by the time they were due.
numerator: Done by the due time, or on the due day where a time is not known.
denominator: Reviews due in the month, done or not.
denominator_noun: reviews due
caveats:
  - "Counts what was due, not what was done: a review not done yet is in the denominator."
reviewed: 2026-11-27
---*/
SELECT
    review_id AS case_id,
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
    review_type
FROM reviews
WHERE facility_id IS NOT NULL AND due_on IS NOT NULL
