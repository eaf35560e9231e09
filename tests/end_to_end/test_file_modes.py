"""Whatever the umask, patients' data is its owner's alone; a killed run leaves nothing in a temporary folder."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_pipeline.core.files import own_temporary_folder, working_folder
from tests.support.landing import write_landing

ROOT = Path(__file__).parent.parent.parent

RUN = """
import os, sys
umask, folder = int(sys.argv[1], 8), sys.argv[2]
os.umask(umask)
from kpi_pipeline.cli.main import app

def kpi(*words):
    try:
        app([*words], prog_name="kpi", standalone_mode=False)
    except SystemExit as end:
        assert not end.code, words

house = ["--warehouse", f"{folder}/house/hospital.duckdb", "--settings", f"{folder}/kpi.yaml"]
kpi("build", "--landing", f"{folder}/landing", *house)
kpi("report", "2026-10", *house, "--out", f"{folder}/reports", *(["--form", "all"] if not umask else []))
kpi("cases", "discharges", *house[:2], "--out", f"{folder}/cases.csv")
kpi("quarantine", *house[:2], "--show-rows", "--out", f"{folder}/refused.csv")
kpi("check", "--landing", f"{folder}/landing")
if umask:  # drafting and publishing make no files of another kind
    sys.exit()
kpi("issue", "draft", "2026-10", *house, "--by", "Analyst")
kpi("issue", "approve", "2026-10", *house, "--by", "Director")
kpi("issue", "publish", "2026-10", *house, "--by", "Analyst")
kpi("backup", f"{folder}/backup.zip", *house)
kpi("restore", f"{folder}/backup.zip", "--warehouse", f"{folder}/again/hospital.duckdb", *house[2:])
assert os.umask(umask) == umask, "the umask is given back"
"""

AUDIENCES = """
allowed_domains: [hospital.example]
operators: [it@hospital.example]
audiences:
  - name: executives
    scope: all
    profile: internal
    people:
      - {address: ceo@hospital.example, name: Dana Ortiz}
"""
SETTINGS = """
delivery:
  audiences: audiences.yaml
  gate: {min_coded_pct: 0, min_costed_pct: 0}
"""


def site(folder: Path) -> Path:
    rows = [
        {
            "encounter_id": f"E{number}",
            "person_id": f"P{number}",
            "facility_id": "F1",
            "encounter_type": "acute inpatient",
            "admitted_at": f"2026-{1 + number % 10:02}-0{1 + number % 5}",
            "discharged_at": f"2026-{1 + number % 10:02}-0{4 + number % 5}" if number else "3 March",
        }
        for number in range(30)
    ]
    write_landing(folder / "landing", {"encounters": rows}, {"complete_through": "2026-10-31"})
    (folder / "kpi.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
    return folder


def test_a_whole_run_under_any_umask_leaves_private_files(tmp_path: Path) -> None:
    for umask in ("000", "077"):
        folder = site(tmp_path / umask)
        given = set(folder.rglob("*")) | {folder}
        temporary = tmp_path / f"tmp{umask}"
        temporary.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", RUN, umask, str(folder)],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        made = {path for path in folder.rglob("*") if not path.is_symlink()} - given
        names = {"hospital.duckdb", "cases.csv", "refused.csv", "kpi-report-2026-10.pdf"}
        names |= {"hospital.state.sqlite", "backup.zip", "manifest.json"} if umask == "000" else set()
        assert names <= {path.name for path in made}
        for path in sorted(made):
            mode = stat.S_IMODE(path.stat().st_mode)
            if folder / "reports" in (path, path.parent):
                assert mode == (0o750 if path.is_dir() else 0o640), path
            else:
                assert not mode & 0o077, f"{path} {mode:o}"
        for path in temporary.rglob("*"):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
            assert path == temporary / f"kpi-{os.getuid()}", f"{path} was left behind"


KILLED = """
import os, signal, sys
from pathlib import Path
os.umask(0)
from kpi_pipeline.core.files import own_temporary_folder, working_folder
from kpi_pipeline.pipeline.build import build_warehouse
landing, warehouse = Path(sys.argv[1]), Path(sys.argv[2])
steps = []
def progress(step):
    steps.append(step)
    if len(steps) == int(sys.argv[3]):
        with working_folder(own_temporary_folder()) as folder:
            (folder / "patients.csv").write_text("P1")
            os.kill(os.getpid(), signal.SIGKILL)
build_warehouse(landing, warehouse, progress=progress)
"""


def test_a_killed_run_leaves_nothing_open_and_the_next_removes_what_it_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, temporary = site(tmp_path / "site"), tmp_path / "tmp"
    temporary.mkdir()
    given = set(folder.rglob("*")) | {folder}
    warehouse = folder / "house" / "hospital.duckdb"
    for step in ("1", "9"):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder / "landing"), str(warehouse), step],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary)},
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        for path in [*(set(folder.rglob("*")) - given), *temporary.rglob("*")]:
            # A file of a text library, made within a private folder, is closed by the folder.
            inside = any(above.name.startswith(".working-") for above in path.parents)
            assert inside or not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert list(temporary.rglob("patients.csv"))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with working_folder(own_temporary_folder()) as mine, working_folder(own_temporary_folder()) as second:
        assert mine.is_dir(), "a run that lives keeps its folder"
        assert second.is_dir()
        assert not list(temporary.rglob("patients.csv"))
    assert list((temporary / f"kpi-{os.getuid()}").iterdir()) == []


def test_a_temporary_folder_that_is_a_link_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"kpi-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    from kpi_pipeline.core.errors import InputError

    with pytest.raises(InputError, match="belongs to somebody else"):
        own_temporary_folder()
