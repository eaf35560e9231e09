/*---
title: Denied dollars not won back within a year
short_title: Denied and not won back
section: utilisation
kind: ratio
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition
matures_after_days: 365
chart: xmr
decimals: 1
needs: [denials.denied_on, denials.denied_amount, denials.decided_on, denials.outcome, appeal_outcomes]
balancing: [denials_appealed]
data_faults: [amount_unknown]
owner: case-management
why: What is truly lost. The cohort of a month is judged once, a year later.
definition: Of the dollars denied in the month, the share that no appeal had overturned a year later.
numerator: The amount of a denial that was not decided as overturned within 365 days.
denominator: The amounts of the denials dated in the month.
denominator_noun: dollar denied | dollars denied
exclusions:
  amount_unknown: The denial has no amount.
caveats:
  - A denial overturned in part is not told apart; it counts as its outcome says.
reviewed: 2026-11-27
---*/
SELECT
    denials.denial_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    denials.denied_on AS event_date,
    CASE
        WHEN LOWER(denials.outcome) = 'overturned' AND denials.decided_on <= denials.denied_on + 365 THEN 0
        ELSE denials.denied_amount
    END AS numerator,
    denials.denied_amount AS denominator,
    CASE WHEN denials.denied_amount IS NULL THEN 'amount_unknown' END AS exclusion_reason,
    denials.stay_id,
    denials.payer,
    denials.reason_code
FROM denials
INNER JOIN stays ON denials.stay_id = stays.stay_id
WHERE denials.denied_on IS NOT NULL
