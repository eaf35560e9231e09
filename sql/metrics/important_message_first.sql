/*---
title: Important Message from Medicare within two days of admission
short_title: Important Message, first
section: compliance
kind: proportion
unit: percent
better: higher
version: 1
effective_from: 2024-01-01
follows: 42 CFR 405.1205, as read by the house
matures_after_days: 2
chart: p_prime
decimals: 1
needs: [notices.delivered_at, encounters.payer, important_messages, medicare_payers]
owner: case-management
why: The notice tells the patient of the right to appeal the discharge. It is required.
definition: >-
  Of Medicare patients admitted in the month, the share given the Important Message within two calendar days of
  admission, or in the seven days before it.
numerator: A notice of type IM was delivered from seven days before to two days after the day of admission.
denominator: Acute inpatient stays of Medicare or Medicare Advantage that began in the month.
denominator_noun: Medicare admissions
caveats:
  - Medicare is every payer whose name contains that word; a payer named otherwise is not seen.
  - "Whether the notice was signed, and its content, is not in the data."
reviewed: 2026-11-27
---*/
WITH first_notices AS (
    SELECT DISTINCT stays.stay_id
    FROM stays
    INNER JOIN notices ON stays.stay_id = notices.stay_id
    WHERE notices.notice_type = 'im' AND notices.delivered_on BETWEEN stays.admitted_on - 7 AND stays.admitted_on + 2
)

SELECT
    stays.stay_id AS case_id,
    stays.facility_id,
    stays.unit_id,
    stays.admitted_on AS event_date,
    CASE WHEN first_notices.stay_id IS NOT NULL THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CAST(NULL AS VARCHAR) AS exclusion_reason,
    stays.payer
FROM stays
LEFT JOIN first_notices ON stays.stay_id = first_notices.stay_id
WHERE LOWER(stays.payer) LIKE '%medicare%'
