/*---
title: Cases closed
section: case management
kind: count
unit: cases
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
chart_adjusts_for: [calendar_days, season]
decimals: 0
needs: [cm_cases.opened_at, cm_cases.closed_at]
data_faults: [closed_before_opened, no_opening_date]
owner: case-management
why: The work that was finished.
definition: Case-management cases closed in the month.
numerator: Cases closed in the month.
denominator: None; this is a count.
denominator_noun: cases
exclusions:
  no_opening_date: The day it was opened is not known.
  closed_before_opened: Closed before it was opened, which is an error in the source.
caveats:
  - "A case of an encounter that is not in the data has no facility, and is in no figure."
reviewed: 2026-11-27
---*/
SELECT
    cm_case_id AS case_id,
    facility_id,
    unit_id,
    closed_on AS event_date,
    1 AS numerator,
    1 AS denominator,
    CASE
        WHEN opened_on IS NULL THEN 'no_opening_date'
        WHEN closed_on < opened_on THEN 'closed_before_opened'
    END AS exclusion_reason
FROM cm_cases
WHERE facility_id IS NOT NULL AND closed_on IS NOT NULL
