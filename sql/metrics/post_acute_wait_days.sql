/*---
title: Days waited before post-acute care
short_title: Waits for post-acute care
section: flow
kind: rate
per: 100
unit: per 100 discharges
better: lower
version: 1
effective_from: 2024-01-01
follows: House definition; UB-04 patient discharge status 03, 06 and 61 to 64 (and 83, 86 and 89 to 92)
chart: u_prime
decimals: 1
needs: [avoidable_days, encounters.discharge_disposition_code]
balancing: [readmission_30d]
told_with: avoidable_days_per_100_discharges
data_faults: [unknown_disposition]
owner: case-management
why: A patient ready for a nursing home, rehabilitation or home health who waits in an acute bed costs most and gains nothing.
definition: >-
  Documented avoidable days of patients who left for skilled nursing, rehabilitation, long-term care or home health, per 100
  of them. Overlapping waits count once.
numerator: Days covered by at least one documented wait, for whatever reason.
denominator: Acute discharges of the month to post-acute care.
denominator_noun: post-acute discharge | post-acute discharges
exclusions:
  unknown_disposition: The discharge disposition is missing or no valid code; the stay may belong here.
  acute_transfer_out: Transferred to another acute hospital, by a stay there.
caveats:
  - A rise may be better documentation; only what somebody wrote down is counted.
  - All reasons count, also those inside the hospital; the page on barriers splits waits by reason.
reviewed: 2026-11-28
---*/
WITH valid_dispositions AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_valid'
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    COALESCE(waiting_days.n_days, 0) AS numerator,
    1 AS denominator,
    CASE
        WHEN valid_dispositions.code IS NULL THEN 'unknown_disposition'
        WHEN stays.is_transferred_out THEN 'acute_transfer_out'
    END AS exclusion_reason
FROM stays
LEFT JOIN waiting_days ON stays.stay_id = waiting_days.stay_id
LEFT JOIN valid_dispositions ON stays.discharge_disposition_code = valid_dispositions.code
WHERE
    NOT stays.is_in_house
    AND (
        valid_dispositions.code IS NULL
        OR stays.discharge_disposition_code IN (
            '03', '06', '61', '62', '63', '64', '83', '86', '89', '90', '91', '92'
        )
    )
