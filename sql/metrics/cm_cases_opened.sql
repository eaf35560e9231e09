/*---
title: Cases opened
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
needs: [cm_cases.opened_at]
data_faults: [closed_before_opened]
owner: case-management
why: The work that came in.
definition: Case-management cases opened in the month.
numerator: Cases opened in the month.
denominator: None; this is a count.
denominator_noun: cases
exclusions:
  closed_before_opened: Closed before it was opened, which is an error in the source.
caveats:
  - "A case of an encounter that is not in the data has no facility, and is in no figure."
reviewed: 2026-11-27
---*/
SELECT
    cm_case_id AS case_id,
    facility_id,
    unit_id,
    opened_on AS event_date,
    1 AS numerator,
    1 AS denominator,
    CASE WHEN closed_on < opened_on THEN 'closed_before_opened' END AS exclusion_reason
FROM cm_cases
WHERE facility_id IS NOT NULL AND opened_on IS NOT NULL
