/*---
title: Discharges
section: flow
kind: count
unit: discharges
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
chart_adjusts_for: [calendar_days, season]
decimals: 0
owner: case-management
why: Every other measure is read against how many patients left.
definition: Acute inpatient stays that ended in the month.
numerator: Acute inpatient stays discharged in the month, dead or alive.
denominator: None; this is a count.
denominator_noun: stays
caveats: [Several records of one stay count once.]
reviewed: 2026-11-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    1 AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason
FROM stays
WHERE NOT is_in_house
