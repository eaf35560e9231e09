/*---
title: The comorbidities of each stay
means: >-
  Per stay its Elixhauser comorbidities, from secondary diagnoses, by the rules of AHRQ's refined software for
  ICD-10-CM: what may be a complication counts only where it was present on admission, and the graver of two forms
  stands for both. Computed where it is read.
key: [stay_id, comorbidity]
stored: never
---*/
WITH plain_diagnoses AS (
    SELECT
        encounter_id,
        sequence,
        present_on_admission,
        UPPER(REPLACE(code, '.', '')) AS code
    FROM diagnoses
),

listed_diagnoses AS (
    SELECT
        stay_encounters.stay_id,
        lists.comorbidity,
        BOOL_OR(NOT lists.poa_required OR UPPER(diagnoses.present_on_admission) IN ('Y', 'W')) AS is_counted,
        BOOL_OR(UPPER(diagnoses.present_on_admission) IN ('N', 'U')) AS is_later
    FROM plain_diagnoses AS diagnoses
    INNER JOIN reference_elixhauser AS lists ON diagnoses.code = lists.code
    INNER JOIN stay_encounters ON diagnoses.encounter_id = stay_encounters.encounter_id
    INNER JOIN encounters ON diagnoses.encounter_id = encounters.encounter_id
    WHERE
        CASE
            WHEN diagnoses.sequence IS NOT NULL THEN diagnoses.sequence > 1
            ELSE diagnoses.code IS DISTINCT FROM encounters.primary_diagnosis_code
        END
    GROUP BY stay_encounters.stay_id, lists.comorbidity
),

counted_comorbidities AS (
    SELECT
        stay_id,
        comorbidity
    FROM listed_diagnoses
    WHERE is_counted AND comorbidity NOT IN ('CBVD_POA', 'CBVD_SQLA')
    UNION ALL
    -- A stroke of this stay makes the marks of an earlier one no comorbidity.
    SELECT
        stay_id,
        'CBVD' AS comorbidity
    FROM listed_diagnoses
    WHERE comorbidity IN ('CBVD_POA', 'CBVD_SQLA')
    GROUP BY stay_id
    HAVING
        COALESCE(BOOL_OR(is_counted) FILTER (WHERE comorbidity = 'CBVD_POA'), FALSE)
        OR (
            COALESCE(BOOL_OR(is_counted) FILTER (WHERE comorbidity = 'CBVD_SQLA'), FALSE)
            AND NOT COALESCE(BOOL_OR(is_later) FILTER (WHERE comorbidity = 'CBVD_POA'), FALSE)
        )
),

graver_forms (comorbidity, stands_for) AS (
    VALUES
    ('DIAB_CX', 'DIAB_UNCX'),
    ('HTN_CX', 'HTN_UNCX'),
    ('CANCER_METS', 'CANCER_SOLID'),
    ('CANCER_METS', 'CANCER_NSITU'),
    ('CANCER_SOLID', 'CANCER_NSITU'),
    ('LIVER_SEV', 'LIVER_MLD'),
    ('RENLFL_SEV', 'RENLFL_MOD')
),

covered_comorbidities AS (
    SELECT DISTINCT
        counted_comorbidities.stay_id,
        graver_forms.stands_for AS comorbidity
    FROM counted_comorbidities
    INNER JOIN graver_forms ON counted_comorbidities.comorbidity = graver_forms.comorbidity
)

SELECT
    counted_comorbidities.stay_id,
    counted_comorbidities.comorbidity
FROM counted_comorbidities
ANTI JOIN covered_comorbidities
    ON
        counted_comorbidities.stay_id = covered_comorbidities.stay_id
        AND counted_comorbidities.comorbidity = covered_comorbidities.comorbidity
