"""The wheel is complete: installed alone, away from the checkout, it makes the demo's report."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command with nothing of the checkout in its environment, and returns what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel and, of this one, only the other packages."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    # A path in a .pth file is not searched for further .pth files, so the editable install stays out.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "other_packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def test_the_wheel_holds_sql_templates_fonts_and_reference_tables(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("sql", "report_templates"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert len(files) > 5
        missing = [path for path in files if f"kpi_pipeline/{path.relative_to(ROOT).as_posix()}" not in names]
        assert missing == []
    for path in (ROOT / "kpi_pipeline" / "reference" / "data").iterdir():
        assert f"kpi_pipeline/reference/data/{path.name}" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "docs/"))]


def test_the_installed_package_is_found_in_its_own_environment(installed: Path, tmp_path: Path) -> None:
    code = "import kpi_pipeline; from kpi_pipeline.core.resources import resource_folder; "
    code += "print(kpi_pipeline.__file__, resource_folder('sql'), resource_folder('report_templates'), sep='\\n')"
    for line in run(installed / "python", "-c", code, cwd=tmp_path).splitlines():
        assert line.startswith(str(installed.parent / "lib"))


def test_dagster_loads_the_installed_definitions(installed: Path, tmp_path: Path) -> None:
    code = "from kpi_pipeline.orchestration.definitions import defs; defs.get_repository_def(); print('loaded')"
    assert run(installed / "python", "-c", code, cwd=tmp_path) == "loaded\n"


@pytest.mark.slow
def test_the_installed_command_makes_the_demo_elsewhere(installed: Path, tmp_path: Path) -> None:
    printed = run(installed / "kpi", "demo", "--out", "made", cwd=tmp_path)
    (pdf,) = (tmp_path / "made").rglob("*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.name in printed
