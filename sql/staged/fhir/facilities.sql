/*---
file: "*organization* | *bundle*"
columns: [resource]
leaves_out:
  other_type: the resource is no Organization
  inactive: the organization is no longer in use
---*/
-- noqa: disable=CP02,RF01
-- FHIR nests its fields and spells them in camelCase.
WITH organizations AS (
    SELECT
        source_line,
        resource_type,
        resource_id,
        FROM_JSON(resource, '{
            "active": "VARCHAR",
            "name": "VARCHAR",
            "extension": [{"url": "VARCHAR", "valueCode": "VARCHAR"}]
        }') AS organization
    FROM landed
    WHERE in_bundle IS NULL OR resource_type = 'Organization'
)

SELECT
    source_line,
    CASE
        WHEN resource_type <> 'Organization' THEN 'other_type'
        WHEN organization.active = 'false' THEN 'inactive'
    END AS left_out,
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
