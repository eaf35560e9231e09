/*---
file: "*procedure* | *bundle*"
columns: [resource]
leaves_out:
  other_type: the resource is no Procedure
  not_done: the procedure was not done, only prepared, or entered in error
  no_encounter: the procedure belongs to no visit
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH procedures AS (
    SELECT
        source_line,
        resource_type,
        resource_id,
        FROM_JSON(resource, '{
            "status": "VARCHAR",
            "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]},
            "encounter": {"reference": "VARCHAR"},
            "performedDateTime": "VARCHAR",
            "performedPeriod": {"start": "VARCHAR"}
        }') AS done
    FROM landed
    WHERE in_bundle IS NULL OR resource_type = 'Procedure'
)

SELECT
    source_line,
    CASE
        WHEN resource_type <> 'Procedure' THEN 'other_type'
        WHEN done.status IN ('entered-in-error', 'not-done', 'preparation') THEN 'not_done'
        WHEN resource_id IS NOT NULL AND done.encounter.reference IS NULL THEN 'no_encounter'
    END AS left_out,
    NULLIF(REGEXP_EXTRACT(done.encounter.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '') AS encounter_id,
    COALESCE(
        LIST_FILTER(
            done.code.coding,
            LAMBDA coding: CONTAINS(LOWER(coding.system), 'icd-10') OR CONTAINS(LOWER(coding.system), 'icd10')
        )[1].code,
        done.code.coding[1].code
    ) AS procedure_code,
    NULL AS sequence,
    SUBSTR(COALESCE(done.performedDateTime, done.performedPeriod.start), 1, 10) AS performed_on
FROM procedures
