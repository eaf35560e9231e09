"""A full disk is called so wherever it fills up, and nothing good is replaced: on a real, tiny file system.

Skipped where a user may not mount one (no user namespaces).
"""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DeliveryError, WarehouseError
from kpi_pipeline.delivery import archive
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.warehouse.connection import open_warehouse, store_folder
from tests.support.terminal import land_site

KPI = f"{sys.executable} -m kpi_pipeline.cli.main"


def on_a_disk_of(size: str, folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command with a file system of that size mounted at the folder, and nowhere else on this machine."""
    folder.mkdir(exist_ok=True)
    script = f"mount -t tmpfs -o size={size} tmpfs {folder} && cd {folder.parent} && {command}"
    return subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    if on_a_disk_of("1m", folder / "probe", "true").returncode:
        pytest.skip("no file system can be mounted here")
    build_warehouse(land_site(folder), folder / "good.duckdb")
    return folder


@pytest.mark.parametrize("size", ["16k", "200k"])
def test_a_build_says_that_the_disk_is_full(size: str, site: Path) -> None:
    ran = on_a_disk_of(size, site / "small", f"{KPI} build --landing landing --warehouse small/kpi.duckdb; ls small")
    assert "the disk is full. Make room" in ran.stderr
    assert "small/kpi." in ran.stderr
    assert "unexpected" not in ran.stderr
    assert "kpi.duckdb.building" not in ran.stdout


def test_a_report_says_that_the_disk_is_full_and_leaves_no_half_of_itself(site: Path) -> None:
    ran = on_a_disk_of("100k", site / "small", f"{KPI} report 2026-10 --warehouse good.duckdb --out small; ls -A small")
    assert "small: the disk is full. Make room" in ran.stderr
    assert ran.stdout == ""


def test_a_check_says_that_the_disk_is_full(site: Path) -> None:
    ran = on_a_disk_of("100k", site / "small", f"TMPDIR={site}/small {KPI} check --landing landing")
    assert "the disk is full. Make room" in ran.stderr


def test_the_journal_says_that_the_disk_is_full(site: Path) -> None:
    people = "[{address: ceo@hospital.example, name: Dana}]"
    audience = f"{{name: executives, scope: all, profile: internal, people: {people}}}"
    (site / "audiences.yaml").write_text(f"allowed_domains: [hospital.example]\naudiences: [{audience}]\n")
    (site / "kpi.yaml").write_text("delivery: {audiences: audiences.yaml}\n")
    state = f"--settings kpi.yaml --state sqlite:///{site}/small/state.sqlite"
    ran = on_a_disk_of("90k", site / "small", f"{KPI} issue draft 2026-10 --by Ana --warehouse good.duckdb {state}")
    assert "the database of decisions cannot be written: the disk is full. Make room" in ran.stderr


def test_the_archive_says_that_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "write_folder", full)
    with pytest.raises(DeliveryError, match="cannot be written: the disk is full"):
        archive.write_issue(tmp_path, "all/2026-10/issue-1-executives", {}, about={})


def test_a_warehouse_that_was_cut_short_is_called_damaged(tmp_path: Path) -> None:
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(land_site(tmp_path), warehouse)
    values = next((store_folder(warehouse) / "values").rglob("*.parquet"))
    values.write_bytes(values.read_bytes()[:40])
    with pytest.raises(WarehouseError, match="are damaged"):
        read_values(warehouse)
    warehouse.write_bytes(warehouse.read_bytes()[: 1 << 15])
    with pytest.raises(WarehouseError), open_warehouse(warehouse) as connection:
        connection.execute("SELECT COUNT(*) FROM stays").fetchall()
