/*---
file: encounter*
columns: [encounter_id, person_id, encounter_type, encounter_start_date, encounter_end_date]
optional_columns:
  - facility_id
  - facility_npi
  - discharge_disposition_code
  - primary_diagnosis_code
  - drg_code
  - ms_drg_code
  - admit_type_code
  - admit_source_code
  - attending_provider_id
  - charge_amount
  - allowed_amount
  - paid_amount
  - ingest_datetime
lookups:
  landed_patients: patient*
  landed_eligibility: eligibility*
  landed_costs: costs*
may_lack:
  landed_patients: births, sexes, races and ethnicities are
  landed_eligibility: payers are
  landed_costs: costs are
lookup_columns:
  landed_patients: [person_id, birth_date, sex, race, ethnicity]
  landed_eligibility: [person_id, payer, enrollment_start_date, enrollment_end_date]
  landed_costs: [encounter_id, total_cost, direct_cost, variable_direct_cost]
---*/
WITH people AS (
    SELECT
        person_id,
        MAX(birth_date) AS birth_date,
        MAX(sex) AS sex,
        MAX(race) AS race,
        MAX(ethnicity) AS ethnicity
    FROM landed_patients
    GROUP BY person_id
),

-- Of several insurances on the day of admission the one that began last; of two that began together, by name.
payers AS (
    SELECT
        landed.source_line,
        ARG_MAX(spans.payer, spans.enrollment_start_date || ' ' || spans.payer) AS payer
    FROM landed
    INNER JOIN landed_eligibility AS spans
        ON
            landed.person_id = spans.person_id
            AND SUBSTR(landed.encounter_start_date, 1, 10) >= spans.enrollment_start_date
            AND SUBSTR(landed.encounter_start_date, 1, 10) <= COALESCE(spans.enrollment_end_date, '9999-12-31')
    GROUP BY landed.source_line
)

SELECT
    landed.source_line,
    landed.encounter_id,
    landed.person_id,
    COALESCE(landed.facility_id, landed.facility_npi) AS facility_id,
    CASE landed.encounter_type
        WHEN 'inpatient psych' THEN 'inpatient psychiatric'
        WHEN 'inpatient skilled nursing' THEN 'skilled nursing'
        ELSE landed.encounter_type
    END AS encounter_type,
    landed.encounter_start_date AS admitted_at,
    landed.encounter_end_date AS discharged_at,
    landed.discharge_disposition_code,
    landed.primary_diagnosis_code,
    COALESCE(landed.drg_code, landed.ms_drg_code) AS drg_code,
    NULL AS service_line,
    NULL AS unit_id,
    payers.payer,
    landed.admit_type_code,
    landed.admit_source_code,
    landed.attending_provider_id,
    people.birth_date,
    people.sex,
    people.race,
    people.ethnicity,
    landed_costs.total_cost,
    landed_costs.direct_cost,
    landed_costs.variable_direct_cost,
    landed.charge_amount AS total_charges,
    landed.allowed_amount,
    landed.paid_amount,
    landed.ingest_datetime AS updated_at
FROM landed
LEFT JOIN people ON landed.person_id = people.person_id
LEFT JOIN payers ON landed.source_line = payers.source_line
LEFT JOIN landed_costs ON landed.encounter_id = landed_costs.encounter_id
