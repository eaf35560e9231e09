"""`kpi map` on the header rows of ten public layouts: required columns are found, and no wrong one is unmarked."""

# ruff: noqa: E501  header rows as they are published
from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.intake.mapping.proposals import Proposal, likeliest_table, propose
from kpi_pipeline.intake.reading.landing_options import read_landing_options
from kpi_pipeline.pipeline.checking.map_files import propose_mapping
from tests.support.landings import staged_rows, take_in

REQUIRED = ("encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at")

LAYOUTS: dict[str, tuple[str, tuple[str | None, ...]]] = {
    # header row, and which of its columns are the six required ones (None: the layout has none)
    "Epic": (
        "PAT_ENC_CSN_ID PAT_ID HSP_ACCOUNT_ID HOSP_AREA_ID ADT_PAT_CLASS_C HOSP_ADMSN_TIME HOSP_DISCH_TIME DISCH_DISP_C "
        "HOSP_SERV_C DEPARTMENT_ID HOSP_ADMSN_TYPE_C ADMIT_SOURCE_C BED_ID ED_EPISODE_ID INP_ADM_DATE UPDATE_DATE",
        ("PAT_ENC_CSN_ID", "PAT_ID", "HOSP_AREA_ID", "ADT_PAT_CLASS_C", "HOSP_ADMSN_TIME", "HOSP_DISCH_TIME"),
    ),
    "Cerner": (
        "ENCNTR_ID PERSON_ID ORGANIZATION_ID LOC_FACILITY_CD ENCNTR_TYPE_CD REG_DT_TM DISCH_DT_TM DISCH_DISPOSITION_CD "
        "FINANCIAL_CLASS_CD LOC_NURSE_UNIT_CD MED_SERVICE_CD ADMIT_SRC_CD ADMIT_TYPE_CD UPDT_DT_TM ACTIVE_IND",
        ("ENCNTR_ID", "PERSON_ID", "LOC_FACILITY_CD", "ENCNTR_TYPE_CD", "REG_DT_TM", "DISCH_DT_TM"),
    ),
    "Meditech": (
        "VisitID PatientID FacilityID SourceID PatientClass AdmitDateTime DischargeDateTime DischargeDispositionID "
        "LocationID InpatientServiceID AttendingProviderID FinancialClass BirthDateTime Sex RowUpdateDateTime",
        ("VisitID", "PatientID", "FacilityID", "PatientClass", "AdmitDateTime", "DischargeDateTime"),
    ),
    "UB-04": (
        "Patient Control Number|Medical Record Number|Billing Provider NPI|Type of Bill|Statement Covers From|"
        "Statement Covers Through|Patient Name|Birth Date|Sex|Admission Date|Admission Hour|Admission Type|"
        "Admission Source|Discharge Hour|Patient Discharge Status|Principal Diagnosis Code|DRG|Payer Name|Total Charges",
        ("Patient Control Number", "Medical Record Number", "Billing Provider NPI", None, "Admission Date", None),
    ),
    "SynPUF": (
        "DESYNPUF_ID CLM_ID SEGMENT CLM_FROM_DT CLM_THRU_DT PRVDR_NUM CLM_PMT_AMT NCH_PRMRY_PYR_CLM_PD_AMT AT_PHYSN_NPI "
        "CLM_ADMSN_DT ADMTNG_ICD9_DGNS_CD CLM_UTLZTN_DAY_CNT NCH_BENE_DSCHRG_DT CLM_DRG_CD ICD9_DGNS_CD_1 ICD9_DGNS_CD_2",
        ("CLM_ID", "DESYNPUF_ID", "PRVDR_NUM", None, "CLM_ADMSN_DT", "NCH_BENE_DSCHRG_DT"),
    ),
    "MIMIC-IV": (
        "subject_id hadm_id admittime dischtime deathtime admission_type admit_provider_id admission_location "
        "discharge_location insurance language marital_status race edregtime edouttime hospital_expire_flag",
        ("hadm_id", "subject_id", None, "admission_type", "admittime", "dischtime"),
    ),
    "UCI": (
        "encounter_id patient_nbr race gender age weight admission_type_id discharge_disposition_id admission_source_id "
        "time_in_hospital payer_code medical_specialty num_lab_procedures num_procedures diag_1 diag_2 readmitted",
        ("encounter_id", "patient_nbr", None, None, None, None),
    ),
    "NHS APC": (
        "EPIKEY TOKEN_PERSON_ID PROVSPNOPS PROCODE3 SITETRET CLASSPAT ADMIDATE ADMIMETH ADMISORC DISDATE DISDEST DISMETH "
        "EPISTART EPIEND EPIORDER DIAG_01 DIAG_02 OPERTN_01 TRETSPEF MAINSPEF SEX STARTAGE",
        ("PROVSPNOPS", "TOKEN_PERSON_ID", "PROCODE3", "CLASSPAT", "ADMIDATE", "DISDATE"),
    ),
    "HCUP SID": (
        "KEY VisitLink DSHOSPID HOSPST AYEAR AMONTH DQTR DaysToEvent LOS DISPUNIFORM DRG MDC TOTCHG PAY1 I10_DX1 I10_DX2 "
        "I10_PR1 AGE FEMALE RACE ATYPE PointOfOriginUB04 TRAN_IN TRAN_OUT DIED",
        ("KEY", "VisitLink", "DSHOSPID", None, None, None),
    ),
    "OpenEMR": (
        "id date reason facility facility_id pid encounter onset_date sensitivity billing_note pc_catid provider_id "
        "supervisor_id referral_source billing_facility discharge_disposition date_end class_code pos_code",
        ("encounter", "pid", "facility_id", "class_code", "date", "date_end"),
    ),
}


def header_of(layout: str) -> list[str]:
    text = LAYOUTS[layout][0]
    return text.split("|") if "|" in text else text.split()


def proposed(layout: str) -> Proposal:
    header = header_of(layout)
    row = {name: "2026-10-01 08:00" for name in LAYOUTS[layout][1][4:] if name}
    return propose(header, [[row.get(name, "1") for name in header]], load_contracts()["encounters"])


def test_required_columns_are_proposed_right_in_at_least_nine_of_ten_layouts() -> None:
    wrong = {
        layout: [
            (column, item.header, expected)
            for column, expected in zip(REQUIRED, columns, strict=True)
            if (item := proposed(layout).of(column)).header != expected and expected is not None
        ]
        for layout, (_, columns) in LAYOUTS.items()
    }
    assert sum(not faults for faults in wrong.values()) >= 9, wrong


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_proposed_wrong_is_never_unmarked(layout: str) -> None:
    for column, expected in zip(REQUIRED, LAYOUTS[layout][1], strict=True):
        item = proposed(layout).of(column)
        assert item.header in (None, expected) or item.doubt, (column, item)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_of_stays_is_told_from_all_other_tables(layout: str) -> None:
    assert likeliest_table(header_of(layout), load_contracts()) == "encounters"


def test_a_similar_name_is_marked_and_values_that_do_not_fit_are_said() -> None:
    header = ["Encountr Idd", "admit_date", "discharge_date", "drg", "total_cost"]
    rows = [["1", "13/10/2026", "soon", "291", "cheap"], ["2", "01/10/2026", "", "292", "dear"]]
    found = propose(header, rows, load_contracts()["encounters"])
    assert found.of("encounter_id").doubt == "the name is only similar"
    assert (found.of("admitted_at").date_form, found.of("admitted_at").doubt) == ("%d/%m/%Y", "")
    assert found.of("discharged_at").doubt == "its values are no dates of one form"
    assert found.of("total_cost").doubt == "its values are no numbers"
    both = propose(["admit_date"], [["01/02/2026"]], load_contracts()["encounters"])
    assert both.of("admitted_at").doubt == "the form may also be %d/%m/%Y"


def test_words_in_short_are_read_and_marked_but_for_the_commonest_names() -> None:
    header = ["Visit No", "Hosp", "Adm Dt", "Disch Dt", "Pt Nbr", "Prim Dx Cd", "Tot Direct Cost", "Enc Typ"]
    row = ["V1", "Main", "2026-10-01", "2026-10-05", "P1", "M16.11", "120.50", "IP"]
    found = propose(header, [row], load_contracts()["encounters"])
    expected = {
        "encounter_id": ("Visit No", ""),
        "facility_id": ("Hosp", ""),
        "admitted_at": ("Adm Dt", ""),
        "discharged_at": ("Disch Dt", ""),
        "person_id": ("Pt Nbr", "the name is only similar"),
        "primary_diagnosis_code": ("Prim Dx Cd", "the name is only similar"),
        "direct_cost": ("Tot Direct Cost", "the name is only similar"),
        "encounter_type": ("Enc Typ", "the name is only similar"),
    }
    assert {name: (found.of(name).header, found.of(name).doubt) for name in expected} == expected
    assert found.unused == ()


@pytest.mark.parametrize(
    ("value", "form", "others"),
    [
        ("10/31/2026 8:05 PM", "%m/%d/%Y %I:%M %p", ()),
        ("10/11/2026 8:05 PM", "%m/%d/%Y %I:%M %p", ("%d/%m/%Y %I:%M %p",)),
        ("31-10-2026", "%d-%m-%Y", ()),
        ("10-11-2026 20:05", "%m-%d-%Y %H:%M", ("%d-%m-%Y %H:%M",)),
        ("10/31/96", "%m/%d/%y", ()),
        ("10/11/96", "%m/%d/%y", ("%d/%m/%y",)),
        ("10/11/12", "%m/%d/%y", ("%d/%m/%y", "%y/%m/%d")),
        ("26/10/31", "%d/%m/%y", ("%y/%m/%d",)),  # 1931 too is a year
        ("31-OCT-26", "%d-%b-%y", ()),
        ("31OCT2026:20:05:00", "%d%b%Y:%H:%M:%S", ()),
        ("31OCT2026", "%d%b%Y", ()),
        ("Oct 31 2026  8:05PM", "%b %d %Y %I:%M%p", ()),
        ("31.10.2026 20:05:00", "%d.%m.%Y %H:%M:%S", ()),
    ],
)
def test_every_form_that_the_same_digits_may_have_is_told(value: str, form: str, others: tuple[str, ...]) -> None:
    item = propose(["admit_date"], [[value]], load_contracts()["encounters"]).of("admitted_at")
    assert item.date_form == form
    assert item.doubt == (f"the form may also be {' or '.join(others)}" if others else "")


def test_a_birth_date_of_two_digits_is_in_doubt_and_one_of_four_is_not() -> None:
    def doubt(value: str) -> str:
        return propose(["birth_date"], [[value]], load_contracts()["encounters"]).of("birth_date").doubt

    assert doubt("10/31/25") == "two digits of a year do not tell 1925 from 2025"
    assert doubt("10/31/1925") == ""


def test_a_proposal_without_doubts_is_a_landing_yaml_that_works(tmp_path: Path) -> None:
    content = (
        "VisitNo,MRN,Facility,Patient Class,Admit Date,Discharge Date\n"
        "1,P1,MAIN,IP,10/31/2026 08:00,11/15/2026 09:00\n2,P2,MAIN,OBS,10/30/2026 08:00,\n"
    )
    (tmp_path / "ADT.csv").write_text(content)
    text = propose_mapping([tmp_path / "ADT.csv"])
    assert "UNSURE" not in text
    assert "MISSING" not in text
    files = {"ADT.csv": content, "landing.yaml": text + "plausible_until: 2026-12-31\n"}
    intake = take_in(tmp_path, files)
    assert staged_rows(intake, "encounter_id, encounter_type") == [("1", "acute inpatient"), ("2", "observation")]


def test_a_header_with_markup_stays_text(tmp_path: Path) -> None:
    (tmp_path / "encounters.csv").write_text('"mrn: {x}\u001b[31m # a","- b: [c"\n1,2\n')
    text = propose_mapping([tmp_path / "encounters.csv"])
    assert "\u001b" not in text
    (tmp_path / "landing.yaml").write_text(text)
    assert read_landing_options(tmp_path).tables.keys() == {"encounters"}
