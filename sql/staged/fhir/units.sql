/*---
file: "*location* | *bundle*"
columns: [resource]
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH locations AS (
    SELECT
        source_line,
        resource_id,
        FROM_JSON(resource, '{
            "name": "VARCHAR",
            "physicalType": {"coding": [{"code": "VARCHAR"}]},
            "managingOrganization": {"reference": "VARCHAR"}
        }') AS place
    FROM landed
    WHERE COALESCE(resource_type, 'Location') = 'Location'
)

SELECT
    source_line,
    resource_id AS unit_id,
    NULLIF(REGEXP_EXTRACT(place.managingOrganization.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '')
        AS facility_id,
    place.name AS unit_name,
    NULL AS service_line
FROM locations
WHERE resource_id IS NULL OR place.physicalType.coding[1].code = 'wa'
