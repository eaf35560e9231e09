"""Landing folders that cannot be used, and every line the command line must say about each."""

from __future__ import annotations

import io
import zipfile

import openpyxl

from kpi_pipeline.intake.contract import source_names
from tests.support.landings import GOOD, HEADER, Files, encounters, line

SECRET = "Q7731"
"""Stands in every row as a patient's number: it may be in no message."""

OF_A_PATIENT = line("E2", person_id=SECRET)
GOOD_FILE = HEADER + GOOD + OF_A_PATIENT


def broken_workbook() -> bytes:
    """A workbook whose sheet is damaged in the middle: it opens, and breaks while it is read."""
    book = openpyxl.Workbook()
    for _ in range(3000):
        book.worksheets[0].append(OF_A_PATIENT.split(","))
    stream = io.BytesIO()
    book.save(stream)
    broken = io.BytesIO()
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(broken, "w") as copy:  # not packed: the damage is in the XML
        for name in whole.namelist():
            copy.writestr(name, whole.read(name))
    content = bytearray(broken.getvalue())
    middle = content.index(b"<row", content.index(b"sheet1.xml") + 20_000)
    content[middle : middle + 500] = b"\x5a" * 500
    return bytes(content)


EXPORT_AGAIN = "Export the file again."
CP1252 = (
    "is encoded as Windows-1252 (cp1252), not UTF-8. Save it as UTF-8, or write in landing.yaml: "
    "tables: {encounters: {encoding: cp1252}}."
)
UTF16 = (
    "is encoded as UTF-16, not UTF-8. Save it as UTF-8, or write in landing.yaml: "
    "tables: {encounters: {encoding: utf-16-le}}."
)
UNCLOSED = (
    "has a quotation mark that is not closed, or text after a closing one. "
    "Close it; inside a quoted field, write each quotation mark twice."
)
ADD_IT = "Add it, or rename your column."
SIX_COLUMNS = "encounter_id, person_id, facility_id, encounter_type, admitted_at, discharged_at"
KNOWN_OPTIONS = (
    "Known are time_zone, complete_through, plausible_until, disposition_required, procedures_required, icd9, source, "
    "feed, withdrawn, closed, tables."
)
MANY = "".join(line(f"E{number}", person_id=SECRET) for number in range(10, 1510))

BAD: dict[str, tuple[Files, list[str]]] = {
    "an empty file": (
        {"encounters.csv": ""},
        [f"encounters.csv: is empty: not even a header row. {EXPORT_AGAIN}"],
    ),
    "blanks only": (
        {"encounters.csv": " \n \n"},
        [f"encounters.csv: is empty: not even a header row. {EXPORT_AGAIN}"],
    ),
    "a required column is missing": (
        {"encounters.csv": GOOD_FILE.replace("person_id", "mrn")},
        [
            "encounters.csv:1: the required column person_id is missing; found encounter_id, mrn, facility_id, "
            f"encounter_type, admitted_at, discharged_at. {ADD_IT}"
        ],
    ),
    "two required columns are missing": (
        {"encounters.csv": GOOD_FILE.replace("person_id", "mrn").replace("facility_id", "hospital")},
        [
            "encounters.csv:1: the required columns person_id, facility_id are missing; found encounter_id, mrn, "
            "hospital, encounter_type, admitted_at, discharged_at. Add them, or rename your columns."
        ],
    ),
    "no header row: the first row is a patient's": (
        {"encounters.csv": OF_A_PATIENT + GOOD},
        [
            "encounters.csv:1: has none of the column names of encounters; is the header row missing? "
            f"Put the names first, at least {SIX_COLUMNS}."
        ],
    ),
    "no header row, and the same value twice": (
        {"encounters.csv": f"E1,{SECRET},F1,acute inpatient,2026-10-01,2026-10-01,{SECRET}\n"},
        [
            "encounters.csv:1: columns 2 and 7 have the same name; upper and lower case count as the same. "
            "Keep one of them, or rename the other.",
            "encounters.csv:1: columns 5 and 6 have the same name; upper and lower case count as the same. "
            "Keep one of them, or rename the other.",
        ],
    ),
    "a column twice, whatever its case": (
        {"encounters.csv": HEADER.replace("\n", ",Person_ID\n") + GOOD.replace("\n", f",{SECRET}\n")},
        [
            "encounters.csv:1: columns 2 and 7 have the same name; upper and lower case count as the same. "
            "Keep one of them, or rename the other."
        ],
    ),
    "a column without a name": (
        {"encounters.csv": HEADER.replace("\n", ",\n") + GOOD.replace("\n", f",{SECRET}\n")},
        ["encounters.csv:1: column 7 has no name. Give every column a name in the header row."],
    ),
    "a header with an open quotation mark": (
        {"encounters.csv": '"' + GOOD_FILE},
        [
            "encounters.csv:1: the header row has a quotation mark that is not closed, or text after a closing one. "
            "Close it, or export the file again."
        ],
    ),
    "a Parquet file that is none": (
        {"encounters.parquet": f"PAR1{SECRET}"},
        [f"encounters.parquet: is not a readable Parquet file (broken or cut short). {EXPORT_AGAIN}"],
    ),
    "a workbook that is none": (
        {"encounters.xlsx": f"PK\x03\x04{SECRET}"},
        [
            "encounters.xlsx: is not a readable Excel workbook (.xlsx). "
            "Save it again from Excel, without a password, or as CSV."
        ],
    ),
    "a workbook that breaks while it is read": (
        {"encounters.xlsx": broken_workbook()},
        [
            "encounters.xlsx: is not a readable Excel workbook (.xlsx). "
            "Save it again from Excel, without a password, or as CSV."
        ],
    ),
    "Windows-1252": (
        {"encounters.csv": (HEADER + GOOD + line("E2", person_id=f"{SECRET}ü")).encode("cp1252")},
        [f"encounters.csv:3: {CP1252}"],
    ),
    "Windows-1252 far down the file": (
        {"encounters.csv": (HEADER + MANY + line("E2", person_id=f"{SECRET}ü")).encode("cp1252")},
        [
            "encounters.csv:1502: has bytes that are not UTF-8; it looks like Windows-1252 (cp1252). Save it as UTF-8.",
        ],
    ),
    "UTF-16 without one": ({"encounters.csv": GOOD_FILE.encode("utf-16-le")}, [f"encounters.csv: {UTF16}"]),
    "too many fields": (
        encounters(GOOD, OF_A_PATIENT.replace("\n", ",extra\n"), line("E3")),
        ["encounters.csv:3: has more fields than the 6 of the header. Quote the fields that hold commas."],
    ),
    "too few fields": (
        encounters(GOOD, f"E2,{SECRET}\n", line("E3")),
        [f"encounters.csv:3: has fewer fields than the 6 of the header. {EXPORT_AGAIN}"],
    ),
    "too few fields on many lines, told with physical lines": (
        encounters(GOOD.replace("P1", '"P\n1"'), *[f"E2,{SECRET}\n"] * 7),
        [
            "encounters.csv:4: has fewer fields than the 6 of the header; the same on lines 5, 6, 7, 8, 9 and 1 more. "
            + EXPORT_AGAIN
        ],
    ),
    "too few and too many fields": (
        encounters(GOOD, f"E2,{SECRET}\n", OF_A_PATIENT.replace("\n", ",extra\n")),
        [
            f"encounters.csv:3: has fewer fields than the 6 of the header. {EXPORT_AGAIN}",
            "encounters.csv:4: has more fields than the 6 of the header. Quote the fields that hold commas.",
        ],
    ),
    "a fault on line 100 is not drawn as a picture": (
        encounters(*[line(f"E{number}") for number in range(98)], f"E2,{SECRET}\n"),
        [f"encounters.csv:100: has fewer fields than the 6 of the header. {EXPORT_AGAIN}"],
    ),
    "a quotation mark that is not closed": (
        encounters(GOOD, f'"E2,{SECRET},F1\n', line("E3")),
        [f"encounters.csv:3: {UNCLOSED}"],
    ),
    "a quotation mark that swallows a long file": (
        encounters(GOOD, f'"E2,{SECRET},F1\n', MANY, MANY, MANY),
        [
            "encounters.csv:3: has a quotation mark that is not closed: it would swallow the 4,500 lines after it. "
            "Close the quotation mark, or export the file again."
        ],
    ),
    "text after a closing quotation mark": (
        encounters(GOOD, line('"E2"x', person_id=SECRET), line("E3")),
        [f"encounters.csv:3: {UNCLOSED}"],
    ),
    "mixed line ends, LF first": (
        encounters(GOOD, OF_A_PATIENT.replace("\n", "\r\n"), line("E3")),
        ["encounters.csv:3: ends in CRLF, while the lines before it end in LF. Give every line the same end."],
    ),
    "mixed line ends, CRLF first": (
        {"encounters.csv": HEADER.replace("\n", "\r\n") + OF_A_PATIENT},
        ["encounters.csv:2: ends in LF, while the lines before it end in CRLF. Give every line the same end."],
    ),
    "mixed line ends, one carriage return": (
        encounters(GOOD, OF_A_PATIENT.replace("\n", "\r"), line("E3")),
        ["encounters.csv:3: ends in CR alone, while the lines before it end in LF. Give every line the same end."],
    ),
    "carriage returns only": (
        {"encounters.csv": GOOD_FILE.replace("\n", "\r")},
        ["encounters.csv:1: ends in a carriage return alone, as on old Macs. Save it with LF or CRLF line ends."],
    ),
    "header-only encounters": (
        {"encounters.csv": HEADER},
        [f"encounters.csv: has a header row but no encounters. {EXPORT_AGAIN}"],
    ),
    "landing.yaml is not YAML": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "time_zone: UTC\nicd9: [\n"},
        [
            "landing.yaml:3: is not YAML: expected the node content, but found '<stream end>'. "
            "Write one `name: value` on each line."
        ],
    ),
    "landing.yaml is a list": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "- time_zone\n"},
        ["landing.yaml: is no list of `name: value` lines. Write one on each line."],
    ),
    "landing.yaml in another encoding": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "source: ü".encode("cp1252")},
        ["landing.yaml:1: is not UTF-8 text. Save it as UTF-8."],
    ),
    "landing.yaml with several faults": (
        {
            "encounters.csv": GOOD_FILE,
            "landing.yaml": "timezone: UTC\ntime_zone: Amerika/NY\nplausible_until: soon\nicd9: perhaps\n",
        },
        [
            "landing.yaml: time_zone: 'Amerika/NY' is not a time zone. Write it like America/New_York.",
            "landing.yaml: plausible_until: the date must look like 2026-10-31; got 'soon'.",
            "landing.yaml: icd9 must be a valid boolean, unable to interpret input; got 'perhaps'.",
            f"landing.yaml: timezone is not a known field. {KNOWN_OPTIONS}",
        ],
    ),
    "a day that is in no calendar": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "complete_through: 2026-02-30\n"},
        ["landing.yaml: complete_through: the date must look like 2026-10-31; got '2026-02-30'."],
    ),
    "a facility's day that is no date": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "complete_through: {010: x}\n"},
        ["landing.yaml: complete_through: the date of facility 010 must look like 2026-10-31; got 'x'."],
    ),
    "landing.yml": (
        {"encounters.csv": GOOD_FILE, "landing.yml": "time_zone: UTC\n"},
        ["landing.yml: must be named landing.yaml to be read. Rename it."],
    ),
    "a source nobody knows": (
        {"encounters.csv": GOOD_FILE, "landing.yaml": "source: epic\n"},
        [f"landing.yaml: 'epic' is not a known source. Choose one of: {', '.join(source_names())}."],
    ),
    "a facility's time zone nobody knows": (
        {"encounters.csv": GOOD_FILE, "facilities.csv": "facility_id,time_zone\nF1,UTC\n\nF2,Mars/Base\n"},
        ["facilities.csv:4: 'Mars/Base' is not a time zone. Write it like America/New_York."],
    ),
    "another source's columns": (
        {
            "encounters.csv": "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,TOTAL_CLAIM_COST,"
            f"PAYER_COVERAGE\n1,2,3,{SECRET},5,6,7,8,9,10\n"
        },
        [
            f"encounters.csv:1: the required columns {SIX_COLUMNS} are missing; found Id, START, STOP, PATIENT, "
            "ORGANIZATION, PROVIDER, PAYER, ENCOUNTERCLASS, TOTAL_CLAIM_COST, PAYER_COVERAGE. "
            "Add them, or rename your columns. Or it is another source: try --source synthea."
        ],
    ),
    "faults in several files, in header and rows, all at once": (
        {
            "encounters.csv": HEADER + GOOD + f"E2,{SECRET}\n",
            "encounters_late.csv": "",
            "diagnoses.csv": f"visit;icd\n{SECRET};I10\n",
            "procedures.csv": f"encounter_id\n{SECRET}\n",
        },
        [
            "diagnoses.csv:1: is separated by semicolons, not commas. "
            "Give the columns our names, or declare `delimiter` in landing.yaml.",
            f"encounters_late.csv: is empty: not even a header row. {EXPORT_AGAIN}",
            f"procedures.csv:1: the required column procedure_code is missing; found encounter_id. {ADD_IT}",
            f"encounters.csv:3: has fewer fields than the 6 of the header. {EXPORT_AGAIN}",
        ],
    ),
}
