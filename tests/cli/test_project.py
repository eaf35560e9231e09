"""The hospital's own folder: commands run with its settings, sources and measures; the package stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import kpi_pipeline
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import load_metrics
from tests.support.landings import land
from tests.support.projects import write_own_measure, write_words
from tests.support.terminal import Terminal, land_site, open_terminal

SOURCE = "title: Our ADT feed\ndefaults: {time_zone: America/Chicago}\n"
MAPPING = """/*---
file: adt*
columns: [visit, mrn, site, class, adm, dis]
---*/
SELECT
    source_line,
    visit AS encounter_id,
    mrn AS person_id,
    site AS facility_id,
    CASE class WHEN 'I' THEN 'acute inpatient' ELSE class END AS encounter_type,
    adm AS admitted_at,
    dis AS discharged_at,
    {rest}
FROM landed
"""


@pytest.fixture
def kpi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return open_terminal(tmp_path, monkeypatch, capsys)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "kpi.yaml").write_text("hospital_name: Our Hospital\nquarantine_limit_pct: 50\n", encoding="utf-8")
    return folder


def with_source(project: Path, name: str = "our_adt") -> Path:
    mapped = {"encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at"}
    rest = ",\n    ".join(f"NULL AS {name}" for name in load_contracts()["encounters"].columns if name not in mapped)
    folder = project / "sources" / name
    folder.mkdir(parents=True)
    (folder / "source.yaml").write_text(SOURCE, encoding="utf-8")
    (folder / "encounters.sql").write_text(MAPPING.format(rest=rest), encoding="utf-8")
    return folder


def files_of_package() -> dict[Path, int]:
    root = Path(kpi_pipeline.__file__).parent.parent
    folders = [root / "sql", root / "kpi_pipeline", root / "tests" / "metrics"]
    return {
        path: path.stat().st_mtime_ns
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_measure_of_ones_own_goes_from_skeleton_to_values_and_the_package_stays_as_it_is(
    kpi: Terminal, project: Path, tmp_path: Path
) -> None:
    before = files_of_package()
    written = kpi("new-metric", "long_stays", "--project", project)
    files = [project / "metrics/long_stays.sql", project / "metrics/long_stays.spec.yaml"]
    assert written.out.splitlines() == [f"Wrote {path}" for path in files]
    refused = kpi("check", "--project", project)
    assert refused.code == 4
    assert f"{files[0]}:9: follows: still holds the skeleton's words" in refused.err
    write_words(files[0])
    checked = kpi("check", "--project", project)
    assert checked.code == 0, checked.err
    assert checked.out.splitlines()[1:] == [
        f"Project {project}",
        "  sources: none",
        "  measures: long_stays",
        "  proofs: specs as promised 1",
    ]
    landing, warehouse = land_site(tmp_path), tmp_path / "kpi.duckdb"
    built = kpi("build", "--landing", landing, "--warehouse", warehouse, "--project", project)
    assert built.code == 0, built.err
    assert f"{len(load_metrics()) + 1} measures computed" in built.out
    values = kpi("values", "long_stays", "--warehouse", warehouse, "--project", project, "--format", "csv")
    assert values.code == 0
    assert "long_stays,1,all,2026-10,0.0,30.0," in values.out
    cases = kpi("cases", "long_stays", "--warehouse", warehouse, "--project", project, "--format", "csv")
    assert len(cases.out.splitlines()) == 32
    assert (
        kpi("values", "long_stays", "--warehouse", warehouse).code == 3
    )  # without the project there is no such measure
    assert files_of_package() == before
    assert "KPI_PROJECT" not in os.environ


def test_a_proof_that_is_broken_or_missing_stops_the_check(kpi: Terminal, project: Path) -> None:
    declaration = write_own_measure(project)
    proof = declaration.with_suffix(".spec.yaml")
    text = proof.read_text(encoding="utf-8")
    proof.write_text(text.replace("seven   | 0 ", "seven   | 1 "), encoding="utf-8")
    differs = kpi("check", "--project", project)
    assert differs.code == 6
    assert "case seven: numerator must be 1, got 0" in differs.err
    proof.write_text(text.replace("died    |           |             | died ", "died    | 0 | 1 |"), encoding="utf-8")
    unproved = kpi("check", "--project", project)
    assert unproved.code == 4
    assert "shows no case excluded as 'died'" in unproved.err
    proof.write_text(text.replace("    cases: |", "    casses: |"), encoding="utf-8")
    unknown = kpi("check", "--project", project)
    assert (unknown.code, len(unknown.err.splitlines())) == (4, 1)
    assert "spec 1: cases is missing." in unknown.err
    proof.unlink()
    missing = kpi("check", "--project", project)
    assert missing.code == 4
    assert "long_stays.sql: has no proof: long_stays.spec.yaml is not beside it." in missing.err


def test_a_name_that_is_shipped_is_refused_unless_it_says_that_it_replaces(kpi: Terminal, project: Path) -> None:
    assert "comes with the program" in kpi("new-metric", "discharges", "--project", project).err
    declaration = write_own_measure(project)
    taken = declaration.rename(declaration.with_name("weekend_discharges.sql"))
    declaration.with_suffix(".spec.yaml").rename(taken.with_suffix(".spec.yaml"))
    taken.with_suffix(".spec.yaml").write_text(
        taken.with_suffix(".spec.yaml").read_text("utf-8").replace("metric: long_stays", "metric: weekend_discharges"),
        encoding="utf-8",
    )
    refused = kpi("check", "--project", project)
    assert refused.code == 4
    assert refused.err == (
        f"Error: {taken}: the measure 'weekend_discharges' comes with the program, too. "
        "Give yours another name, or write replaces_shipped: true into it.\n"
    )
    text = taken.read_text(encoding="utf-8")
    taken.write_text(text.replace("version: 1\n", "version: 1\nreplaces_shipped: true\n"), encoding="utf-8")
    assert kpi("check", "--project", project).code == 0
    # An upgrade renamed the shipped one: what was replaced is no longer there, and that is said.
    taken.rename(taken.with_name("no_longer_shipped.sql"))
    taken.with_suffix(".spec.yaml").unlink()
    gone = kpi("check", "--project", project)
    assert "says replaces_shipped, but no measure 'no_longer_shipped' comes with the program." in gone.err


def test_a_source_of_ones_own_is_read_and_may_not_hide_a_shipped_one(
    kpi: Terminal, project: Path, tmp_path: Path
) -> None:
    folder = with_source(project)
    adt = "VISIT,MRN,SITE,CLASS,ADM,DIS\n" + "".join(
        f"V{n},M{n},S1,I,2026-10-{n:02} 08:00,2026-10-{n + 2:02} 09:00\n" for n in range(1, 21)
    )
    landing = land(tmp_path / "landing", {"ADT.csv": adt, "landing.yaml": "source: our_adt\n"})
    built = kpi("build", "--landing", landing, "--warehouse", tmp_path / "kpi.duckdb", "--project", project)
    assert built.code == 0, built.err
    assert "encounters: rows in 20 · used 20" in built.out
    without = kpi("build", "--landing", landing, "--warehouse", tmp_path / "kpi.duckdb")
    assert (without.code, "'our_adt' is not a known source" in without.err) == (3, True)
    folder.rename(folder.with_name("tuva"))
    hidden = kpi("check", "--project", project)
    assert hidden.code == 4
    assert "the source 'tuva' comes with the program, too." in hidden.err
    folder.with_name("tuva").rename(folder.with_name("canonical"))
    assert "it cannot be replaced" in kpi("check", "--project", project).err


def test_the_settings_name_the_project_or_lie_in_it(kpi: Terminal, project: Path, tmp_path: Path) -> None:
    write_own_measure(project)
    settings = tmp_path / "kpi.yaml"
    settings.write_text("project: ours\n", encoding="utf-8")
    two = kpi("check")
    assert two.code == 4
    assert f"project: names {project}, which has a kpi.yaml of its own." in two.err
    (project / "kpi.yaml").unlink()
    assert "measures: long_stays" in kpi("check").out
    other = tmp_path / "other"
    (other / "metrics").mkdir(parents=True)
    clash = kpi("check", "--project", other)
    assert clash.code == 4
    assert f"project: names {project}, but {other} is in force." in clash.err
    assert kpi("check", "--project", tmp_path / "nowhere").code in (2, 4)
    (tmp_path / "empty").mkdir()
    assert "is no project: it holds neither kpi.yaml nor sources/ nor metrics/." in (
        kpi("check", "--project", tmp_path / "empty").err
    )


def test_targets_beside_the_settings_of_a_project_are_read_without_being_named(kpi: Terminal, project: Path) -> None:
    (project / "targets.yaml").write_text("- metric: no_such_measure\n  value: 3\n", encoding="utf-8")
    refused = kpi("check", "--project", project)
    assert refused.code == 4
    assert "targets.yaml" in refused.err
