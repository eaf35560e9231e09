/*---
title: 30-day returns as a health plan counts them
short_title: Returns, plan view
section: readmissions
kind: proportion
unit: percent
better: lower
version: 1
effective_from: 2024-01-01
follows: Like NCQA Plan All-Cause Readmissions (PCR), observed and unadjusted, all payers; not HEDIS
matures_after_days: 30
chart: p_prime
decimals: 1
needs: [icd_diagnosis_codes, unplanned_returns, observation_encounters, encounters.birth_date]
told_with: readmission_30d
balancing: [observation_share]
data_faults: [age_unknown]
owner: case-management
why: Payers count it so, observation included. It shows the returns that a rate of admissions alone does not.
definition: >-
  Of acute inpatient and observation stays of adults that ended in the month, the share followed by another one within
  30 days. Stays no more than a day apart are one stay; a planned first return takes the stay out.
numerator: The next acute inpatient or observation stay, at any facility, begins within 30 days of the end.
denominator: Acute inpatient and observation stays of adults that ended alive in the month.
denominator_noun: stays
exclusions:
  combined_with_next: Another stay began no more than a day after it, or before it ended; they are one stay.
  died: Died during the stay.
  same_day: Began and ended on the same day.
  age_unknown: The date of birth is not known.
  under_18: Younger than 18 when it began.
  planned_return: The first return within 30 days was planned.
caveats:
  - Returns to hospitals outside our data are not visible.
  - "Pregnancy, perinatal care and a plan's rules of enrolment are not looked at."
  - Not adjusted for risk. Never to be called HEDIS.
reviewed: 2026-11-27
---*/
WITH episodes AS (
    SELECT
        stay_id AS episode_id,
        person_id,
        facility_id,
        unit_id,
        admitted_on,
        discharged_on,
        COALESCE(discharged_on, DATE '9999-12-31') AS ends_on,
        discharge_disposition_code,
        birth_date,
        TRUE AS is_inpatient
    FROM stays
    UNION ALL
    SELECT
        encounter_id AS episode_id,
        person_id,
        facility_id,
        unit_id,
        admitted_on,
        discharged_on,
        COALESCE(discharged_on, DATE '9999-12-31') AS ends_on,
        discharge_disposition_code,
        birth_date,
        FALSE AS is_inpatient
    FROM encounters
    WHERE encounter_type = 'observation'
),

marked_episodes AS (
    SELECT
        *,
        COALESCE(
            DATE_DIFF(
                'day',
                MAX(ends_on) OVER (
                    PARTITION BY person_id
                    ORDER BY admitted_on, ends_on, episode_id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ),
                admitted_on
            ) > 1,
            TRUE
        ) AS is_first_of_spell
    FROM episodes
),

numbered_episodes AS (
    SELECT
        *,
        SUM(CASE WHEN is_first_of_spell THEN 1 ELSE 0 END) OVER until_here AS spell_number,
        MAX(CASE WHEN is_first_of_spell THEN admitted_on END) OVER until_here AS spell_begins_on
    FROM marked_episodes
    WINDOW until_here AS (
        PARTITION BY person_id
        ORDER BY admitted_on, ends_on, episode_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

ranked_episodes AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY person_id, spell_number ORDER BY ends_on DESC, admitted_on DESC, episode_id DESC
        ) AS place_from_last
    FROM numbered_episodes
),

returns AS (
    SELECT
        ranked_episodes.person_id,
        ranked_episodes.spell_number - 1 AS spell_before,
        ranked_episodes.admitted_on AS returned_on,
        ranked_episodes.is_inpatient,
        care.planned_rule IS NOT NULL AS is_planned
    FROM ranked_episodes
    LEFT JOIN stay_planned_care AS care ON ranked_episodes.episode_id = care.stay_id
    WHERE ranked_episodes.is_first_of_spell AND ranked_episodes.spell_number > 1
),

died_codes AS (
    SELECT code FROM reference_value_sets
    WHERE value_set = 'disposition_died'
),

followed_episodes AS (
    SELECT
        ranked_episodes.*,
        returns.is_inpatient AS is_return_inpatient,
        COALESCE(DATE_DIFF('day', ranked_episodes.discharged_on, returns.returned_on) <= 30, FALSE) AS is_returned,
        COALESCE(returns.is_planned, FALSE) AS is_return_planned,
        died_codes.code IS NOT NULL AS is_died
    FROM ranked_episodes
    LEFT JOIN returns
        ON
            ranked_episodes.person_id = returns.person_id
            AND ranked_episodes.spell_number = returns.spell_before
    LEFT JOIN died_codes ON ranked_episodes.discharge_disposition_code = died_codes.code
)

SELECT
    episode_id AS case_id,
    facility_id,
    unit_id,
    discharged_on AS event_date,
    CASE WHEN is_returned THEN 1 ELSE 0 END AS numerator,
    1 AS denominator,
    CASE
        WHEN place_from_last > 1 THEN 'combined_with_next'
        WHEN is_died THEN 'died'
        WHEN spell_begins_on = discharged_on THEN 'same_day'
        WHEN birth_date IS NULL THEN 'age_unknown'
        WHEN CAST(birth_date + INTERVAL 18 YEAR AS DATE) > spell_begins_on THEN 'under_18'
        WHEN is_returned AND is_return_planned THEN 'planned_return'
    END AS exclusion_reason,
    CASE
        WHEN NOT is_returned THEN 'no return within 30 days'
        WHEN is_return_inpatient THEN 'inpatient return'
        ELSE 'observation return'
    END AS outcome_rule
FROM followed_episodes
WHERE discharged_on IS NOT NULL
