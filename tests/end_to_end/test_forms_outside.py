"""Every form of a report as the programs of others see it: veraPDF, axe-core in Chromium, LibreOffice.

What they need is installed by `make verapdf` and `make axe`; a test whose program is not there is skipped and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.vocabulary import Privacy
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.report import write_report
from kpi_pipeline.report.forms.html import render_page
from kpi_pipeline.report.forms.pdf import Attachment, render_brief, render_pdf
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.support.hostile_report import poisoned
from tests.support.sample_further import build_further_sections
from tests.support.sample_report import build_sample_report

REPOSITORY = Path(__file__).resolve().parents[2]
VERAPDF = REPOSITORY / ".venv-verapdf" / "bin" / "python"
AXE = REPOSITORY / ".axe" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")
PROFILES: tuple[Privacy, ...] = ("internal", "board", "external")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HOSTILE = """"'></title><script>document.title='x'</script><img src=https://example.org/x onerror=alert(1)>"""


def _missing(what: str, cure: str) -> None:
    """Skips and says why; in CI what was not installed is a failure."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed: {cure}")


def failed_rules(files: list[Path]) -> dict[tuple[str, str], dict[str, int]]:
    """What veraPDF says: file and flavour → the rules that fail."""
    if not VERAPDF.is_file():
        _missing("veraPDF", "make verapdf")
    done = subprocess.run(
        [VERAPDF, "-W", "ignore", "tools/verapdf_check.py", *files],
        capture_output=True, text=True, timeout=900, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 2 * len(files), done.stderr[-2000:]
    return {(one["file"], one["flavour"]): one["failures"] for one in told if one["failures"]}


def test_the_report_and_the_brief_are_pdf_a_3a_and_pdf_ua_1(tmp_path: Path) -> None:
    report = build_sample_report().model_copy(update={"further_sections": build_further_sections()})
    attached = (Attachment("figures.csv", b"metric,value\r\n", "The figures"),)
    (tmp_path / "report.pdf").write_bytes(render_pdf(report, attachments=attached))
    (tmp_path / "brief.pdf").write_bytes(render_brief(report))
    assert failed_rules([tmp_path / "report.pdf", tmp_path / "brief.pdf"]) == {}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """October of a small hospital in every form, for every profile, of all hospitals and of one."""
    folder = tmp_path_factory.mktemp("forms")
    generate_hospital(folder / "landing", scale=0.1)
    warehouse = folder / "hospital.duckdb"
    built = build_warehouse(folder / "landing", warehouse)
    for facility in (None, built.facts.watermarks[0].facility_id):
        for privacy in PROFILES:
            write_report(
                warehouse, Month(2026, 10), folder / "reports", facility=facility, privacy=privacy,
                settings=Settings(), forms=("html", "xlsx", "brief"),
            )  # fmt: skip
    yield folder / "reports"
    shutil.rmtree(folder)


@pytest.mark.long
def test_every_pdf_for_every_audience_keeps_every_rule(written: Path) -> None:
    files = sorted(written.glob("*.pdf"))
    assert len(files) == 12
    assert failed_rules(files) == {}


@pytest.mark.long
def test_axe_finds_no_violation_and_the_page_reaches_for_nothing(written: Path, tmp_path: Path) -> None:
    hostile = poisoned(build_sample_report(), HOSTILE)
    (tmp_path / "hostile.html").write_bytes(render_page(hostile))
    inside = written / "kpi-report-2026-10.html"
    outside = next(one for one in sorted(written.glob("*-external.html")) if "-all-" not in one.name)
    for page in (inside, outside, tmp_path / "hostile.html"):
        for width in (360, 1280):
            seen = look_at(page, width=width)
            assert (page.name, width, seen["violations"]) == (page.name, width, [])
            assert seen["requests"] == []
            assert seen["title"] != "x"
            assert seen["width"] <= width


def look_at(page: Path, *, width: int) -> dict[str, Any]:
    """What Chromium and axe-core say of a page at a width: violations, requests, title, and how broad it became."""
    if CHROMIUM is None or not AXE.is_file():
        _missing("Chromium or axe-core", "make axe")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            opened = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True).new_page()
            requests: list[str] = []
            opened.on("request", lambda one: requests.append(one.url))
            opened.goto(page.as_uri())
            requests = [one for one in requests if not one.startswith(("file:", "data:"))]
            opened.add_script_tag(path=AXE)
            found = opened.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
            return {
                "violations": [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]],
                "requests": requests,
                "title": opened.title(),
                "width": opened.evaluate("document.documentElement.scrollWidth"),
            }
        finally:
            browser.close()


@pytest.mark.long
def test_libreoffice_opens_every_workbook_and_sees_the_same_numbers(written: Path, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-calc")
    for file in sorted(written.glob("*.xlsx")):
        given = openpyxl.load_workbook(file)
        subprocess.run(
            [office, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "xlsx",
             "--outdir", tmp_path / "out", file],
            capture_output=True, timeout=240, check=True,
        )  # fmt: skip
        opened = openpyxl.load_workbook(tmp_path / "out" / file.name)
        assert opened.sheetnames == given.sheetnames
        for sheet in given.worksheets:
            same = opened[sheet.title]
            # Without a window LibreOffice writes no panes, whoever froze them: ours are read from the file itself.
            assert sheet.freeze_panes == (None if sheet.title == "About" else "B2")
            for row, other in zip(sheet.iter_rows(), same.iter_rows(), strict=True):
                for cell, seen in zip(row, other, strict=True):
                    assert seen.data_type != "f"
                    if isinstance(cell.value, int | float):
                        assert seen.value == pytest.approx(cell.value, rel=1e-12)
                    else:
                        assert seen.value == cell.value
