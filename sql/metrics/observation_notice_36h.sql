/*---
title: Outpatient observation notice within 36 hours
short_title: Observation notice
section: compliance
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: 42 CFR 489.20(y), as read by the house
chart: p_prime
decimals: 1
needs: [notices.delivered_at, encounters.payer, observation_encounters, observation_notices]
balancing: [observation_over_48h]
data_faults: [no_notice_time, no_time]
owner: case-management
why: The patient must know that this is no admission, and what it will cost.
definition: >-
  Of Medicare patients whose observation lasted more than 24 hours and ended in the month, the share given the
  Medicare Outpatient Observation Notice (MOON) within 36 hours of its beginning.
numerator: A notice of type MOON was delivered no later than 36 hours after observation began.
denominator: Observation encounters of Medicare longer than 24 hours that ended in the month.
denominator_noun: observation stays over 24 hours
exclusions:
  no_time: The time of its beginning or end is not known.
  no_notice_time: Only the date of the notice is known, and that date leaves it open.
caveats:
  - Medicare is every payer whose name contains that word; a payer named otherwise is not seen.
  - Observation is timed from the beginning of the encounter, not from the order.
reviewed: 2026-11-27
---*/
WITH observations AS (
    SELECT
        encounters.encounter_id,
        encounters.admitted_at_utc,
        encounters.admitted_on,
        MIN(DATE_DIFF('second', encounters.admitted_at_utc, notices.delivered_at_utc)) AS seconds_to_notice,
        MIN(CASE WHEN notices.delivered_at_utc IS NULL THEN notices.delivered_on END) AS delivered_on_some_time
    FROM encounters
    INNER JOIN notices ON encounters.encounter_id = notices.encounter_id
    WHERE notices.notice_type = 'moon'
    GROUP BY encounters.encounter_id, encounters.admitted_at_utc, encounters.admitted_on
)

SELECT
    encounters.encounter_id AS case_id,
    encounters.facility_id,
    encounters.unit_id,
    encounters.discharged_on AS event_date,
    CASE
        WHEN observations.seconds_to_notice <= 129600 THEN 1
        -- Delivered on the day it began is within 36 hours, whatever the time.
        WHEN observations.delivered_on_some_time <= encounters.admitted_on THEN 1
        ELSE 0
    END AS numerator,
    1 AS denominator,
    CASE
        WHEN NOT (encounters.has_admission_time AND encounters.has_discharge_time) THEN 'no_time'
        WHEN
            observations.delivered_on_some_time BETWEEN encounters.admitted_on + 1 AND encounters.admitted_on + 2
            AND (observations.seconds_to_notice IS NULL OR observations.seconds_to_notice > 129600)
            THEN 'no_notice_time'
    END AS exclusion_reason
FROM encounters
LEFT JOIN observations ON encounters.encounter_id = observations.encounter_id
WHERE
    encounters.encounter_type = 'observation'
    AND encounters.discharged_on IS NOT NULL
    AND LOWER(encounters.payer) LIKE '%medicare%'
    AND CASE
        WHEN encounters.has_admission_time AND encounters.has_discharge_time
            THEN DATE_DIFF('second', encounters.admitted_at_utc, encounters.discharged_at_utc) > 86400
        ELSE encounters.discharged_on > encounters.admitted_on
    END
