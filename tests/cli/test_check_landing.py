"""`kpi check --landing` says what `kpi build` will say, and what each column holds; never a patient's data."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.core.errors import CheckError, DefinitionError, InputError
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.intake import ingest as intake_room
from kpi_pipeline.intake.contract import Mapping, Source, load_contracts, load_source
from kpi_pipeline.intake.mapping.mapping_check import broken_mapping, mapping_faults
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.checking.check_landing import TriedLanding, try_landing
from tests.support.bad_folders import BAD
from tests.support.landings import GOOD, HEADER, Files, encounters, land, line, take_in
from tests.support.said import said

PEOPLE = range(20)
WIDE = HEADER.replace("\n", ",discharge_disposition_code,drg_code,payer\n")


def wide(number: int, disposition: str, drg: str, payer: str) -> str:
    row = line(f"{number:06}", person_id=f"P{number}", discharged_at="2026-10-05")
    return row.replace("\n", f",{disposition},{drg},{payer}\n")


FOLDERS: dict[str, Files] = {
    "much to say": {
        "encounters.csv": WIDE
        + "".join(wide(n, "1", "039", "A").replace("acute inpatient", "IP") for n in range(15))
        + "".join(wide(n, "1", "039", "A").replace(f"P{n},", "UNKNOWN,") for n in range(20, 40))
        + ",,,,,,,,\n",
        "denials.csv": "denial_id,encounter_id\nD1,E1\nD2,0E1\n",
        "landing.yaml": "complete_through: {F1: 2027-10-31, F9: 2026-10-31}\n",
    },
    "none usable": encounters(line("E1", person_id="")),
    **{f"bad: {name}": files for name, (files, _) in list(BAD.items())[:3]},
}
TOO_MANY = {
    **encounters(GOOD, *(line(f"E{n}", admitted_at="10/01/2026") for n in range(120))),
    "denials.csv": "denial_id,encounter_id\nD1,E9\n",
}


def tried(folder: Path, files: Files) -> TriedLanding:
    landing = folder / "landing"
    return try_landing(
        landing if landing.is_dir() else land(landing, files), folder / "scratch", source=None, settings=Settings()
    )


@pytest.mark.parametrize("name", FOLDERS)
def test_a_check_warns_and_refuses_as_the_build_does(name: str, tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", FOLDERS[name])
    ended: list[object] = []
    for run in (
        lambda: build_warehouse(landing, tmp_path / "kpi.duckdb").facts.warnings,
        lambda: tried(tmp_path, FOLDERS[name]),
    ):
        try:
            ended.append(run())
        except (CheckError, InputError) as error:
            ended.append((error.exit_code, str(error)))
    built, found = ended
    if isinstance(found, TriedLanding):
        found = (CheckError.exit_code, str(CheckError(found.refusals))) if found.refusals else found.warnings
    assert found == built


def test_a_check_that_would_be_refused_still_shows_the_columns_and_warnings(tmp_path: Path) -> None:
    found = tried(tmp_path, TOO_MANY)
    with pytest.raises(CheckError) as caught:
        build_warehouse(tmp_path / "landing", tmp_path / "kpi.duckdb")
    assert found.refusals == caught.value.faults
    assert "more than the limit of 5%" in str(found.refusals[0])
    assert any("belong to no encounter" in one for one in said(found.warnings))
    assert "encounters" in found.columns


def test_columns_are_profiled_and_the_measures_that_suffer_are_named(tmp_path: Path) -> None:
    rows = [wide(n, "1" if n < 12 else "01", "39" if n < 12 else "470", "Medicare") for n in PEOPLE]
    rows.append(wide(99, "", "", "Jane Q. Public"))
    denials = "denial_id,encounter_id,denied_amount\n" + "".join(f"D{n},{n},0\n" for n in PEOPLE)
    found = tried(tmp_path, {"encounters.csv": WIDE + "".join(rows), "denials.csv": denials})
    lines = {f"{one.table}.{one.column}": one for columns in found.columns.values() for one in columns}
    disposition = lines["encounters.discharge_disposition_code"]
    assert disposition.facts == ("4.8% empty", "'1' in 12", "1 other value")
    assert disposition.troubles == (
        "12 have fewer than 2 digits: lost leading zeros",
        "12 are not a UB-04 code ('1' in 12)",
    )
    assert {"discharged_home", "readmission_30d"} <= set(disposition.measures)
    drg = lines["encounters.drg_code"]
    assert "12 have fewer than 3 digits: lost leading zeros" in drg.troubles
    assert "case_mix_index" in drg.measures
    assert lines["encounters.admitted_at"].facts == ("never empty", "from 2026-10-01 to 2026-10-01")
    owner = lines["denials.encounter_id"]
    assert owner.troubles == ("20 match no row of encounters, of which 20 would with leading zeros",)
    assert "denials_per_100_discharges" in owner.measures
    assert lines["denials.denied_amount"].facts == ("never empty", "20 are 0")
    shown = "\n".join(one.line for one in lines.values())
    assert "Public" not in shown
    assert "000007" not in shown
    assert "P7" not in shown
    assert any("initial_assessment_within_24h" in one for one in found.measures), found.measures


def test_the_arrival_times_of_the_warehouse_count(tmp_path: Path) -> None:
    landing = land(tmp_path / "landing", encounters(GOOD))
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(landing, warehouse)
    register = (tmp_path / "kpi.store" / "landing_register.jsonl").read_text()
    try_landing(landing, tmp_path / "scratch", source=None, settings=Settings(), warehouse=warehouse)
    assert (tmp_path / "scratch" / "trial.store" / "landing_register.jsonl").read_text() == register


# ---- mappings ----


def synpuf(sql: str) -> Source:
    source = load_source("synpuf")
    broken = source.mappings["encounters"].model_copy(update={"sql": sql})
    return source.model_copy(update={"mappings": {"encounters": broken}})


def test_every_shipped_mapping_is_bound() -> None:
    assert mapping_faults(load_source("tuva")) == []


def test_a_mapping_that_names_what_is_not_there_is_a_fault_of_its_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good = load_source("synpuf").mappings["encounters"].sql
    broken = synpuf(good.replace("desynpuf_id AS", "bene_id AS"))
    (fault,) = mapping_faults(broken)
    file, line, column = fault.where.split(":")
    assert file == "sql/staged/synpuf/encounters.sql"
    text = (resource_folder("sql") / "staged" / "synpuf" / "encounters.sql").read_text("utf-8").split("\n")
    assert text[int(line) - 1][int(column) - 1 :].startswith("desynpuf_id AS")
    assert "bene_id" in fault.what
    monkeypatch.setattr(intake_room, "load_source", lambda _: broken)
    header = ",".join(broken.mappings["encounters"].columns)
    row = ",".join("1" for _ in broken.mappings["encounters"].columns)
    with pytest.raises(DefinitionError, match="bene_id"):
        take_in(tmp_path, {"DE1_0_Inpatient_claims.csv": f"{header}\n{row}\n"}, source="synpuf")


def in_lines(*lines: str) -> Mapping:
    """A mapping of procedures whose SELECT begins on the third line of its file."""
    whole = {"source": "synpuf", "table": "procedures", "file": "claims*", "columns": ("id", "code")}
    return Mapping(**whole, sql="\n".join(lines), where="sources/x/procedures.sql", first_line=3)


@pytest.mark.parametrize(
    ("sql", "where", "what"),
    [
        (("SELECT source_line, id AS encounter_id,", "  code AS procedure_cod,", "  NULL AS sequence FROM landed"),
         "3:8", "gives no column procedure_code. It gives procedure_cod, which procedures does not have."),
        (("SELECT source_line, id AS encounter_id,", "  1 + 1 AS procedure_code, NULL AS sequence,",
          "  NULL AS performed_on FROM landed"),
         "4:12", "gives procedure_code as INTEGER; every column must be text."),
        (("SELECT source_line, id AS encounter_id,", "  " + " " * 90 + "kode AS procedure_code FROM landed"),
         "4:93", 'the mapping cannot be run: Referenced column "kode" not found'),
        (("SELECT source_line, id AS encounter_id, UPER(code) AS procedure_code FROM landed",),
         "3:41", "Scalar Function with name uper does not exist!"),
    ],
)  # fmt: skip
def test_a_fault_of_a_mapping_names_line_column_and_cure(sql: tuple[str, ...], where: str, what: str) -> None:
    source = load_source("synpuf").model_copy(update={"mappings": {"procedures": in_lines(*sql)}})
    fault = mapping_faults(source)[0]
    assert fault.where == f"sources/x/procedures.sql:{where}"
    assert what in fault.what
    assert fault.cure


def test_a_value_that_a_mapping_cannot_convert_is_not_shown() -> None:
    columns = [f"NULL AS {name}" for name in load_contracts()["procedures"].columns if name != "encounter_id"]
    mapping = in_lines(
        "SELECT source_line,", f"  CAST(CAST(id AS DATE) AS TEXT) AS encounter_id, {', '.join(columns)} FROM landed"
    )
    statement = f"SELECT * FROM ({mapping.sql})"
    with duckdb.connect() as connection:
        connection.execute("CREATE VIEW landed AS SELECT 'Jane Public' AS id, 1 AS source_line")
        with pytest.raises(duckdb.ConversionException) as caught:
            connection.execute(statement).fetchall()
        (fault,) = broken_mapping(connection, mapping, statement, caught.value, file="claims.csv")
    assert "claims.csv" in str(fault)
    assert "Jane" not in str(fault)
    assert fault.where == "sources/x/procedures.sql:4:8"
