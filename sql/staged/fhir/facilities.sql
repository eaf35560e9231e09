/*---
file: "*organization* | *bundle*"
columns: [resource]
leaves_out: {inactive: the organization is no longer in use}
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH organizations AS (
    SELECT
        source_line,
        resource_id,
        FROM_JSON(resource, '{
            "active": "VARCHAR",
            "name": "VARCHAR",
            "extension": [{"url": "VARCHAR", "valueCode": "VARCHAR"}]
        }') AS organization
    FROM landed
    WHERE COALESCE(resource_type, 'Organization') = 'Organization'
)

SELECT
    source_line,
    CASE WHEN organization.active = 'false' THEN 'inactive' END AS left_out,
    resource_id AS facility_id,
    organization.name AS facility_name,
    LIST_FILTER(
        organization.extension,
        LAMBDA part: part.url = 'http://hl7.org/fhir/StructureDefinition/timezone'
    )[1].valueCode AS time_zone,
    NULL AS opened_on,
    NULL AS closed_on,
    NULL AS licensed_beds
FROM organizations
