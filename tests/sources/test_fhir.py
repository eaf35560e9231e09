"""FHIR R4: what becomes of each resource, in whatever form it is exported."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse
from tests.support.fhir import (
    FORMS,
    Resource,
    coded,
    encounter,
    refused_rows,
    staged_rows,
    take_in,
    write_fhir,
    write_text,
)
from tests.support.said import said

NUBC = "https://www.nubc.org/CodeSystem/PatDischargeStatus"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea_fhir"


def small_hospital() -> list[Resource]:
    """One stay with everything a server may say of it, and a visit to the emergency department."""
    return [
        {"resourceType": "Patient", "id": "p1", "birthDate": "1950-02-03", "gender": "female"},
        {
            "resourceType": "Organization",
            "id": "h1",
            "name": "North Hospital",
            "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/timezone", "valueCode": "America/Chicago"}],
        },
        {
            "resourceType": "Location",
            "id": "w1",
            "name": "4 West",
            "physicalType": coded("wa"),
            "managingOrganization": {"reference": "Organization/h1"},
        },
        encounter(
            "e1",
            meta={"lastUpdated": "2026-03-06T00:00:00Z"},
            serviceType={"text": "cardiology"},
            priority=coded("EM", "http://terminology.hl7.org/CodeSystem/v3-ActPriority"),
            participant=[{"type": [coded("ATND")], "individual": {"reference": "Practitioner/dr7"}}],
            hospitalization={"dischargeDisposition": coded("06", NUBC), "admitSource": coded("nursing")},
            location=[{"location": {"reference": "Location/w1"}}],
            diagnosis=[
                {"condition": {"reference": "Condition/c1"}, "use": coded("DD"), "rank": 2},
                {"condition": {"reference": "Condition/c2"}, "use": coded("DD"), "rank": 1},
                {"condition": {"reference": "Condition/c3"}, "use": coded("AD"), "rank": 1},
            ],
        ),
        encounter("e2", **{"class": {"code": "EMER"}}),
        *(
            {
                "resourceType": "Condition",
                "id": f"c{number}",
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}, {"system": ICD, "code": code}]},
                "encounter": {"reference": "Encounter/e1"},
            }
            for number, code in enumerate(("E11.9", "I50.9", "R06.02"), start=1)
        ),
        {
            "resourceType": "Procedure",
            "id": "x1",
            "status": "completed",
            "code": coded("0210093", "http://hl7.org/fhir/sid/icd-10-pcs"),
            "encounter": {"reference": "Encounter/e1"},
            "performedDateTime": "2026-03-02T08:00:00-05:00",
        },
        {
            "resourceType": "ExplanationOfBenefit",
            "id": "b1",
            "status": "active",
            "use": "claim",
            "insurer": {"display": "Medicare"},
            "item": [{"encounter": [{"reference": "Encounter/e1"}]}],
            "supportingInfo": [{"category": coded("drg"), "code": coded("291")}],
            "total": [
                {"category": coded("submitted"), "amount": {"value": 30000.5}},
                {"category": coded("eligible"), "amount": {"value": 12000}},
                {"category": coded("benefit"), "amount": {"value": 11000}},
            ],
        },
    ]


RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"


def race_of(*parts: tuple[str, str | None], text: str | None = None) -> list[Resource]:
    """US Core's race: (code, display) of each category, and its text."""
    named = [
        {"url": "ombCategory", "valueCoding": {"code": code} | ({"display": said} if said else {})}
        for code, said in parts
    ]
    return [{"url": RACE, "extension": [*named, *([{"url": "text", "valueString": text}] if text else [])]}]


def ethnicity_of(code: str, said: str) -> list[Resource]:
    """US Core's ethnicity, which stands beside race."""
    (race,) = race_of((code, said), text=said)
    return [race | {"url": RACE.replace("us-core-race", "us-core-ethnicity")}]


@pytest.mark.parametrize(
    ("patient", "race", "language"),
    [
        ({}, None, None),
        ({"extension": race_of(("2106-3", "White"), text="White (Irish)")}, "White (Irish)", None),
        ({"extension": race_of(("2054-5", None))}, "Black or African American", None),
        ({"extension": race_of(("2028-9", "Asian"))}, "Asian", None),
        ({"extension": race_of(("2028-9", "Asian"), ("2106-3", "White"))}, "More than one race", None),
        ({"extension": race_of(("ASKU", "asked but unknown"), text="asked but unknown")}, None, None),
        ({"extension": race_of(text="Unknown")}, None, None),
        ({"extension": [{"url": "http://example.org/other", "extension": race_of(("2106-3", "White"))}]}, None, None),
        # ethnicity, in the same form, is another question and no answer to this one
        ({"extension": [*ethnicity_of("2135-2", "Hispanic or Latino"), *race_of(("2028-9", "Asian"))]}, "Asian", None),
        ({"extension": ethnicity_of("2135-2", "Hispanic or Latino")}, None, None),
        ({"communication": [{"language": {"text": "Spanish"}}]}, None, "Spanish"),
        (
            {"communication": [{"language": coded("en")}, {"language": coded("es"), "preferred": True}]},
            None,
            "es",
        ),
        ({"communication": [{"language": coded("en")}, {"language": coded("es")}]}, None, None),  # which, is not said
    ],
)
def test_race_and_language_are_those_us_core_says_and_never_guessed(
    tmp_path: Path, patient: Resource, race: str | None, language: str | None
) -> None:
    resources = [{"resourceType": "Patient", "id": "p1", **patient}, encounter("e1")]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "race, language") == [(race, language)]


def test_the_newest_version_of_a_patient_says_her_race_and_language(tmp_path: Path) -> None:
    def version(day: int, race: str, language: str) -> Resource:
        return {
            "resourceType": "Patient",
            "id": "p1",
            "meta": {"lastUpdated": f"2026-03-0{day}T00:00:00Z"},
            "extension": race_of(text=race),
            "communication": [{"language": {"text": language}}],
        }

    resources = [version(2, "Asian", "Hmong"), version(1, "White", "English"), encounter("e1")]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "race, language") == [("Asian", "Hmong")]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_export_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    result = take_in(write_fhir(tmp_path / "landing", small_hospital(), form=form), tmp_path / "store")
    columns = (
        "encounter_id, person_id, facility_id, encounter_type, admitted_at, admitted_at_kind, discharged_at, "
        "discharge_disposition_code, primary_diagnosis_code, "
        "drg_code, service_line, unit_id, payer, admit_type_code, admit_source_code, "
        "attending_provider_id, birth_date, sex, total_charges, allowed_amount, paid_amount, updated_at"
    )
    moments = (datetime(2026, 3, 1, 15), "instant", datetime(2026, 3, 4, 17, 30))
    born = datetime(1950, 2, 3).date()
    assert staged_rows(result, "encounters", columns) == [
        ("e1", "p1", "h1", "acute inpatient", *moments, "06", "I50.9", "291", "cardiology", "w1", "Medicare", "1",
         "5", "dr7", born, "female", 30000.5, 12000.0, 11000.0, datetime(2026, 3, 6)),
        ("e2", "p1", "h1", "emergency department", *moments, *[None] * 9, born, "female", *[None] * 4),
    ]  # fmt: skip
    assert staged_rows(result, "diagnoses", "encounter_id, code, sequence, code_type") == [
        ("e1", "E11.9", 2, "icd-10-cm"),
        ("e1", "I50.9", 1, "icd-10-cm"),
        ("e1", "R06.02", None, "icd-10-cm"),  # rank 1 of the admission diagnoses is not the principal one
    ]
    assert staged_rows(result, "procedures", "encounter_id, procedure_code, CAST(performed_on AS VARCHAR)") == [
        ("e1", "0210093", "2026-03-02")
    ]
    assert staged_rows(result, "facilities", "facility_id, facility_name, time_zone") == [
        ("h1", "North Hospital", "America/Chicago")
    ]
    assert staged_rows(result, "units", "unit_id, facility_id, unit_name") == [("w1", "h1", "4 West")]


def test_what_is_cancelled_or_entered_in_error_is_left_out_with_a_count(tmp_path: Path) -> None:
    resources = [
        encounter("e1"),
        encounter("e2", status="cancelled"),
        encounter("e3", status="planned", period=None),
        encounter("e4", status="entered-in-error", subject=None),
    ]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert [row[0] for row in staged_rows(result, "encounters", "encounter_id")] == ["e1"]
    assert refused_rows(result, "encounters") == []
    assert "Encounter.ndjson: 2 rows left out of encounters: the visit was cancelled, or only planned." in said(
        result.warnings
    )
    assert "Encounter.ndjson: 1 row left out of encounters: the visit was entered in error." in said(result.warnings)
    (file,) = result.files
    assert (file.rows_in, file.rows_staged) == (1, 1)
    again = take_in(tmp_path / "landing", tmp_path / "store")  # read from the store, not from the file
    assert again.warnings == result.warnings


def test_problem_lists_and_procedures_not_done_are_left_out(tmp_path: Path) -> None:
    condition = {"resourceType": "Condition", "code": coded("I50.9", ICD)}
    procedure = {"resourceType": "Procedure", "code": coded("0210093"), "encounter": {"reference": "Encounter/e1"}}
    resources = [
        encounter("e1", diagnosis=[{"condition": {"reference": "Condition/linked"}, "rank": 1}]),
        condition | {"id": "problem"},
        condition | {"id": "linked"},
        condition | {"id": "wrong", "verificationStatus": coded("entered-in-error")},
        procedure | {"id": "a", "status": "not-done"},
        procedure | {"id": "b", "status": "completed"},
    ]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "diagnoses", "encounter_id, sequence") == [("e1", 1)]
    assert len(staged_rows(result, "procedures", "encounter_id")) == 1
    assert {file.table: file.left_out for file in result.files} == {
        "encounters": {},
        "diagnoses": {"entered_in_error": 1, "no_encounter": 1},
        "procedures": {"not_done": 1},
    }


def test_merged_patients_are_one_person_however_the_link_is_written(tmp_path: Path) -> None:
    def patient(patient_id: str, kind: str = "", other: str = "") -> Resource:
        link = [{"type": kind, "other": {"reference": f"Patient/{other}"}}] if kind else []
        return {"resourceType": "Patient", "id": patient_id, "birthDate": "1960-01-01", "link": link}

    chain = [patient(f"m{n}", "replaced-by", f"m{n + 1}") for n in range(1, 6)]
    resources = [
        *chain,
        patient("m6"),
        patient("new", "replaces", "old"),
        patient("see", "seealso", "m1"),
        *(encounter(f"e{n}", f"m{n}") for n in range(1, 7)),
        encounter("f1", "old"),
        encounter("f2", "new"),
        encounter("g1", "see"),
        encounter("h1", "loop1"),
        patient("loop1", "replaced-by", "loop2"),
        patient("loop2", "replaced-by", "loop1"),
    ]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    people = dict(staged_rows(result, "encounters", "encounter_id, person_id"))
    assert {people[f"e{n}"] for n in range(1, 7)} == {"m6"}
    assert people["f1"] == people["f2"] == "new"
    assert people["g1"] == "see"  # another record of the same person, but both stand
    assert people["h1"] in ("loop1", "loop2")


@pytest.mark.parametrize(
    ("reference", "person"),
    [
        ("Patient/p9", "p9"),
        ("https://server/fhir/Patient/p9/_history/3", "p9"),
        ("urn:uuid:4f1d", "4f1d"),
        ("Patient?identifier=https://server/ids|p9", "p9"),
        ("Patient?identifier=p9", "p9"),
    ],
)
def test_references_in_every_spelling_lead_to_the_id(tmp_path: Path, reference: str, person: str) -> None:
    resources = [encounter("e1", subject={"reference": reference})]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "person_id") == [(person,)]


@pytest.mark.parametrize(
    ("code", "roles", "snomed", "expected"),
    [
        ("IMP", [], "", "acute inpatient"),
        ("ACUTE", [], "", "acute inpatient"),
        ("NONAC", [], "", "inpatient, not acute"),
        ("OBSENC", [], "", "observation"),
        ("EMER", [], "", "emergency department"),
        ("AMB", [], "", "outpatient"),
        ("IMP", ["RHU"], "", "inpatient rehabilitation"),
        ("IMP", ["PHU"], "", "inpatient psychiatric"),
        ("IMP", ["SNF"], "", "skilled nursing"),
        ("IMP", [], "449411000124106", "skilled nursing"),
        ("HH", [], "305336008", "hospice"),
        ("unheard of", [], "", "unheard of"),
    ],
)
def test_the_class_and_the_place_say_what_kind_of_encounter_it_is(
    tmp_path: Path, code: str, roles: list[str], snomed: str, expected: str
) -> None:
    resources: list[Resource] = [
        encounter(
            "e1",
            **{"class": {"code": code}, "type": [coded(snomed)]},
            location=[{"location": {"reference": "Location/l0"}}],
        )
    ]
    resources += [{"resourceType": "Location", "id": f"l{n}", "type": [coded(role)]} for n, role in enumerate(roles)]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "encounter_type") == [(expected,)]


@pytest.mark.parametrize(
    ("coding", "expected"),
    [(("home", ""), "01"), (("exp", ""), "20"), (("aadvice", ""), "07"), (("snf", ""), "03"), (("oth", ""), "oth"),
     (("02", NUBC), "02")],
)  # fmt: skip
def test_dispositions_become_ub_04_codes(tmp_path: Path, coding: tuple[str, str], expected: str) -> None:
    resources = [encounter("e1", hospitalization={"dischargeDisposition": coded(*coding)})]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "discharge_disposition_code") == [(expected,)]


def test_bad_lines_are_quarantined_by_their_physical_line(tmp_path: Path) -> None:
    good = json.dumps(encounter("e1"))
    no_period = json.dumps(encounter("e2", period="yesterday"))
    partial = json.dumps(encounter("e3", period={"start": "2026-03"}))
    text = f'{good}\n\n{{"resourceType": "Encounter", "id": \n[1, 2]\n{no_period}\n{partial}\n'
    landing = tmp_path / "landing"
    landing.mkdir()
    for name in ("Encounter.ndjson", "Encounter.2.ndjson.gz"):
        write_text(landing / name, text)
    result = take_in(landing, tmp_path / "store")
    lines = [(line, reasons[0]) for _, line, reasons in refused_rows(result, "encounters")]
    expected = [(3, "missing_encounter_id"), (4, "missing_encounter_id"), (5, "missing_admitted_at"),
                (6, "invalid_admitted_at")]  # fmt: skip
    assert lines == expected * 2
    assert [(file.rows_in, file.rows_staged) for file in result.files] == [(5, 1), (5, 1)]


def test_a_file_cut_short_is_named_whether_read_or_looked_up(tmp_path: Path) -> None:
    landing = write_fhir(tmp_path / "landing", small_hospital(), form="ndjson.gz")
    whole = (landing / "Patient.ndjson.gz").read_bytes()
    (landing / "Patient.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError) as caught:
        take_in(landing, tmp_path / "store")
    assert [fault.where for fault in caught.value.faults] == ["Patient.ndjson.gz"]


def test_several_patient_files_are_read_as_one_and_the_latest_version_counts(tmp_path: Path) -> None:
    def patient(gender: str, updated: str) -> str:
        return json.dumps({"resourceType": "Patient", "id": "p1", "gender": gender, "meta": {"lastUpdated": updated}})

    landing = write_fhir(tmp_path / "landing", [encounter("e1")])
    write_text(landing / "1.Patient.ndjson", patient("female", "2026-02-01T00:00:00Z"))
    write_text(landing / "2.Patient.ndjson", patient("male", "2026-01-01T00:00:00Z"))
    result = take_in(landing, tmp_path / "store")
    assert staged_rows(result, "encounters", "sex") == [("female",)]


def test_a_claim_sent_twice_counts_once_and_two_claims_add_up(tmp_path: Path) -> None:
    def claim(claim_id: str, amount: float, updated: str, **fields: Any) -> Resource:
        return {
            "resourceType": "ExplanationOfBenefit",
            "id": claim_id,
            "status": "active",
            "item": [{"encounter": [{"reference": "Encounter/e1"}]}],
            "total": [{"category": coded("submitted"), "amount": {"value": amount}}],
            "meta": {"lastUpdated": updated},
            **fields,
        }

    resources = [
        encounter("e1"),
        claim("b1", 100, "2026-01-01"),
        claim("b1", 150, "2026-02-01"),
        claim("b2", 10, "2026-01-01"),
        claim("b3", 1000, "2026-01-01", status="cancelled"),
        claim("b4", 1000, "2026-01-01", use="preauthorization"),
    ]
    result = take_in(write_fhir(tmp_path / "landing", resources), tmp_path / "store")
    assert staged_rows(result, "encounters", "total_charges") == [(160.0,)]


def test_what_was_present_on_admission_is_read_from_claims_and_unknown_where_they_disagree(tmp_path: Path) -> None:
    def claim(number: str, *present: tuple[str, str], kind: str = "Claim", **fields: object) -> Resource:
        named = [
            {
                **(
                    {"diagnosisReference": {"reference": f"Condition/{of}"}}
                    if of.startswith("c")
                    else {"diagnosisCodeableConcept": coded(of, ICD)}
                ),
                "onAdmission": coded(answer),
            }
            for of, answer in present
        ]
        item = [{"encounter": [{"reference": "Encounter/e1"}]}]
        fixed = {"resourceType": kind, "id": number, "status": "active", "use": "claim", "item": item}
        return {**fixed, "diagnosis": named, **fields}

    def present(*claims: Resource) -> dict[str, str | None]:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        result = take_in(write_fhir(place / "landing", [*small_hospital(), *claims]), place / "store")
        return dict(staged_rows(result, "diagnoses", "code, present_on_admission"))

    nothing = {"E11.9": None, "I50.9": None, "R06.02": None}
    assert present() == nothing
    assert present(claim("k1", ("c1", "y"), ("I50.9", "N"))) == {**nothing, "E11.9": "Y", "I50.9": "N"}
    bill = claim("k2", ("I50.9", "w"), kind="ExplanationOfBenefit")
    assert present(bill) == {**nothing, "I50.9": "W"}
    assert present(claim("k1", ("c1", "y")), claim("k3", ("c1", "n"))) == nothing
    assert present(claim("k1", ("c1", "y")), claim("k3", ("c1", "n"), status="cancelled")) == {**nothing, "E11.9": "Y"}
    assert present(claim("k1", ("c1", "perhaps"))) == nothing


def test_times_count_on_the_facilitys_own_day_and_what_is_not_there_is_not_supplied(tmp_path: Path) -> None:
    period = {"start": "2026-02-26T10:00:00Z", "end": "2026-03-01T05:30:00Z"}  # 28 February, 23:30 in Chicago
    landing = write_fhir(tmp_path / "landing", [*small_hospital(), encounter("e9", period=period)])
    (landing / "ExplanationOfBenefit.ndjson").unlink()
    (landing / "denials.csv").write_text("denial_id,encounter_id,denied_on\nd1,e9,2026-03-05\n", encoding="utf-8")
    built = build_warehouse(landing, tmp_path / "kpi.duckdb", source="fhir", settings=Settings(min_denominator=1))
    with open_warehouse(built.warehouse) as connection:
        day = connection.execute(
            "SELECT CAST(discharged_on AS VARCHAR) FROM encounters WHERE encounter_id = 'e9'"
        ).fetchall()
        missing = {row[0] for row in connection.execute("SELECT item FROM supply WHERE NOT is_supplied").fetchall()}
    assert day == [("2026-02-28",)]
    assert {"encounters.drg_code", "encounters.total_cost", "diagnoses.present_on_admission", "cm_cases"} <= missing
    assert "denials" not in missing  # a canonical table beside the resources
    assert any(
        "DRGs, payers, amounts and what was present on admission are not known" in warning
        for warning in said(built.facts.warnings)
    )


def test_the_public_synthea_export_is_read_whole(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("the public FHIR export is not here: ../shared/data/synthea_fhir does not exist")
    result = take_in(SHARED, tmp_path / "store")
    for file in result.files:
        if file.table == "units":
            continue  # of its places none is a ward
        lines = len((SHARED / file.file_name).read_text(encoding="utf-8").splitlines())
        assert (file.rows_in + sum(file.left_out.values()), file.rows_quarantined) == (lines, 0)
    counts = "COUNT(DISTINCT encounter_id), COUNT(DISTINCT person_id), COUNT(birth_date)"
    assert staged_rows(result, "encounters", counts) == [(1215, 13, 1215)]
    people = [json.loads(line) for line in (SHARED / "Patient.ndjson").read_text(encoding="utf-8").splitlines()]
    told = {
        (one["id"], text_of(one, "race"), text_of(one, "ethnicity"), one["communication"][0]["language"]["text"])
        for one in people
    }
    assert set(staged_rows(result, "encounters", "person_id, race, ethnicity, language")) == told
    assert {ethnicity for _, _, ethnicity, _ in told} == {"Hispanic or Latino", "Not Hispanic or Latino"}
    kinds = dict(staged_rows(result, "encounters", "encounter_type, COUNT(*) OVER (PARTITION BY encounter_type)"))
    raw = [json.loads(line) for line in (SHARED / "Encounter.ndjson").read_text(encoding="utf-8").splitlines()]
    inpatient = [one for one in raw if one["class"]["code"] == "IMP"]
    nursing = [one for one in inpatient if one["type"][0]["coding"][0]["code"] == "449411000124106"]
    assert kinds["acute inpatient"] == len(inpatient) - len(nursing)
    assert kinds["emergency department"] == sum(one["class"]["code"] == "EMER" for one in raw)


def text_of(patient: Resource, what: str) -> str:
    """The text of US Core's race or ethnicity of a patient."""
    (one,) = (part for part in patient["extension"] if part["url"].endswith(f"us-core-{what}"))
    (text,) = (part["valueString"] for part in one["extension"] if part["url"] == "text")
    return str(text)
