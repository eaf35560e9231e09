/*---
title: Important Message from Medicare again before discharge
short_title: Important Message, again
section: compliance
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: 42 CFR 405.1205, as read by the house
chart: p_prime
decimals: 1
needs: [notices.delivered_at, encounters.payer, important_messages, medicare_payers]
told_with: important_message_first
owner: case-management
why: The second copy comes when the patient can still use it.
definition: >-
  Of Medicare patients discharged in the month who were due a second copy, the share given it in the two days before
  discharge, at least four hours before leaving.
numerator: >-
  A notice of type IM follow-up was delivered no earlier than two calendar days before the discharge, and no later
  than four hours before it where both times are known.
denominator: Medicare stays discharged alive in the month that were due a second copy.
denominator_noun: discharges due a copy
exclusions:
  died: Died during the stay.
  acute_transfer_out: Transferred to another acute hospital.
  ama: Left against medical advice.
  first_notice_recent: The first notice was given no more than two days before the discharge, or after it, so no second is due.
caveats:
  - Medicare is every payer whose name contains that word; a payer named otherwise is not seen.
  - The duty is to hand it over four hours before where that is possible; whether it was is not in the data.
reviewed: 2026-11-27
---*/
WITH dispositions AS (
    SELECT
        code,
        BOOL_OR(value_set = 'disposition_died') AS is_died,
        BOOL_OR(value_set = 'disposition_ama') AS is_ama
    FROM reference_value_sets
    WHERE code_system = 'ub04_disposition'
    GROUP BY code
),

stay_notices AS (
    SELECT
        stays.stay_id,
        BOOL_OR(notices.notice_type = 'im' AND notices.delivered_on >= stays.discharged_on - 2) AS is_first_recent,
        BOOL_OR(
            notices.notice_type = 'im follow-up'
            AND notices.delivered_on BETWEEN stays.discharged_on - 2 AND stays.discharged_on
            AND CASE
                WHEN stays.has_discharge_time AND notices.delivered_at_utc IS NOT NULL
                    THEN DATE_DIFF('second', notices.delivered_at_utc, stays.discharged_at_utc) >= 14400
                ELSE TRUE
            END
        ) AS has_follow_up
    FROM stays
    INNER JOIN notices ON stays.stay_id = notices.stay_id
    GROUP BY stays.stay_id
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.discharged_on AS event_date,
    CASE WHEN stay_notices.has_follow_up THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN dispositions.is_died THEN 'died'
        WHEN stays.is_transferred_out THEN 'acute_transfer_out'
        WHEN dispositions.is_ama THEN 'ama'
        WHEN stay_notices.is_first_recent THEN 'first_notice_recent'
    END AS exclusion_reason,
    stays.payer
FROM stays
LEFT JOIN stay_notices ON stays.stay_id = stay_notices.stay_id
LEFT JOIN dispositions ON stays.discharge_disposition_code = dispositions.code
WHERE NOT stays.is_in_house AND LOWER(stays.payer) LIKE '%medicare%'
