/*---
title: Appeals overturned within 180 days
short_title: Appeals overturned
section: utilisation
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 180
chart: p_prime
decimals: 1
needs: [denials.appealed_on, denials.decided_on, denials.outcome, appeal_outcomes]
balancing: [denials_appealed]
owner: case-management
why: Says how many of the denials should not have been.
definition: Of the appeals of a month, the share decided in our favor within 180 days.
numerator: Decided as overturned no later than 180 days after the appeal.
denominator: Appeals of denials of acute inpatient stays dated in the month.
denominator_noun: appeals
caveats:
  - "An appeal not decided in 180 days counts as not overturned."
reviewed: 2026-11-27
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.appealed_on AS event_date,
    CASE
        WHEN LOWER(denials.outcome) = 'overturned' AND denials.decided_on <= denials.appealed_on + 180 THEN 1
        ELSE 0
    END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.appealed_on IS NOT NULL
