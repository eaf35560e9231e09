/*---
file: visit_occurrence*
columns: [visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, care_site_id]
optional_columns:
  - visit_start_datetime
  - visit_end_datetime
  - discharged_to_concept_id
  - discharged_to_source_value
  - admitted_from_concept_id
  - admitted_from_source_value
  - provider_id
lookups:
  landed_persons: person*
  landed_care_sites: care_site*
  landed_details: visit_detail*
  landed_conditions: condition_occurrence*
  landed_periods: payer_plan_period*
  landed_amounts: cost | cost_*
  landed_releases: cdm_source*
  landed_costs: costs*
may_lack:
  landed_care_sites: the facilities' own ids are
  landed_details: wards are
  landed_conditions: diagnoses are
  landed_periods: payers are
  landed_amounts: DRGs and amounts are
  landed_releases: the day of the extract, so every patient still there counts as in the house, is
  landed_costs: direct costs are
lookup_columns:
  landed_persons: [person_id, birth_datetime, year_of_birth, month_of_birth, day_of_birth, gender_concept_id, race_concept_id, race_source_value, ethnicity_concept_id, ethnicity_source_value]
  landed_care_sites: [care_site_id, care_site_source_value]
  landed_details: [visit_detail_id, visit_occurrence_id, care_site_id, visit_detail_start_date, visit_detail_start_datetime]
  landed_conditions: [condition_occurrence_id, visit_occurrence_id, condition_status_concept_id, condition_source_value]
  landed_periods: [person_id, payer_plan_period_start_date, payer_plan_period_end_date, payer_source_value]
  landed_amounts: [cost_id, cost_event_id, cost_domain_id, total_charge, total_cost, total_paid, amount_allowed, drg_source_value]
  landed_releases: [source_release_date]
  landed_costs: [encounter_id, total_cost, direct_cost, variable_direct_cost]
---*/
WITH people AS (
    SELECT
        person_id,
        MAX(COALESCE(
            SUBSTR(birth_datetime, 1, 10),
            LPAD(year_of_birth, 4, '0') || '-' || LPAD(month_of_birth, 2, '0') || '-' || LPAD(day_of_birth, 2, '0')
        )) AS birth_date,
        MAX(CASE gender_concept_id WHEN '8507' THEN 'M' WHEN '8532' THEN 'F' END) AS sex,
        MAX(COALESCE(race_source_value, CASE race_concept_id
            WHEN '8515' THEN 'Asian'
            WHEN '8516' THEN 'Black or African American'
            WHEN '8527' THEN 'White'
            WHEN '8557' THEN 'Native Hawaiian or Other Pacific Islander'
            WHEN '8657' THEN 'American Indian or Alaska Native'
        END)) AS race,
        MAX(COALESCE(ethnicity_source_value, CASE ethnicity_concept_id
            WHEN '38003563' THEN 'Hispanic or Latino'
            WHEN '38003564' THEN 'Not Hispanic or Latino'
        END)) AS ethnicity
    FROM landed_persons
    GROUP BY person_id
),

care_sites AS (
    SELECT
        care_site_id,
        MAX(care_site_source_value) AS own_id
    FROM landed_care_sites
    GROUP BY care_site_id
),

last_wards AS (
    SELECT
        details.visit_occurrence_id,
        ARG_MAX(
            COALESCE(care_sites.own_id, details.care_site_id),
            COALESCE(details.visit_detail_start_datetime, details.visit_detail_start_date, '')
            || LPAD(details.visit_detail_id, 20, '0')
        ) AS unit_id
    FROM landed_details AS details
    LEFT JOIN care_sites ON details.care_site_id = care_sites.care_site_id
    GROUP BY details.visit_occurrence_id
),

-- 32902 primary diagnosis, 32903 primary discharge diagnosis.
principal_diagnoses AS (
    SELECT
        visit_occurrence_id,
        ARG_MIN(condition_source_value, LPAD(condition_occurrence_id, 20, '0')) AS diagnosis_code
    FROM landed_conditions
    WHERE condition_status_concept_id IN ('32902', '32903')
    GROUP BY visit_occurrence_id
),

-- Of several insurances on the day of admission the one that began last; of two that began together, by name.
payers AS (
    SELECT
        landed.source_line,
        ARG_MAX(
            periods.payer_source_value, periods.payer_plan_period_start_date || ' ' || periods.payer_source_value
        ) AS payer
    FROM landed
    INNER JOIN landed_periods AS periods
        ON
            landed.person_id = periods.person_id
            AND SUBSTR(landed.visit_start_date, 1, 10) >= periods.payer_plan_period_start_date
            AND SUBSTR(landed.visit_start_date, 1, 10)
            <= COALESCE(periods.payer_plan_period_end_date, '9999-12-31')
    GROUP BY landed.source_line
),

amounts AS (
    SELECT
        cost_event_id AS visit_occurrence_id,
        MAX(drg_source_value) AS drg_code,
        SUM(TRY_CAST(total_charge AS DECIMAL(18, 2))) AS total_charge,
        SUM(TRY_CAST(total_cost AS DECIMAL(18, 2))) AS total_cost,
        SUM(TRY_CAST(amount_allowed AS DECIMAL(18, 2))) AS amount_allowed,
        SUM(TRY_CAST(total_paid AS DECIMAL(18, 2))) AS total_paid
    FROM landed_amounts
    WHERE LOWER(cost_domain_id) = 'visit'
    GROUP BY cost_event_id
),

visits AS (
    SELECT
        landed.*,
        -- 32220 still patient: the CDM ends such a visit on the day of the extract.
        COALESCE(
            discharged_to_concept_id = '32220'
            AND visit_end_date >= COALESCE((SELECT MAX(source_release_date) FROM landed_releases), ''),
            FALSE
        ) AS is_in_house
    FROM landed
),

-- Where all is midnight, the export did not know the hours.
hours AS (
    SELECT
        COALESCE(
            BOOL_OR(visit_start_datetime NOT LIKE '%00:00:00' OR visit_end_datetime NOT LIKE '%00:00:00'), FALSE
        ) AS are_known
    FROM landed
)

SELECT
    visits.source_line,
    visits.visit_occurrence_id AS encounter_id,
    visits.person_id,
    COALESCE(care_sites.own_id, visits.care_site_id) AS facility_id,
    CASE visits.visit_concept_id
        WHEN '9201' THEN 'acute inpatient'
        WHEN '262' THEN 'acute inpatient'
        WHEN '8717' THEN 'acute inpatient'
        WHEN '9203' THEN 'emergency department'
        WHEN '581385' THEN 'observation'
        WHEN '8920' THEN 'inpatient rehabilitation'
        WHEN '8971' THEN 'inpatient psychiatric'
        WHEN '8863' THEN 'skilled nursing'
        WHEN '42898160' THEN 'skilled nursing'
        WHEN '9202' THEN 'outpatient'
        ELSE 'visit concept ' || visits.visit_concept_id
    END AS encounter_type,
    CASE
        WHEN hours.are_known THEN COALESCE(visits.visit_start_datetime, visits.visit_start_date)
        ELSE visits.visit_start_date
    END AS admitted_at,
    CASE
        WHEN visits.is_in_house THEN NULL
        WHEN hours.are_known THEN COALESCE(visits.visit_end_datetime, visits.visit_end_date)
        ELSE visits.visit_end_date
    END AS discharged_at,
    CASE
        WHEN visits.is_in_house THEN '30'
        ELSE COALESCE(visits.discharged_to_source_value, CASE visits.discharged_to_concept_id
            WHEN '8536' THEN '01'
            WHEN '8717' THEN '02'
            WHEN '8863' THEN '03'
            WHEN '38004519' THEN '06'
            WHEN '4021968' THEN '07'
            WHEN '4216643' THEN '20'
            WHEN '32220' THEN '30'
            WHEN '8546' THEN '51'
            WHEN '8920' THEN '62'
            WHEN '8970' THEN '63'
            WHEN '8971' THEN '65'
            ELSE NULLIF(visits.discharged_to_concept_id, '0')
        END)
    END AS discharge_disposition_code,
    principal_diagnoses.diagnosis_code AS primary_diagnosis_code,
    amounts.drg_code,
    NULL AS service_line,
    last_wards.unit_id,
    payers.payer,
    NULL AS admit_type_code,
    COALESCE(visits.admitted_from_source_value, CASE visits.admitted_from_concept_id
        WHEN '8717' THEN '4'
        WHEN '8863' THEN '5'
        WHEN '8920' THEN '6'
        WHEN '8971' THEN '6'
    END) AS admit_source_code,
    visits.provider_id AS attending_provider_id,
    people.birth_date,
    people.sex,
    people.race,
    people.ethnicity,
    COALESCE(landed_costs.total_cost, CAST(amounts.total_cost AS VARCHAR)) AS total_cost,
    landed_costs.direct_cost,
    landed_costs.variable_direct_cost,
    CAST(amounts.total_charge AS VARCHAR) AS total_charges,
    CAST(amounts.amount_allowed AS VARCHAR) AS allowed_amount,
    CAST(amounts.total_paid AS VARCHAR) AS paid_amount,
    NULL AS updated_at
FROM visits
CROSS JOIN hours
LEFT JOIN care_sites ON visits.care_site_id = care_sites.care_site_id
LEFT JOIN people ON visits.person_id = people.person_id
LEFT JOIN last_wards ON visits.visit_occurrence_id = last_wards.visit_occurrence_id
LEFT JOIN principal_diagnoses ON visits.visit_occurrence_id = principal_diagnoses.visit_occurrence_id
LEFT JOIN payers ON visits.source_line = payers.source_line
LEFT JOIN amounts ON visits.visit_occurrence_id = amounts.visit_occurrence_id
LEFT JOIN landed_costs ON visits.visit_occurrence_id = landed_costs.encounter_id
