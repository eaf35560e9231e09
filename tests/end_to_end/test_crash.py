"""Real processes: builds that are killed, two builds at once, readers meanwhile: the last good warehouse stands."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import WarehouseError
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse, read_snapshot_id
from tests.support.landing import write_landing

ROOT = Path(__file__).parent.parent.parent

KILLED_BUILDS = """
import hashlib, os, signal, sys
from pathlib import Path
from kpi_pipeline.pipeline import build as pipeline
from kpi_pipeline.warehouse import connection

landing, warehouse, *stops = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def build(stop):
    steps = []
    def progress(step):
        steps.append(step)
        if str(len(steps)) == stop:
            die()
    swap = os.replace
    def replace(source, target):
        if str(target) == warehouse and stop == "before the swap":
            die()
        swap(source, target)
        if str(target) == warehouse and stop == "after the swap":
            die()
    os.replace = replace
    pipeline.build_warehouse(Path(landing), Path(warehouse), progress=progress)

for stop in stops:
    child = os.fork()  # before any database is open: each child has the modules loaded, and nothing else
    if child == 0:
        build(stop)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    print(stop, "killed" if killed else "ended", hashlib.sha256(Path(warehouse).read_bytes()).hexdigest(), sep="|")
"""


@dataclass(frozen=True)
class Site:
    """A landing folder and its warehouse, good as of the first build."""

    landing: Path
    warehouse: Path
    first: str
    steps: tuple[str, ...]

    def send_more(self) -> None:
        """One more stay arrives, so that the next build makes another snapshot."""
        (self.landing / "encounters_late.csv").write_text(
            "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at\n"
            "E4,P4,F1,acute inpatient,2026-10-02,2026-10-06\n",
            encoding="utf-8",
        )

    def read_stays(self) -> tuple[str, int]:
        """Snapshot and number of stays as a reader of the warehouse sees them."""
        with open_warehouse(self.warehouse) as connection:
            ((stays,),) = connection.execute("SELECT COUNT(*) FROM stays").fetchall()
            return read_snapshot_id(connection), stays

    def read_discharges(self) -> tuple[str, int]:
        """Snapshot and the system's discharges as a reader of values sees them."""
        read = read_values(self.warehouse, ["discharges"])
        return read.snapshot_id, int(read.values.loc[read.values["facility_id"] == "all", "value"].sum())

    def read(self) -> tuple[str, int]:
        """Snapshot and number of stays; the values must agree."""
        assert self.read_stays() == self.read_discharges()
        return self.read_stays()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Site:
    rows = [
        {
            "encounter_id": f"E{number}",
            "person_id": f"P{number}",
            "facility_id": "F1",
            "encounter_type": "acute inpatient",
            "admitted_at": f"2026-10-0{number}",
            "discharged_at": f"2026-10-0{number + 4}",
        }
        for number in (1, 2, 3)
    ]
    folder = tmp_path_factory.mktemp("good")
    landing = write_landing(folder / "landing", {"encounters": rows}, {"complete_through": "2026-10-31"})
    steps: list[str] = []
    built = build_warehouse(landing, folder / "kpi.duckdb", progress=steps.append)
    return Site(landing, folder / "kpi.duckdb", built.snapshot_id, tuple(steps))


@pytest.fixture
def site(good: Site, tmp_path: Path) -> Site:
    """A copy of the good site for a test to break."""
    folder = shutil.copytree(good.warehouse.parent, tmp_path / "site")
    return replace(good, landing=folder / "landing", warehouse=folder / "kpi.duckdb")


def run_kpi(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kpi_pipeline.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
    )


def start_build(site: Site) -> subprocess.Popen[str]:
    command = ["build", "--landing", str(site.landing), "--warehouse", str(site.warehouse)]
    return subprocess.Popen(
        [sys.executable, "-m", "kpi_pipeline.cli.main", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )


def test_a_build_killed_at_any_step_leaves_the_last_good_warehouse(site: Site) -> None:
    site.send_more()
    whole = site.read()
    assert whole == (site.first, 3)
    names = ("reference tables", "current rows of encounters", "stays", "length_of_stay_days")
    chosen = {1, *(site.steps.index(name) + 1 for name in names), len(site.steps)}
    stops = [str(number) for number in sorted(chosen)]
    ran = subprocess.run(
        [sys.executable, "-c", KILLED_BUILDS, str(site.landing), str(site.warehouse), *stops, "before the swap"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=300,
    )
    lines = [line.split("|") for line in ran.stdout.splitlines()]
    assert [line[0] for line in lines] == [*stops, "before the swap"]
    assert {line[1] for line in lines} == {"killed"}
    assert len({line[2] for line in lines}) == 1  # not one byte of the good file has changed
    assert site.read() == whole
    built = build_warehouse(site.landing, site.warehouse)
    assert site.read() == (built.snapshot_id, 4)
    assert not list(site.warehouse.parent.glob("*.building*"))


def test_a_build_killed_right_after_the_swap_has_swapped_in_a_whole_warehouse(site: Site) -> None:
    site.send_more()
    subprocess.run(
        [sys.executable, "-c", KILLED_BUILDS, str(site.landing), str(site.warehouse), "after the swap"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    snapshot_id, stays = site.read()
    assert stays == 4
    assert snapshot_id == build_warehouse(site.landing, site.warehouse).snapshot_id != site.first


def test_a_build_killed_at_random_moments_leaves_a_whole_warehouse(site: Site) -> None:
    site.send_more()
    moments = random.Random(20261101)
    for _ in range(3):
        with start_build(site) as process:
            time.sleep(moments.uniform(0.3, 2.5))
            process.kill()
        snapshot_id, stays = site.read()
        assert stays == (3 if snapshot_id == site.first else 4)
    build_warehouse(site.landing, site.warehouse)
    assert site.read()[1] == 4


def test_readers_are_never_stopped_and_never_see_half_a_build(site: Site) -> None:
    site.send_more()
    seen = [site.read_stays(), site.read_discharges()]
    with start_build(site) as process:
        while process.poll() is None:
            seen += [site.read_stays(), site.read_discharges()]
    assert process.returncode == 0
    assert len(seen) > 10
    assert set(seen) <= {(site.first, 3), site.read()}
    assert site.read()[1] == 4


def fail_at(step: int) -> Callable[[str], None]:
    """A progress that stops the build at its n-th step, as a full disk would."""
    steps: list[str] = []

    def progress(name: str) -> None:
        steps.append(name)
        if len(steps) == step:
            raise OSError(28, "No space left on device", "kpi.duckdb.building")

    return progress


@pytest.mark.parametrize("step", ["current rows of encounters", "stays", "readmission_30d"])
def test_a_build_that_fails_at_a_step_leaves_the_last_good_warehouse(step: str, site: Site) -> None:
    site.send_more()
    before = site.warehouse.read_bytes()
    with pytest.raises(WarehouseError, match="the disk is full"):
        build_warehouse(site.landing, site.warehouse, progress=fail_at(site.steps.index(step) + 2))
    assert site.warehouse.read_bytes() == before
    assert site.read() == (site.first, 3)
    assert not list(site.warehouse.parent.glob("*.building*"))


def test_a_swap_that_fails_leaves_the_last_good_warehouse(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.send_more()

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(target))

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", refuse_only(site.warehouse, refuse))
        with pytest.raises(PermissionError):
            build_warehouse(site.landing, site.warehouse)
    assert site.read() == (site.first, 3)
    build_warehouse(site.landing, site.warehouse)
    assert site.read()[1] == 4


def refuse_only(target: Path, refuse: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    """`os.replace` for every file but one: staged files and values use it too."""
    replace = os.replace

    def replace_or_refuse(source: Path, destination: Path) -> None:
        (refuse if destination == target else replace)(source, destination)

    return replace_or_refuse


def test_a_second_build_ends_with_exit_code_5_while_the_first_is_running(site: Site) -> None:
    holding = f"""
import sys
from pathlib import Path
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.warehouse.connection import build_and_swap
with build_and_swap(Path({str(site.warehouse)!r}), settings=Settings()) as connection:
    print("building", flush=True)
    sys.stdin.read()
    raise SystemExit
"""
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        assert first.stdout.readline() == "building\n"
        second = run_kpi("build", "--landing", site.landing, "--warehouse", site.warehouse)
        first.stdin.close()
    assert second.returncode == 5
    assert second.stdout == ""
    assert second.stderr == (
        f"Error: {site.warehouse}: another build is writing this warehouse. Wait until it has ended, then try again.\n"
    )
    assert site.read() == (site.first, 3)


def test_bad_input_ends_the_real_command_with_exit_code_3_and_no_traceback(site: Site) -> None:
    before = site.warehouse.read_bytes()
    with (site.landing / "encounters.csv").open("a", encoding="utf-8") as stream:
        stream.write("E5,Q7731\n")
    ran = run_kpi("build", "--landing", site.landing, "--warehouse", site.warehouse)
    assert (ran.returncode, ran.stdout) == (3, "")
    assert ran.stderr == (
        "Error: encounters.csv:5: has fewer fields than the 6 of the header. Export the file again.\n"
    )
    assert site.warehouse.read_bytes() == before


def test_the_real_command_builds_and_lists(site: Site) -> None:
    site.send_more()
    built = run_kpi("build", "--landing", site.landing, "--warehouse", site.warehouse)
    assert (built.returncode, built.stderr) == (0, "")
    lines = built.stdout.splitlines()
    assert lines[0] == "encounters: rows in 4 · used 4 · quarantined 0 · duplicate 0 · superseded 0"
    assert lines[-1].endswith(f" is in {site.warehouse}")
    listed = run_kpi("cases", "discharges", "--warehouse", site.warehouse, "--month", "2026-10", "--format", "csv")
    assert listed.returncode == 0
    assert [line.split(",")[0] for line in listed.stdout.splitlines()] == ["case_id", "E1", "E2", "E4", "E3"]
