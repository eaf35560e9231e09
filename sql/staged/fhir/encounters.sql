/*---
file: "*encounter* | *bundle*"
columns: [resource]
lookups:
  landed_patients: "*patient* | *bundle*"
  landed_locations: "*location* | *bundle*"
  landed_conditions: "*condition* | *bundle*"
  landed_claims: "*claim* | *explanationofbenefit* | *bundle*"
  landed_costs: costs*
may_lack:
  landed_patients: births, sexes, races, ethnicities, languages and which patients were merged are
  landed_locations: wards, and rehabilitation, psychiatric and skilled nursing units are
  landed_conditions: diagnoses are
  landed_claims: DRGs, payers, amounts and what was present on admission are
  landed_costs: costs are
lookup_columns:
  landed_patients: [resource, resource_type, resource_id]
  landed_locations: [resource, resource_type, resource_id]
  landed_conditions: [resource, resource_type, resource_id]
  landed_claims: [resource, resource_type, resource_id]
  landed_costs: [encounter_id, total_cost, direct_cost, variable_direct_cost]
leaves_out:
  other_type: the resource is no Encounter
  cancelled: the visit was cancelled, or only planned
  entered_in_error: the visit was entered in error
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH encounters AS (
    SELECT
        source_line,
        resource_type,
        resource_id AS encounter_id,
        FROM_JSON(resource, '{
            "status": "VARCHAR",
            "class": {"code": "VARCHAR"},
            "type": [{"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}],
            "serviceType": {"text": "VARCHAR", "coding": [{"display": "VARCHAR"}]},
            "priority": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]},
            "subject": {"reference": "VARCHAR"},
            "participant": [{"type": [{"coding": [{"code": "VARCHAR"}]}], "individual": {"reference": "VARCHAR"}}],
            "period": {"start": "VARCHAR", "end": "VARCHAR"},
            "hospitalization": {
                "admitSource": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]},
                "dischargeDisposition": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}
            },
            "diagnosis": [{
                "condition": {"reference": "VARCHAR"}, "use": {"coding": [{"code": "VARCHAR"}]}, "rank": "VARCHAR"
            }],
            "location": [{"location": {"reference": "VARCHAR"}}],
            "serviceProvider": {"reference": "VARCHAR"},
            "meta": {"lastUpdated": "VARCHAR"}
        }') AS visit
    FROM landed
    WHERE in_bundle IS NULL OR resource_type = 'Encounter'
),

read_encounters AS (
    SELECT
        source_line,
        resource_type,
        encounter_id,
        visit.status,
        visit.class.code AS class_code,
        visit.period.start AS admitted_at,
        visit.period.end AS discharged_at,
        visit.meta.lastUpdated AS updated_at,
        COALESCE(visit.serviceType.text, visit.serviceType.coding[1].display) AS service_line,
        REGEXP_EXTRACT(visit.subject.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1) AS patient_id,
        NULLIF(REGEXP_EXTRACT(visit.serviceProvider.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '')
            AS facility_id,
        LIST_TRANSFORM(
            visit.location,
            LAMBDA place: REGEXP_EXTRACT(place.location.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1)
        ) AS location_ids,
        -- Nobody is admitted to a nursing home or a hospice as an acute inpatient, whatever the class says.
        LIST_CONTAINS(
            LIST_TRANSFORM(FLATTEN(LIST_TRANSFORM(visit.type, LAMBDA kind: kind.coding)), LAMBDA kind: kind.code),
            '449411000124106'
        ) AS is_nursing_admission,
        LIST_CONTAINS(
            LIST_TRANSFORM(FLATTEN(LIST_TRANSFORM(visit.type, LAMBDA kind: kind.coding)), LAMBDA kind: kind.code),
            '305336008'
        ) AS is_hospice_admission,
        LIST_FILTER(
            visit.participant,
            LAMBDA person: LIST_CONTAINS(
                LIST_TRANSFORM(FLATTEN(LIST_TRANSFORM(person.type, LAMBDA role: role.coding)), LAMBDA role: role.code),
                'ATND'
            )
        )[1].individual.reference AS attending_reference,
        -- A diagnosis on admission is never the principal one, whatever its rank.
        LIST_FILTER(
            visit.diagnosis,
            LAMBDA named: COALESCE(named.use.coding[1].code, 'DD') IN ('DD', 'billing')
        ) AS discharge_diagnoses,
        visit.hospitalization.dischargeDisposition.coding AS dispositions,
        visit.hospitalization.admitSource.coding AS sources,
        visit.priority.coding AS priorities
    FROM encounters
),

coded_encounters AS (
    SELECT
        * EXCLUDE (dispositions, sources, priorities, discharge_diagnoses),
        REGEXP_EXTRACT(
            COALESCE(
                LIST_FILTER(discharge_diagnoses, LAMBDA named: TRY_CAST(named.rank AS INTEGER) = 1)[
                    1
                ].condition.reference,
                CASE WHEN LENGTH(discharge_diagnoses) = 1 THEN discharge_diagnoses[1].condition.reference END
            ),
            '([^/|:=]+)(/_history/[^/]*)?$', 1
        ) AS principal_condition_id,
        LIST_FILTER(dispositions, LAMBDA coding: CONTAINS(LOWER(coding.system), 'nubc'))[1].code AS ub_disposition,
        LIST_FILTER(dispositions, LAMBDA coding: TRUE)[1].code AS any_disposition,
        LIST_FILTER(sources, LAMBDA coding: CONTAINS(LOWER(coding.system), 'nubc'))[1].code AS ub_source,
        LIST_FILTER(sources, LAMBDA coding: TRUE)[1].code AS any_source,
        LIST_FILTER(priorities, LAMBDA coding: CONTAINS(LOWER(coding.system), 'nubc'))[1].code AS ub_type,
        LIST_FILTER(priorities, LAMBDA coding: TRUE)[1].code AS any_type
    FROM read_encounters
),

condition_codes AS (
    SELECT
        condition_id,
        MAX(COALESCE(
            LIST_FILTER(codings, LAMBDA coding: CONTAINS(LOWER(coding.system), 'icd-10'))[1].code,
            LIST_FILTER(codings, LAMBDA coding: CONTAINS(LOWER(coding.system), 'icd-9'))[1].code,
            codings[1].code
        )) AS diagnosis_code
    FROM (
        SELECT
            resource_id AS condition_id,
            FROM_JSON(resource, '{"code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}}').code.coding
                AS codings,
            FROM_JSON(resource, '{"verificationStatus": {"coding": [{"code": "VARCHAR"}]}}')
            .verificationStatus.coding[1].code AS verification
        FROM landed_conditions
        WHERE resource_type = 'Condition'
    ) AS conditions
    WHERE COALESCE(verification, 'confirmed') NOT IN ('entered-in-error', 'refuted')
    GROUP BY condition_id
),

patients AS (
    SELECT
        resource_id AS patient_id,
        FROM_JSON(resource, '{
            "birthDate": "VARCHAR",
            "gender": "VARCHAR",
            "extension": [{
                "url": "VARCHAR",
                "extension": [{
                    "url": "VARCHAR", "valueString": "VARCHAR", "valueCoding": {"code": "VARCHAR", "display": "VARCHAR"}
                }]
            }],
            "communication": [{
                "language": {"text": "VARCHAR", "coding": [{"code": "VARCHAR", "display": "VARCHAR"}]},
                "preferred": "VARCHAR"
            }],
            "link": [{"other": {"reference": "VARCHAR"}, "type": "VARCHAR"}],
            "meta": {"lastUpdated": "VARCHAR"}
        }') AS patient
    FROM landed_patients
    WHERE resource_type = 'Patient' AND resource_id IS NOT NULL
),

links AS (
    SELECT
        patient_id,
        UNNEST(patient.link) AS link
    FROM patients
    WHERE LENGTH(patient.link) > 0
),

replacements AS (
    SELECT
        CASE link.type WHEN 'replaced-by' THEN patient_id ELSE other_id END AS replaced_id,
        MIN(CASE link.type WHEN 'replaced-by' THEN other_id ELSE patient_id END) AS surviving_id
    FROM (
        SELECT
            patient_id,
            link,
            REGEXP_EXTRACT(link.other.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1) AS other_id
        FROM links
        WHERE link.type IN ('replaced-by', 'replaces')
    ) AS merged
    GROUP BY ALL
),

-- A patient may be merged into one who was merged before: four steps reach sixteen merges deep.
replacements_twice AS (
    SELECT
        first.replaced_id,
        COALESCE(next.surviving_id, first.surviving_id) AS surviving_id
    FROM replacements AS first
    LEFT JOIN replacements AS next ON first.surviving_id = next.replaced_id
),

replacements_four AS (
    SELECT
        first.replaced_id,
        COALESCE(next.surviving_id, first.surviving_id) AS surviving_id
    FROM replacements_twice AS first
    LEFT JOIN replacements_twice AS next ON first.surviving_id = next.replaced_id
),

survivors AS (
    SELECT
        first.replaced_id,
        COALESCE(next.surviving_id, first.surviving_id) AS surviving_id
    FROM replacements_four AS first
    LEFT JOIN replacements_four AS next ON first.surviving_id = next.replaced_id
),

-- US Core's race and ethnicity, of the same form; the language a patient prefers, or speaks alone.
backgrounds AS (
    SELECT
        patient_id,
        patient.meta.lastUpdated AS updated_at,
        LIST_FILTER(
            patient.extension,
            LAMBDA part: part.url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'
        )[1].extension AS race_parts,
        LIST_FILTER(
            patient.extension,
            LAMBDA part: part.url = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity'
        )[1].extension AS ethnicity_parts,
        COALESCE(
            LIST_FILTER(patient.communication, LAMBDA spoken: spoken.preferred = 'true')[1].language,
            CASE WHEN LENGTH(patient.communication) = 1 THEN patient.communication[1].language END
        ) AS spoken
    FROM patients
),

-- Of each the categories, and its text.
told_backgrounds AS (
    SELECT
        patient_id,
        updated_at,
        LIST_FILTER(race_parts, LAMBDA part: part.url = 'ombCategory') AS races,
        LIST_FILTER(race_parts, LAMBDA part: part.url = 'text')[1].valueString AS race_text,
        LIST_FILTER(ethnicity_parts, LAMBDA part: part.url = 'ombCategory')[1].valueCoding AS omb_ethnicity,
        LIST_FILTER(ethnicity_parts, LAMBDA part: part.url = 'text')[1].valueString AS ethnicity_text,
        spoken
    FROM backgrounds
),

named_backgrounds AS (
    SELECT
        patient_id,
        updated_at,
        CASE
            -- HL7's words for unknown and for asked but not answered name no group, as codes or as text alone.
            WHEN races[1].valueCoding.code IN ('UNK', 'ASKU') THEN NULL
            WHEN LENGTH(races) = 0 AND LOWER(TRIM(race_text)) IN ('unknown', 'asked but no answer') THEN NULL
            ELSE COALESCE(race_text, CASE
                WHEN LENGTH(races) = 1
                    THEN
                        COALESCE(races[1].valueCoding.display, CASE races[1].valueCoding.code
                            WHEN '1002-5' THEN 'American Indian or Alaska Native'
                            WHEN '2028-9' THEN 'Asian'
                            WHEN '2054-5' THEN 'Black or African American'
                            WHEN '2076-8' THEN 'Native Hawaiian or Other Pacific Islander'
                            WHEN '2106-3' THEN 'White'
                            WHEN '2131-1' THEN 'Other Race'
                            ELSE races[1].valueCoding.code
                        END)
                WHEN LENGTH(races) > 1 THEN 'More than one race'
            END)
        END AS race,
        CASE
            WHEN omb_ethnicity.code IN ('UNK', 'ASKU') THEN NULL
            WHEN omb_ethnicity IS NULL AND LOWER(TRIM(ethnicity_text)) IN ('unknown', 'asked but no answer') THEN NULL
            ELSE COALESCE(ethnicity_text, omb_ethnicity.display, CASE omb_ethnicity.code
                WHEN '2135-2' THEN 'Hispanic or Latino'
                WHEN '2186-5' THEN 'Not Hispanic or Latino'
                ELSE omb_ethnicity.code
            END)
        END AS ethnicity,
        COALESCE(spoken.text, spoken.coding[1].display, spoken.coding[1].code) AS language
    FROM told_backgrounds
),

person_backgrounds AS (
    SELECT
        patient_id,
        ARG_MAX(race, COALESCE(updated_at, '')) AS race,
        ARG_MAX(ethnicity, COALESCE(updated_at, '')) AS ethnicity,
        ARG_MAX(language, COALESCE(updated_at, '')) AS language
    FROM named_backgrounds
    GROUP BY patient_id
),

people AS (
    SELECT
        patient_id,
        ARG_MAX(patient.birthDate, COALESCE(patient.meta.lastUpdated, '')) AS birth_date,
        ARG_MAX(patient.gender, COALESCE(patient.meta.lastUpdated, '')) AS gender
    FROM patients
    GROUP BY patient_id
),

locations AS (
    SELECT
        resource_id AS location_id,
        MAX(place.physicalType.coding[1].code) AS physical_code,
        MAX(place.type[1].coding[1].code) AS role_code
    FROM (
        SELECT
            resource_id,
            FROM_JSON(resource, '{
                "physicalType": {"coding": [{"code": "VARCHAR"}]},
                "type": [{"coding": [{"code": "VARCHAR"}]}]
            }') AS place
        FROM landed_locations
        WHERE resource_type = 'Location' AND resource_id IS NOT NULL
    ) AS places
    GROUP BY resource_id
),

encounter_places AS (
    SELECT
        visits.source_line,
        LAST(locations.location_id ORDER BY visits.position) FILTER (WHERE locations.physical_code = 'wa') AS unit_id,
        MAX(locations.role_code) FILTER (WHERE locations.role_code IN ('RH', 'RHU')) AS rehabilitation,
        MAX(locations.role_code) FILTER (WHERE locations.role_code IN ('PSYCHF', 'PHU')) AS psychiatric,
        MAX(locations.role_code) FILTER (WHERE locations.role_code IN ('SNF', 'NCCF')) AS nursing
    FROM (
        SELECT
            source_line,
            UNNEST(location_ids) AS location_id,
            GENERATE_SUBSCRIPTS(location_ids, 1) AS position
        FROM read_encounters
    ) AS visits
    INNER JOIN locations ON visits.location_id = locations.location_id
    GROUP BY visits.source_line
),

claims AS (
    SELECT
        resource_id AS claim_id,
        FROM_JSON(resource, '{
            "status": "VARCHAR",
            "use": "VARCHAR",
            "insurer": {"display": "VARCHAR"},
            "insurance": [{"coverage": {"display": "VARCHAR"}}],
            "item": [{"encounter": [{"reference": "VARCHAR"}]}],
            "total": [{"category": {"coding": [{"code": "VARCHAR"}]}, "amount": {"value": "VARCHAR"}}],
            "supportingInfo": [{
                "category": {"coding": [{"code": "VARCHAR"}]}, "code": {"coding": [{"code": "VARCHAR"}]}
            }],
            "diagnosis": [{
                "packageCode": {"coding": [{"code": "VARCHAR"}]},
                "type": [{"coding": [{"code": "VARCHAR"}]}],
                "diagnosisCodeableConcept": {"coding": [{"code": "VARCHAR"}]}
            }],
            "meta": {"lastUpdated": "VARCHAR"}
        }') AS claim
    FROM landed_claims
    WHERE resource_type = 'ExplanationOfBenefit'
),

-- One claim sent twice counts once: the latest version; a claim may be billed for the first encounter of its items.
encounter_claims AS (
    SELECT
        REGEXP_EXTRACT(
            FLATTEN(LIST_TRANSFORM(claim.item, LAMBDA item: item.encounter))[1].reference,
            '([^/|:=]+)(/_history/[^/]*)?$', 1
        ) AS encounter_id,
        claim_id,
        COALESCE(claim.insurance[1].coverage.display, claim.insurer.display) AS payer,
        COALESCE(
            LIST_FILTER(claim.supportingInfo, LAMBDA info: info.category.coding[1].code = 'drg')[1].code.coding[1].code,
            claim.diagnosis[1].packageCode.coding[1].code
        ) AS drg_code,
        LIST_FILTER(claim.diagnosis, LAMBDA named: named.type[1].coding[1].code = 'principal')[1]
        .diagnosisCodeableConcept.coding[1].code AS diagnosis_code,
        LIST_FILTER(claim.total, LAMBDA total: total.category.coding[1].code = 'submitted')[1].amount.value
            AS submitted,
        LIST_FILTER(claim.total, LAMBDA total: total.category.coding[1].code = 'eligible')[1].amount.value
            AS eligible,
        LIST_FILTER(claim.total, LAMBDA total: total.category.coding[1].code = 'benefit')[1].amount.value
            AS benefit,
        claim.meta.lastUpdated AS updated_at
    FROM claims
    WHERE claim.status = 'active' AND COALESCE(claim.use, 'claim') = 'claim'
),

latest_claims AS (
    SELECT
        claim_id,
        encounter_id,
        ARG_MAX(payer, COALESCE(updated_at, '')) AS payer,
        ARG_MAX(drg_code, COALESCE(updated_at, '')) AS drg_code,
        ARG_MAX(diagnosis_code, COALESCE(updated_at, '')) AS diagnosis_code,
        ARG_MAX(submitted, COALESCE(updated_at, '')) AS submitted,
        ARG_MAX(eligible, COALESCE(updated_at, '')) AS eligible,
        ARG_MAX(benefit, COALESCE(updated_at, '')) AS benefit
    FROM encounter_claims
    GROUP BY claim_id, encounter_id
),

encounter_amounts AS (
    SELECT
        encounter_id,
        -- The payer and DRG of the claim that billed most: the hospital's own rather than a physician's.
        ARG_MAX(payer, COALESCE(TRY_CAST(submitted AS DECIMAL(18, 2)), 0)) AS payer,
        ARG_MAX(diagnosis_code, COALESCE(TRY_CAST(submitted AS DECIMAL(18, 2)), 0)) AS diagnosis_code,
        ARG_MAX(drg_code, COALESCE(TRY_CAST(submitted AS DECIMAL(18, 2)), 0)) AS drg_code,
        SUM(TRY_CAST(submitted AS DECIMAL(18, 2))) AS total_charges,
        SUM(TRY_CAST(eligible AS DECIMAL(18, 2))) AS allowed_amount,
        SUM(TRY_CAST(benefit AS DECIMAL(18, 2))) AS paid_amount
    FROM latest_claims
    GROUP BY encounter_id
)

SELECT
    visits.source_line,
    CASE
        WHEN visits.resource_type <> 'Encounter' THEN 'other_type'
        WHEN visits.status IN ('cancelled', 'planned') THEN 'cancelled'
        WHEN visits.status = 'entered-in-error' THEN 'entered_in_error'
    END AS left_out,
    visits.encounter_id,
    COALESCE(survivors.surviving_id, NULLIF(visits.patient_id, '')) AS person_id,
    visits.facility_id,
    CASE
        WHEN visits.is_hospice_admission THEN 'hospice'
        WHEN visits.is_nursing_admission OR places.nursing IS NOT NULL THEN 'skilled nursing'
        WHEN places.rehabilitation IS NOT NULL AND visits.class_code IN ('IMP', 'NONAC')
            THEN 'inpatient rehabilitation'
        WHEN places.psychiatric IS NOT NULL AND visits.class_code IN ('IMP', 'ACUTE', 'NONAC')
            THEN 'inpatient psychiatric'
        WHEN visits.class_code IN ('IMP', 'ACUTE') THEN 'acute inpatient'
        WHEN visits.class_code = 'NONAC' THEN 'inpatient, not acute'
        WHEN visits.class_code = 'OBSENC' THEN 'observation'
        WHEN visits.class_code = 'EMER' THEN 'emergency department'
        WHEN visits.class_code IN ('AMB', 'VR', 'HH', 'FLD', 'SS', 'PRENC') THEN 'outpatient'
        ELSE visits.class_code
    END AS encounter_type,
    visits.admitted_at,
    visits.discharged_at,
    COALESCE(visits.ub_disposition, CASE visits.any_disposition
        WHEN 'home' THEN '01'
        WHEN 'alt-home' THEN '01'
        WHEN 'other-hcf' THEN '70'
        WHEN 'hosp' THEN '51'
        WHEN 'long' THEN '04'
        WHEN 'aadvice' THEN '07'
        WHEN 'exp' THEN '20'
        WHEN 'psy' THEN '65'
        WHEN 'rehab' THEN '62'
        WHEN 'snf' THEN '03'
        ELSE visits.any_disposition
    END) AS discharge_disposition_code,
    COALESCE(condition_codes.diagnosis_code, amounts.diagnosis_code) AS primary_diagnosis_code,
    amounts.drg_code,
    visits.service_line,
    places.unit_id,
    amounts.payer,
    COALESCE(visits.ub_type, CASE visits.any_type WHEN 'EM' THEN '1' WHEN 'UR' THEN '2' WHEN 'EL' THEN '3' END)
        AS admit_type_code,
    COALESCE(visits.ub_source, CASE visits.any_source
        WHEN 'hosp-trans' THEN '4'
        WHEN 'nursing' THEN '5'
        WHEN 'psych' THEN '6'
        WHEN 'rehab' THEN '6'
        WHEN 'outp' THEN '2'
        WHEN 'gp' THEN '2'
        WHEN 'mp' THEN '2'
        WHEN 'emd' THEN '1'
    END) AS admit_source_code,
    NULLIF(REGEXP_EXTRACT(visits.attending_reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '')
        AS attending_provider_id,
    people.birth_date,
    people.gender AS sex,
    backgrounds.race,
    backgrounds.ethnicity,
    backgrounds.language,
    costs.total_cost,
    costs.direct_cost,
    costs.variable_direct_cost,
    CAST(amounts.total_charges AS VARCHAR) AS total_charges,
    CAST(amounts.allowed_amount AS VARCHAR) AS allowed_amount,
    CAST(amounts.paid_amount AS VARCHAR) AS paid_amount,
    visits.updated_at
FROM coded_encounters AS visits
LEFT JOIN survivors ON visits.patient_id = survivors.replaced_id
LEFT JOIN people ON COALESCE(survivors.surviving_id, visits.patient_id) = people.patient_id
LEFT JOIN person_backgrounds AS backgrounds
    ON COALESCE(survivors.surviving_id, visits.patient_id) = backgrounds.patient_id
LEFT JOIN condition_codes ON visits.principal_condition_id = condition_codes.condition_id
LEFT JOIN encounter_places AS places ON visits.source_line = places.source_line
LEFT JOIN encounter_amounts AS amounts ON visits.encounter_id = amounts.encounter_id
LEFT JOIN landed_costs AS costs ON visits.encounter_id = costs.encounter_id
