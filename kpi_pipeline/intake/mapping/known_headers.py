"""By which names other systems know our columns: typed from their public layouts (Epic, Cerner, Meditech, UB-04, …).

An exact name is trusted where its values fit; a similar one is proposed with a mark. Names are compared in lower case
and without signs: `PAT_ENC_CSN_ID`, `Pat Enc CSN ID`.
"""

from __future__ import annotations

import re
from functools import cache

_KNOWN = {
    "encounter_id": (
        "encounter id, encounter, encntr id, encounter number, encounter no, visit id, visit number, "
        "visit no, visitno, pat enc csn id, csn, har, hadm id, account number, acct no, "
        "patient control number, clm id, claim id, provspnops, provider spell number, "
        "hospital provider spell no, key, stay id, admission id, episode id, fin, fin nbr"
    ),
    "person_id": (
        "person id, patient id, patientid, pat id, pat mrn id, mrn, medical record number, medrec no, "
        "patient nbr, patient number, subject id, desynpuf id, bene id, token person id, encrypted hesid, "
        "nhs number, visitlink, pid, empi, enterprise id, emrn, unit number, person key"
    ),
    "facility_id": (
        "facility id, facilityid, facility, facility code, hospital, hospital id, hospid, dshospid, "
        "loc facility cd, hosp, hosp id, adm loc id, hosp area id, prvdr num, provider number, ccn, procode3, procode, "
        "site code, site, organization, organisation, campus, npi, billing provider npi, sitetret"
    ),
    "encounter_type": (
        "encounter type, encntr type cd, encntr class cd, patient class, pat class, adt pat class c, class, "
        "class code, encounter class, encounterclass, patient type, pt class, pt status, classpat, "
        "claim type, visit type, admission type"
    ),
    "admitted_at": (
        "admitted at, admit date, admit dt, admit datetime, admit date time, admit time, admittime, "
        "adm date, admdate, admission date, admission datetime, hosp admsn time, inpatient admit dt tm, "
        "reg dt tm, admidate, clm admsn dt, start, start date, date, admit dttm, arrival date, adm dt, adm dttm"
    ),
    "discharged_at": (
        "discharged at, discharge date, discharge dt, discharge datetime, discharge date time, disch date, "
        "disch dt tm, dischtime, discharge time, hosp disch time, disdate, nch bene dschrg dt, stop, "
        "end date, date end, dischdate, disch dttm, disch dt"
    ),
    "discharge_disposition_code": (
        "discharge disposition code, discharge disposition, disch disp c, disch disposition cd, "
        "discharge disposition id, patient discharge status, discharge status, ptnt dschrg stus cd, "
        "dispuniform, disposition, disdest"
    ),
    "primary_diagnosis_code": (
        "primary diagnosis code, principal diagnosis code, principal diagnosis, primary dx, icd9 dgns cd 1, "
        "icd10 dgns cd 1, i10 dx1, dx1, diag 1, diag 01, principal dx"
    ),
    "drg_code": "drg code, drg, ms drg, msdrg, clm drg cd, final drg, drg nbr, apr drg",
    "service_line": "service line, medical specialty, med service cd, hospital service, tretspef, hosp serv c, service",
    "unit_id": "unit id, nursing unit, loc nurse unit cd, department id, discharge unit, ward, unit",
    "payer": "payer, payer name, payer code, primary payer, insurance, financial class, financial class cd, pay1",
    "admit_type_code": (
        "admit type code, admission type code, admission type id, atype, type of admission, admit type, "
        "hosp admsn type c"
    ),
    "admit_source_code": (
        "admit source code, admission source, admission source id, point of origin, admit source, admission source code"
    ),
    "attending_provider_id": (
        "attending provider id, attending, at physn npi, attending npi, attending physician, provider id, "
        "admit provider id, attending prov id"
    ),
    "birth_date": "birth date, birthdate, dob, date of birth, birth dt, birth dt tm",
    "sex": "sex, gender, sex c, sex cd",
    "language": "language, preferred language, primary language, language c, lang",
    "race": "race, race ethnicity, ethnicity race, patient race, race c, race cd",
    "ethnicity": "ethnicity, ethnic group, patient ethnicity, hispanic, ethnicity c, ethnicity cd, ethnic group c",
    "condition_codes": "condition codes, condition code, condition cd, cond cd, clm rlt cond cd, ub condition codes",
    "total_cost": "total cost, cost, total costs",
    "direct_cost": "direct cost, total direct cost",
    "variable_direct_cost": "variable direct cost, direct variable cost",
    "total_charges": "total charges, totchg, charges, total charge, tot acct charges, total claim cost, total chg",
    "allowed_amount": "allowed amount, allowed",
    "paid_amount": "paid amount, clm pmt amt, payments, total payments, amount paid",
    "code": (
        "code, diagnosis code, dx code, diag code, icd code, icd10 code, icd 10 code, icd10 cm, icd 10 cm, icd9 code, "
        "icd 9 code, icd diagnosis code, icd10, icd 10, dx, diagnosis"
    ),
    "sequence": "sequence, seq, seq num, sequence number, rank, dx rank, diagnosis rank, diagnosis sequence, line",
    "present_on_admission": "present on admission, poa, poa indicator, poa flag, poa yn",
    "procedure_code": (
        "procedure code, proc code, px code, icd10 pcs, icd 10 pcs, icd procedure code, icd10 procedure code, "
        "cpt code, procedure"
    ),
    "performed_on": "performed on, procedure date, proc date, px date, date of procedure, performed date",
    "facility_name": "facility name, hospital name, site name, name",
    "unit_name": "unit name, department name, ward name, name",
    "case_manager_id": "case manager id, case manager, cm id, case manager no, assigned to",
    "starts_on": "starts on, delay start, avoidable day date, from date, start date",
    "ends_on": "ends on, delay end, to date, end date",
    "reason_code": "reason code, delay reason, avoidable day reason, denial reason, denial reason code, reason",
    "responsible_party": "responsible party, responsible department, owner",
    "denial_id": "denial id, denial number, denial no",
    "denied_on": "denied on, denial date, date denied, denied date",
    "denied_amount": "denied amount, denial amount, amount denied",
    "appealed_on": "appealed on, appeal date, date appealed",
    "updated_at": "updated at, last updated, update date, last update dt tm, updt dt tm, modified at, update dttm",
}
KINDS_OF_ENCOUNTER = {
    "acute inpatient": "acute inpatient, inpatient, ip, i, imp, inp, hospital inpatient, in patient, acute",
    "observation": "observation, obs, ob, o obs, observation patient, obsv, ambulatory observation",
    "emergency department": "emergency department, emergency, ed, er, e, emer, a&e",
    "inpatient rehabilitation": "inpatient rehabilitation, rehab, rehabilitation, irf",
    "inpatient psychiatric": "inpatient psychiatric, psych, psychiatric, behavioral health, ipf",
    "skilled nursing": "skilled nursing, snf, skilled nursing facility, swing bed",
    "outpatient": "outpatient, op, o, amb, ambulatory, clinic, outpatient surgery, hov, recurring",
}

_COMMON = frozenset(
    {
        "date", "start", "start date", "stop", "end date", "date end", "arrival date", "key", "class", "admission type",
        "service", "unit", "site", "code", "line", "rank", "name", "procedure", "reason", "owner", "assigned to",
        "organization", "organisation", "npi", "disposition", "cost", "allowed", "dx", "diagnosis",
    }
)  # fmt: skip
"""Known names that other columns have as well: a day of print, the start of a course, the class of a ward."""

_SPELLED = {
    "acct": "account", "adm": "admit", "admission": "admit", "admsn": "admit", "admt": "admit", "amt": "amount",
    "cd": "code", "chg": "charges", "chgs": "charges", "dc": "discharge", "dept": "department", "diag": "diagnosis",
    "disch": "discharge", "dischg": "discharge", "dis": "discharge", "disp": "disposition", "dsch": "discharge",
    "dt": "date", "dttm": "date time", "datetime": "date time", "dx": "diagnosis", "enc": "encounter",
    "fac": "facility", "hosp": "hospital", "ins": "insurance", "nbr": "number", "no": "number", "num": "number",
    "pat": "patient", "prim": "primary", "proc": "procedure", "prov": "provider", "pt": "patient", "svc": "service",
    "tm": "time", "tot": "total", "typ": "type", "vis": "visit",
}  # fmt: skip
"""What a word of a header is short for. A name known only in this way is proposed with a mark."""


def plain_name(header: str) -> str:
    """A header as words: capitals within it, signs and digits apart."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.strip())
    return " ".join(re.sub(r"[^a-z0-9&]+", " ", spaced.lower()).split())


def joined(name: str) -> str:
    """The words of a name without blanks, for comparison."""
    return plain_name(name).replace(" ", "")


def spelled_out(name: str) -> str:
    """The words of a name in full, as far as it is known what they are short for."""
    return " ".join(_SPELLED.get(word, word) for word in plain_name(name).split())


def names_of(column: str) -> list[str]:
    """The known names of a column of ours, the likeliest first; its own where none is known."""
    return [name.strip() for name in _KNOWN.get(column, column.replace("_", " ")).split(",")]


@cache
def known_as(column: str) -> frozenset[str]:
    """Every name by which a column of ours is known, as `joined` writes it."""
    return frozenset(joined(name) for name in (column, *names_of(column)))


def may_mean_another(header: str) -> bool:
    """Whether a known name is so common that it may stand for something else."""
    return plain_name(header) in _COMMON


def kind_of_encounter(value: str) -> str | None:
    """Our word for another system's kind of encounter, where it is a usual one."""
    plain = plain_name(value)
    for ours, theirs in KINDS_OF_ENCOUNTER.items():
        if plain in {name.strip() for name in theirs.split(",")}:
            return ours
    return None
