/*---
title: Days back in acute care within 30 days, per 100 discharges
short_title: Return days
section: readmissions
kind: rate
per: 100
unit: per 100 discharges
better: lower
version: 1
effective_from: 2024-01-01
follows: Like CMS's excess days in acute care (EDAC), observed days, nothing expected; returns to our own facilities only
matures_after_days: 30
chart: u_prime
decimals: 1
needs: [icd_diagnosis_codes, unplanned_returns, emergency_encounters, observation_encounters]
told_with: readmission_30d
balancing: [observation_share]
data_faults: [invalid_disposition, missing_disposition, missing_principal_dx]
owner: case-management
why: A readmission that is turned into observation or an emergency visit leaves the rate and stays here.
definition: >-
  Days that patients discharged alive to the community spent back in acute care within 30 days: half a day for an
  emergency visit, observation rounded up to half days, a day for each day of an unplanned stay.
numerator: Days back in acute care, of every return, not only the first.
denominator: Live acute inpatient discharges in the month.
denominator_noun: index discharges
exclusions:
  missing_disposition: The discharge disposition is missing.
  invalid_disposition: The discharge disposition is no valid code.
  died: Died during the stay.
  acute_transfer_out: Transferred to another acute hospital, which then is accountable.
  ama: Left against medical advice.
  still_patient: Coded as still a patient.
  missing_principal_dx: The principal diagnosis is missing.
  psychiatric: Principal diagnosis is psychiatric.
  rehabilitation: Principal diagnosis is rehabilitation.
  cancer_medical: Medical treatment of cancer.
caveats:
  - "A stay counts to day 30, at least one day; observation counts whole, by dates alone where its times are not known."
  - An emergency visit on the day on which observation or a stay begins is part of that.
  - On the day of discharge a visit or observation counts only where both times are known.
  - Returns to hospitals outside our data are not visible.
reviewed: 2026-11-28
---*/
WITH acute_returns AS (
    SELECT
        discharges.stay_id,
        CAST(
            GREATEST(
                DATE_DIFF(
                    'day',
                    later.admitted_on,
                    LEAST(COALESCE(later.discharged_on, DATE '9999-12-31'), discharges.discharged_on + 30)
                ),
                1
            ) AS DOUBLE
        ) AS return_days
    FROM index_discharges AS discharges
    INNER JOIN stays AS own ON discharges.stay_id = own.stay_id
    INNER JOIN stays AS later
        ON
            discharges.person_id = later.person_id
            AND discharges.stay_id <> later.stay_id
            AND discharges.discharged_on <= later.admitted_on
            AND later.admitted_on <= discharges.discharged_on + 30
    INNER JOIN stay_planned_care AS care ON later.stay_id = care.stay_id
    WHERE
        care.planned_rule IS NULL
        AND (
            later.admitted_at > own.admitted_at
            OR (later.admitted_at = own.admitted_at AND COALESCE(later.discharged_at > own.discharged_at, TRUE))
            OR (
                later.admitted_at = own.admitted_at
                AND later.discharged_at = own.discharged_at
                AND later.stay_id > own.stay_id
            )
        )
),

outpatient_returns AS (
    SELECT
        discharges.stay_id,
        visits.encounter_id,
        visits.person_id,
        visits.encounter_type,
        visits.admitted_on,
        visits.discharged_on,
        CASE
            WHEN visits.encounter_type = 'emergency department' THEN 0.5
            WHEN visits.has_admission_time AND visits.has_discharge_time
                THEN
                    GREATEST(
                        CEIL(DATE_DIFF('second', visits.admitted_at_utc, visits.discharged_at_utc) / 43200.0), 1.0
                    ) / 2.0
            ELSE GREATEST(COALESCE(DATE_DIFF('day', visits.admitted_on, visits.discharged_on), 0), 0.5)
        END AS return_days
    FROM index_discharges AS discharges
    INNER JOIN encounters AS visits
        ON
            discharges.person_id = visits.person_id
            AND visits.encounter_type IN ('emergency department', 'observation')
            AND discharges.discharged_on <= visits.admitted_on
            AND visits.admitted_on <= discharges.discharged_on + 30
    WHERE
        visits.admitted_on > discharges.discharged_on
        OR (
            discharges.has_discharge_time
            AND visits.has_admission_time
            AND visits.admitted_at_utc >= discharges.discharged_at_utc
        )
),

kept_beginnings AS (
    SELECT
        person_id,
        admitted_on
    FROM stays
    UNION
    SELECT
        person_id,
        admitted_on
    FROM encounters
    WHERE encounter_type = 'observation'
),

sent_on_visits AS (
    SELECT DISTINCT outpatient_returns.encounter_id
    FROM outpatient_returns
    INNER JOIN kept_beginnings
        ON
            outpatient_returns.person_id = kept_beginnings.person_id
            AND outpatient_returns.admitted_on <= kept_beginnings.admitted_on
            AND kept_beginnings.admitted_on
            <= COALESCE(outpatient_returns.discharged_on, outpatient_returns.admitted_on)
    WHERE outpatient_returns.encounter_type = 'emergency department'
),

returns AS (
    SELECT
        stay_id,
        SUM(return_days) AS return_days
    FROM (
        SELECT
            stay_id,
            return_days
        FROM acute_returns
        UNION ALL
        SELECT
            outpatient_returns.stay_id,
            outpatient_returns.return_days
        FROM outpatient_returns
        ANTI JOIN sent_on_visits ON outpatient_returns.encounter_id = sent_on_visits.encounter_id
    ) AS every_return
    GROUP BY stay_id
)

SELECT
    discharges.stay_id AS case_id,
    discharges.facility_id,
    discharges.unit_id,
    discharges.discharged_on AS event_date,
    COALESCE(returns.return_days, 0) AS numerator,
    1 AS denominator,
    discharges.exclusion_reason
FROM index_discharges AS discharges
LEFT JOIN returns ON discharges.stay_id = returns.stay_id
