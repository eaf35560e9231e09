/*---
title: Denials appealed within 60 days
short_title: Denials appealed
section: utilisation
kind: proportion
unit: percent
better: neither
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 60
chart: p_prime
decimals: 1
needs: [denials.denied_on, denials.appealed_on]
balancing: [appeals_overturned]
owner: case-management
why: A denial nobody appeals is written off.
definition: Of the denials of acute stays received in the month, the share appealed within 60 days.
numerator: Appealed no later than 60 days after the denial.
denominator: Denials of acute inpatient stays dated in the month.
denominator_noun: denials
caveats:
  - "By the month of the denial, unlike the denial rate, which goes by the month of discharge."
reviewed: 2026-11-27
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.denied_on AS event_date,
    CASE WHEN denials.appealed_on <= denials.denied_on + 60 THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.denied_on IS NOT NULL
