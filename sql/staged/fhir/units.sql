/*---
file: "*location* | *bundle*"
columns: [resource]
leaves_out: {other_type: the resource is no Location}
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH locations AS (
    SELECT
        source_line,
        resource_type,
        resource_id,
        FROM_JSON(resource, '{
            "name": "VARCHAR",
            "physicalType": {"coding": [{"code": "VARCHAR"}]},
            "managingOrganization": {"reference": "VARCHAR"}
        }') AS place
    FROM landed
    WHERE in_bundle IS NULL OR resource_type = 'Location'
)

SELECT
    source_line,
    CASE WHEN resource_type <> 'Location' THEN 'other_type' END AS left_out,
    resource_id AS unit_id,
    NULLIF(REGEXP_EXTRACT(place.managingOrganization.reference, '([^/|:=]+)(/_history/[^/]*)?$', 1), '')
        AS facility_id,
    place.name AS unit_name,
    NULL AS service_line
FROM locations
WHERE resource_id IS NULL OR resource_type <> 'Location' OR place.physicalType.coding[1].code = 'wa'
