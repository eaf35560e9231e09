"""Writes the hospital as a FHIR R4 bulk export: one NDJSON file a resource type, Encounter in as many as landed."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kpi_pipeline.core.sql.sql_text import literal
from kpi_pipeline.synthetic.roads.canonical_tables import canonical_tables, copy_the_rest, write_csv, write_lines

_TERMS = "http://terminology.hl7.org/CodeSystem"

_WITH_OFFSETS = """
CREATE MACRO with_offset(moment, zone) AS CASE
    WHEN TRY_CAST(moment AS TIMESTAMP) IS NULL OR LENGTH(moment) <= 10 THEN moment
    ELSE STRFTIME(CAST(moment AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S') || PRINTF(
        '%s%02d:00',
        CASE WHEN CAST(moment AS TIMESTAMP) < (CAST(moment AS TIMESTAMP) AT TIME ZONE zone) AT TIME ZONE 'UTC'
            THEN '-' ELSE '+' END,
        ABS(DATE_DIFF('hour', (CAST(moment AS TIMESTAMP) AT TIME ZONE zone) AT TIME ZONE 'UTC',
            CAST(moment AS TIMESTAMP)))
    )
END;
CREATE MACRO coded(code, term) AS CASE WHEN code IS NOT NULL THEN
    {'coding': [{'system': CAST(term AS VARCHAR), 'code': CAST(code AS VARCHAR)}]} END;
CREATE MACRO reference(kind, id) AS CASE WHEN id IS NOT NULL THEN {'reference': kind || '/' || id} END;
CREATE MACRO line(resource) AS JSON_MERGE_PATCH('{}', TO_JSON(resource));
CREATE VIEW zoned_encounters AS
SELECT encounters.*, COALESCE(facilities.time_zone, 'America/New_York') AS zone
FROM encounters LEFT JOIN facilities USING (facility_id);
"""

_ENCOUNTERS = f"""
SELECT line({{
    'resourceType': 'Encounter',
    'id': encounter_id,
    'meta': {{'lastUpdated': with_offset(updated_at, zone)}},
    'status': CASE WHEN discharged_at IS NULL THEN 'in-progress' ELSE 'finished' END,
    'class': {{'system': '{_TERMS}/v3-ActCode', 'code': CASE encounter_type
        WHEN 'emergency department' THEN 'EMER' WHEN 'observation' THEN 'OBSENC' WHEN 'outpatient' THEN 'AMB'
        ELSE 'IMP' END}},
    'serviceType': CASE WHEN service_line IS NOT NULL THEN {{'text': service_line}} END,
    'priority': coded(admit_type_code, 'https://www.nubc.org/CodeSystem/PriorityTypeOfAdmitOrVisit'),
    'subject': reference('Patient', person_id),
    'participant': CASE WHEN attending_provider_id IS NOT NULL THEN [{{
        'type': [coded('ATND', '{_TERMS}/v3-ParticipationType')],
        'individual': reference('Practitioner', attending_provider_id)}}] END,
    'period': {{'start': with_offset(admitted_at, zone), 'end': with_offset(discharged_at, zone)}},
    'diagnosis': CASE WHEN encounter_id IS NOT NULL AND primary_diagnosis_code IS NOT NULL THEN [{{
        'condition': reference('Condition', 'p-' || encounter_id),
        'use': coded('DD', '{_TERMS}/diagnosis-role'), 'rank': 1}}] END,
    'hospitalization': {{
        'admitSource': coded(admit_source_code, 'https://www.nubc.org/CodeSystem/PointOfOrigin'),
        'dischargeDisposition': coded(
            discharge_disposition_code, 'https://www.nubc.org/CodeSystem/PatDischargeStatus')}},
    'location': LIST_FILTER([
        {{'location': reference('Location', unit_id)}},
        {{'location': CASE encounter_type
            WHEN 'inpatient rehabilitation' THEN reference('Location', 'rehabilitation')
            WHEN 'inpatient psychiatric' THEN reference('Location', 'psychiatry') END}}
    ], LAMBDA place: place.location IS NOT NULL),
    'serviceProvider': reference('Organization', facility_id)
}}) AS resource
FROM zoned_encounters
"""

_PATIENTS = """
SELECT line({
    'resourceType': 'Patient', 'id': person_id, 'birthDate': MAX(birth_date), 'gender': MAX(sex),
    'extension': CASE WHEN MAX(race) IS NOT NULL THEN [{
        'url': 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
        'extension': [{'url': 'text', 'valueString': MAX(race)}]}] END,
    'communication': CASE WHEN MAX(language) IS NOT NULL THEN [{
        'language': {'text': MAX(language)}, 'preferred': true}] END
})
FROM encounters WHERE person_id IS NOT NULL GROUP BY person_id ORDER BY person_id
"""

_ICD_CONDITIONS = """
SELECT line({
    'resourceType': 'Condition', 'id': id, 'code': coded(code, 'http://hl7.org/fhir/sid/icd-10-cm'),
    'encounter': reference('Encounter', encounter_id)})
FROM (
    SELECT 'p-' || encounter_id AS id, encounter_id, primary_diagnosis_code AS code
    FROM latest_encounters WHERE primary_diagnosis_code IS NOT NULL
    UNION ALL
    SELECT 'd-' || encounter_id || '-' || sequence, encounter_id, code FROM diagnoses WHERE sequence <> '1'
)
ORDER BY id
"""

_PROCEDURES = """
SELECT line({
    'resourceType': 'Procedure', 'id': encounter_id || '-' || COALESCE(sequence, '') || '-' || procedure_code,
    'status': 'completed', 'code': coded(procedure_code, 'http://www.cms.gov/Medicare/Coding/ICD10'),
    'encounter': reference('Encounter', encounter_id), 'performedDateTime': performed_on})
FROM procedures
"""

_CLAIMS = f"""
SELECT line({{
    'resourceType': 'ExplanationOfBenefit', 'id': 'b-' || encounter_id, 'status': 'active', 'use': 'claim',
    'insurer': {{'display': payer}},
    'item': [{{'encounter': [reference('Encounter', encounter_id)]}}],
    'supportingInfo': CASE WHEN drg_code IS NOT NULL THEN [{{
        'category': coded('drg', 'http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType'),
        'code': coded(drg_code, 'https://www.cms.gov/MS-DRG')}}] END,
    'total': LIST_FILTER([
        {{'category': coded('submitted', '{_TERMS}/adjudication'), 'amount': {{'value': CAST(total_charges AS DECIMAL(18, 2))}}}},
        {{'category': coded('eligible', '{_TERMS}/adjudication'), 'amount': {{'value': CAST(allowed_amount AS DECIMAL(18, 2))}}}},
        {{'category': coded('benefit', '{_TERMS}/adjudication'), 'amount': {{'value': CAST(paid_amount AS DECIMAL(18, 2))}}}}
    ], LAMBDA total: total.amount.value IS NOT NULL)
}})
FROM latest_encounters ORDER BY encounter_id
"""  # noqa: E501

_ORGANIZATIONS = """
SELECT line({
    'resourceType': 'Organization', 'id': facility_id, 'name': facility_name,
    'extension': [{'url': 'http://hl7.org/fhir/StructureDefinition/timezone', 'valueCode': time_zone}]})
FROM facilities
"""

_LOCATIONS = f"""
SELECT line({{
    'resourceType': 'Location', 'id': unit_id, 'name': unit_name,
    'physicalType': coded('wa', '{_TERMS}/location-physical-type'),
    'managingOrganization': reference('Organization', facility_id)}})
FROM units
UNION ALL
SELECT line({{'resourceType': 'Location', 'id': id, 'type': [coded(role, '{_TERMS}/v3-RoleCode')]}})
FROM (VALUES ('rehabilitation', 'RHU'), ('psychiatry', 'PHU')) AS places (id, role)
"""

_RESOURCES = {
    "Patient": _PATIENTS,
    "Condition": _ICD_CONDITIONS,
    "Procedure": _PROCEDURES,
    "ExplanationOfBenefit": _CLAIMS,
    "Organization": _ORGANIZATIONS,
    "Location": _LOCATIONS,
}


def write_as_fhir(landing: Path, folder: Path, *, ending: str = "ndjson") -> None:
    """Writes the canonical landing folder as FHIR; costs and the department's tables lie beside the resources.

    ending: `ndjson`, `ndjson.gz` or `ndjson.zst`. The folder is made and must not exist.
    """
    with canonical_tables(landing, folder) as connection:
        connection.execute(_WITH_OFFSETS)
        _write_encounters(connection, folder, ending)
        for kind, query in _RESOURCES.items():
            write_lines(connection, query, folder / f"{kind}.{ending}")
        costs = "SELECT encounter_id, total_cost, direct_cost, variable_direct_cost FROM latest_encounters"
        write_csv(connection, costs, folder / "costs.csv")
    mapped = ("encounters", "diagnoses", "procedures", "facilities", "units")
    copy_the_rest(landing, folder, source="fhir", but=mapped)


def _write_encounters(connection: duckdb.DuckDBPyConnection, folder: Path, ending: str) -> None:
    files = [str(row[0]) for row in connection.execute("SELECT DISTINCT file FROM encounters ORDER BY 1").fetchall()]
    for file in files:
        query = f"{_ENCOUNTERS} WHERE file = {literal(file)}"
        write_lines(connection, query, folder / f"Encounter{f'.{file}' if file else ''}.{ending}")
