/*---
title: Average length of stay
short_title: Length of stay
section: flow
kind: mean
unit: days
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition, counted in midnights as CMS does; a same-day stay is one day
target: {value: 4.8, source: Board operating plan}
chart: xmr
chart_scale: log
decimals: 2
balancing: [readmission_30d]
owner: case-management
why: Days that add no care block beds and cost money; too few days send patients back.
definition: The mean number of days between admission and discharge of acute inpatient stays that ended in the month.
numerator: Days of stay, discharge date minus admission date; a same-day stay is one day.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats: [Not adjusted for case mix; the length of stay index is., Patients still in the house are not in it.]
reviewed: 2026-11-01
---*/
SELECT
    stay_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    length_of_stay_days AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    drg_code
FROM stays
WHERE NOT is_in_house
