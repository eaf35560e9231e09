/*---
title: Denials per 100 discharges
short_title: Denials
section: utilisation
kind: rate
per: 100
unit: per 100 discharges
better: lower
version: 2
effective_from: 2024-01-01
follows: House definition
matures_after_days: 60
chart: u_prime
decimals: 1
needs: [denials, denials.denied_on]
owner: case-management
why: A denied stay is care given and not paid; most causes are known before the patient leaves.
definition: Denials received within 60 days of discharge, per 100 of the month's discharges.
numerator: Denials of any kind dated no later than 60 days after the discharge, each counted once.
denominator: Acute inpatient stays discharged in the month.
denominator_noun: discharges
caveats: ["A later denial is not counted, in no month: every month is counted over the same 60 days.", "A denial without a date is not counted."]
reviewed: 2026-11-01
---*/
WITH denials_per_stay AS (
    SELECT
        stays.stay_id,
        COUNT(DISTINCT denials.denial_id) AS n_denials
    FROM denials
    INNER JOIN stays ON denials.stay_id = stays.stay_id
    WHERE denials.denied_on <= stays.discharged_on + 60
    GROUP BY stays.stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    COALESCE(denials_per_stay.n_denials, 0) AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    stays.payer
FROM stays
LEFT JOIN denials_per_stay ON stays.stay_id = denials_per_stay.stay_id
WHERE NOT stays.is_in_house
