/*---
file: "*condition* | *bundle*"
columns: [resource]
lookups:
  landed_encounters: "*encounter* | *bundle*"
  landed_claims: "*claim* | *explanationofbenefit* | *bundle*"
may_lack:
  landed_claims: DRGs, payers, amounts and what was present on admission are
lookup_columns:
  landed_claims: [resource, resource_type, resource_id]
leaves_out:
  other_type: the resource is no Condition
  entered_in_error: the diagnosis was entered in error, or refuted
  no_encounter: the diagnosis belongs to no visit, as on a problem list
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH conditions AS (
    SELECT
        source_line,
        resource_type,
        resource_id AS condition_id,
        FROM_JSON(resource, '{
            "verificationStatus": {"coding": [{"code": "VARCHAR"}]},
            "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]},
            "encounter": {"reference": "VARCHAR"}
        }') AS condition
    FROM landed
    WHERE in_bundle IS NULL OR resource_type = 'Condition'
),

encounter_diagnoses AS (
    SELECT
        resource_id AS encounter_id,
        UNNEST(FROM_JSON(resource, '{
            "diagnosis": [{
                "condition": {"reference": "VARCHAR"}, "use": {"coding": [{"code": "VARCHAR"}]}, "rank": "VARCHAR"
            }]
        }').diagnosis) AS diagnosis
    FROM landed_encounters
    WHERE resource_type = 'Encounter'
),

-- Rank 1 of the admission diagnoses is not the principal diagnosis: only a discharge, billing or unnamed use ranks.
ranks AS (
    SELECT
        REGEXP_EXTRACT(diagnosis.condition.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1) AS condition_id,
        MIN(encounter_id) AS encounter_id,
        MIN(
            CASE
                WHEN COALESCE(diagnosis.use.coding[1].code, 'DD') IN ('DD', 'billing')
                    THEN TRY_CAST(diagnosis.rank AS INTEGER)
            END
        ) AS diagnosis_rank
    FROM encounter_diagnoses
    GROUP BY ALL
),

coded_conditions AS (
    SELECT
        source_line,
        resource_type,
        condition_id,
        condition.verificationStatus.coding[1].code AS verification,
        NULLIF(REGEXP_EXTRACT(condition.encounter.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '') AS encounter_id,
        LIST_FILTER(condition.code.coding, LAMBDA coding: CONTAINS(LOWER(coding.system), 'icd-10'))[1].code AS icd_10,
        LIST_FILTER(condition.code.coding, LAMBDA coding: CONTAINS(LOWER(coding.system), 'icd-9'))[1].code AS icd_9,
        LIST_FILTER(condition.code.coding, LAMBDA coding: TRUE)[1].code AS any_code,
        LIST_FILTER(condition.code.coding, LAMBDA coding: TRUE)[1].system AS any_system
    FROM conditions
),

claims AS (
    SELECT FROM_JSON(resource, '{
        "status": "VARCHAR",
        "use": "VARCHAR",
        "item": [{"encounter": [{"reference": "VARCHAR"}]}],
        "diagnosis": [{
            "diagnosisCodeableConcept": {"coding": [{"code": "VARCHAR"}]},
            "diagnosisReference": {"reference": "VARCHAR"},
            "onAdmission": {"coding": [{"code": "VARCHAR"}]}
        }]
    }') AS claim
    FROM landed_claims
    WHERE resource_type IN ('Claim', 'ExplanationOfBenefit')
),

claim_diagnoses AS (
    SELECT
        REGEXP_EXTRACT(
            FLATTEN(LIST_TRANSFORM(claim.item, LAMBDA item: item.encounter))[1].reference,
            '([^/|:=]+)(/_history/[^/]*)?$', 1
        ) AS encounter_id,
        UNNEST(claim.diagnosis) AS diagnosis
    FROM claims
    WHERE
        COALESCE(claim.status, 'active') NOT IN ('cancelled', 'draft', 'entered-in-error')
        AND COALESCE(claim.use, 'claim') = 'claim'
),

claimed_diagnoses AS (
    SELECT
        encounter_id,
        NULLIF(
            REGEXP_EXTRACT(diagnosis.diagnosisReference.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), ''
        ) AS condition_id,
        UPPER(REPLACE(diagnosis.diagnosisCodeableConcept.coding[1].code, '.', '')) AS code,
        UPPER(diagnosis.onAdmission.coding[1].code) AS present_on_admission
    FROM claim_diagnoses
    WHERE UPPER(diagnosis.onAdmission.coding[1].code) IN ('Y', 'N', 'U', 'W')
),

-- Where two claims say different things, it is not known.
present_by_condition AS (
    SELECT
        condition_id,
        MIN(present_on_admission) AS present_on_admission
    FROM claimed_diagnoses
    WHERE condition_id IS NOT NULL
    GROUP BY condition_id
    HAVING COUNT(DISTINCT present_on_admission) = 1
),

present_by_code AS (
    SELECT
        encounter_id,
        code,
        MIN(present_on_admission) AS present_on_admission
    FROM claimed_diagnoses
    WHERE condition_id IS NULL AND code IS NOT NULL
    GROUP BY encounter_id, code
    HAVING COUNT(DISTINCT present_on_admission) = 1
)

SELECT
    coded.source_line,
    CASE
        WHEN coded.resource_type <> 'Condition' THEN 'other_type'
        WHEN coded.verification IN ('entered-in-error', 'refuted') THEN 'entered_in_error'
        WHEN coded.condition_id IS NOT NULL AND coded.encounter_id IS NULL AND ranks.encounter_id IS NULL
            THEN 'no_encounter'
    END AS left_out,
    COALESCE(coded.encounter_id, ranks.encounter_id) AS encounter_id,
    CAST(ranks.diagnosis_rank AS VARCHAR) AS sequence,
    COALESCE(coded.icd_10, coded.icd_9, coded.any_code) AS code,
    CASE
        WHEN coded.icd_10 IS NOT NULL THEN 'icd-10-cm'
        WHEN coded.icd_9 IS NOT NULL THEN 'icd-9-cm'
        WHEN CONTAINS(coded.any_system, 'snomed') THEN 'snomed'
        ELSE coded.any_system
    END AS code_type,
    COALESCE(by_condition.present_on_admission, by_code.present_on_admission) AS present_on_admission
FROM coded_conditions AS coded
LEFT JOIN ranks ON coded.condition_id = ranks.condition_id
LEFT JOIN present_by_condition AS by_condition ON coded.condition_id = by_condition.condition_id
LEFT JOIN present_by_code AS by_code
    ON
        COALESCE(coded.encounter_id, ranks.encounter_id) = by_code.encounter_id
        AND UPPER(REPLACE(COALESCE(coded.icd_10, coded.icd_9, coded.any_code), '.', '')) = by_code.code
