/*---
title: Median hours in observation
short_title: Observation hours
section: utilisation
kind: median
unit: hours
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
chart: xmr
decimals: 1
needs: [observation_encounters]
balancing: [observation_share]
data_faults: [no_time]
owner: case-management
why: Observation is for deciding. Long observation is a decision not made.
definition: The median hours from beginning to end of the observation encounters that ended in the month.
numerator: Hours by the clock, daylight saving accounted for.
denominator: Observation encounters that ended in the month.
denominator_noun: observation stays
exclusions:
  no_time: The time of its beginning or end is not known.
reviewed: 2026-11-27
---*/
SELECT
    encounter_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    DATE_DIFF('second', admitted_at_utc, discharged_at_utc) / 3600.0 AS numerator,
    1 AS denominator,
    CASE WHEN NOT (has_admission_time AND has_discharge_time) THEN 'no_time' END AS exclusion_reason
FROM encounters
WHERE encounter_type = 'observation' AND discharged_on IS NOT NULL
