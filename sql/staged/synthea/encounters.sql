/*---
file: encounters*
columns: [id, start, stop, patient, organization, provider, payer, encounterclass, total_claim_cost, payer_coverage]
lookups: {landed_patients: patients, landed_payers: payers}
lookup_columns: {landed_patients: [id, birthdate, gender, race, ethnicity]}
---*/
SELECT
    landed.source_line,
    landed.id AS encounter_id,
    landed.patient AS person_id,
    landed.organization AS facility_id,
    CASE landed.encounterclass
        WHEN 'inpatient' THEN 'acute inpatient'
        WHEN 'emergency' THEN 'emergency department'
        WHEN 'snf' THEN 'skilled nursing'
        WHEN 'ambulatory' THEN 'outpatient'
        ELSE landed.encounterclass
    END AS encounter_type,
    landed.start AS admitted_at,
    landed.stop AS discharged_at,
    NULL AS discharge_disposition_code,
    NULL AS primary_diagnosis_code,
    NULL AS drg_code,
    NULL AS service_line,
    NULL AS unit_id,
    landed_payers.name AS payer,
    NULL AS admit_type_code,
    NULL AS admit_source_code,
    landed.provider AS attending_provider_id,
    landed_patients.birthdate AS birth_date,
    landed_patients.gender AS sex,
    NULL AS language,
    landed_patients.race,
    landed_patients.ethnicity,
    NULL AS total_cost,
    NULL AS direct_cost,
    NULL AS variable_direct_cost,
    landed.total_claim_cost AS total_charges,
    NULL AS allowed_amount,
    landed.payer_coverage AS paid_amount,
    NULL AS updated_at
FROM landed
LEFT JOIN landed_patients ON landed.patient = landed_patients.id
LEFT JOIN landed_payers ON landed.payer = landed_payers.id
