"""Dagster's page as a person uses it: Chromium clicks, a real web server and daemon answer. `make browser` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.delivery.register import list_issues
from kpi_pipeline.pipeline.issuing.issue_desk import open_desk
from kpi_pipeline.synthetic.hospital import generate_hospital
from tests.orchestration.conftest import hospital_in
from tests.support.dagster_services import running_dagster, wait_until
from tests.support.state_server import running_server

pytestmark = pytest.mark.skipif(not os.environ.get("KPI_BROWSER"), reason="make browser runs it")

CHROMIUM = "/usr/bin/chromium"
PICTURES = Path(os.environ.get("KPI_BROWSER") or ".")
"""Where the screenshots go."""
BACKFILLS = (("2025-11", 12), ("2023-11", 36))
LAST = "2026-10"
MINUTES = 60_000
PATIENCE = 45 * MINUTES


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


@dataclass(frozen=True)
class Desk:
    """A running Dagster. database: where it keeps its records, and we our state."""

    address: str
    database: str
    folder: Path
    variables: dict[str, str]

    def command(self, *words: str) -> None:
        """A command as a person gives it beside the running services."""
        where = ["--warehouse", self.variables["KPI_WAREHOUSE"]]
        command = [str(Path(sys.executable).parent / "kpi"), *words, *where]
        done = subprocess.run(command, env=os.environ | self.variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """Dagster on a small hospital of three years that nothing has been built of."""
    with ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path)) if request.param == "postgresql" else None
        state = f"state_url: {server.create_database('state')}\n" if server else ""
        gate = "{min_coded_pct: 0, min_costed_pct: 0}"
        (tmp_path / "audiences.yaml").write_text(AUDIENCES, encoding="utf-8")
        settings = f"{state}delivery:\n  audiences: audiences.yaml\n  gate: {gate}\n"
        (tmp_path / "kpi.yaml").write_text(settings, encoding="utf-8")
        generate_hospital(tmp_path / "landing", scale=0.02)
        hospital = hospital_in(tmp_path)
        variables = {
            "KPI_LANDING": hospital.landing, "KPI_WAREHOUSE": hospital.warehouse, "KPI_REPORTS": hospital.reports,
            "KPI_FIRST_MONTH": BACKFILLS[-1][0], "KPI_SETTINGS": str(tmp_path / "kpi.yaml"),
        }  # fmt: skip
        address = stack.enter_context(running_dagster(tmp_path, variables, postgresql=server))
        yield Desk(address, request.param, tmp_path, variables)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1600, "height": 800})
        opened.set_default_timeout(5 * MINUTES)
        yield opened
        browser.close()


def test_a_year_and_three_years_of_reports_are_launched_by_clicking_and_an_approval_publishes(
    page: Page, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [f"{desk.database}:"]
    see_the_graph(page, desk)
    told.append(f"built in {build(page, desk):,.0f} s,")
    for first, n_months in BACKFILLS:
        started = time.monotonic()
        launch_backfill(page, desk, f"[{first}...{LAST}]")
        expect(page.get_by_text(f"Materialized ({n_months})")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_text("Failed (0)")).to_be_visible()
        told.append(f"{n_months} months in {time.monotonic() - started:,.0f} s,")
    assert len(list((desk.folder / "reports").glob("*.pdf"))) == BACKFILLS[-1][1]
    see_a_reports_metadata(page, desk)
    told.append(f"published {see_an_approval_publish(page, desk):,.0f} s after the approval")
    with capsys.disabled():
        print("\n" + " ".join(told))


def see_the_graph(page: Page, desk: Desk) -> None:
    """The groups lie from left to right as the house does."""
    page.goto(f"{desk.address}/asset-groups")
    names = ("intake", "warehouse", "metrics", "report", "delivery")
    boxes = [page.locator("svg, foreignObject").get_by_text(name, exact=True).first for name in names]
    for box in boxes:
        box.wait_for()
    page.wait_for_timeout(3000)  # until the drawing has settled
    left = [(box.bounding_box() or {"x": -1.0})["x"] for box in boxes]
    assert left == sorted(left)
    page.screenshot(path=PICTURES / f"dagster-graph-{desk.database}.png")


def build(page: Page, desk: Desk) -> float:
    """The job `build` is launched from its launchpad and succeeds. Seconds it took."""
    started = time.monotonic()
    page.goto(f"{desk.address}/locations/kpi_pipeline/jobs/build")
    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_text("Launched run").first.wait_for()
    page.goto(f"{desk.address}/runs")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=PATIENCE)
    return time.monotonic() - started


def launch_backfill(page: Page, desk: Desk, months: str) -> None:
    page.goto(f"{desk.address}/assets/monthly_report?view=partitions")
    page.get_by_text("Partitions Selected").wait_for()
    page.get_by_role("button", name="Materialize").first.click()
    months_field = page.get_by_placeholder(re.compile("^ex: "))
    months_field.fill(months)
    months_field.press("Enter")
    page.get_by_role("button", name="Launch backfill").click()
    page.get_by_text("Created backfill").first.wait_for()


def see_a_reports_metadata(page: Page, desk: Desk) -> None:
    page.get_by_text(LAST, exact=True).first.click()
    page.get_by_text("pdf_sha256").wait_for()
    page.get_by_text("[Show Markdown]").first.click()
    page.locator("img[src^='data:image/']").last.wait_for()
    page.wait_for_timeout(3000)
    page.screenshot(path=PICTURES / f"dagster-report-{desk.database}.png")
    page.goto(f"{desk.address}/assets/metric/readmission_30d?view=overview")
    page.get_by_text("Owners", exact=True).wait_for()
    page.wait_for_timeout(3000)
    page.screenshot(path=PICTURES / f"dagster-measure-{desk.database}.png")


def see_an_approval_publish(page: Page, desk: Desk) -> float:
    """The sensor is switched on and asks for nothing; a person approves; its next tick publishes. Seconds it took."""
    page.goto(f"{desk.address}/locations/kpi_pipeline/sensors/approved_reports")
    page.get_by_role("checkbox").first.evaluate("box => box.click()")
    page.get_by_text("0 runs requested").first.wait_for()
    assert issues(desk) == []  # the backfills drafted nothing
    desk.command("issue", "draft", LAST, "--by", "Analyst")
    desk.command("issue", "approve", LAST, "--by", "Director")
    started = time.monotonic()
    page.get_by_text("1 run requested").first.wait_for()
    wait_until(lambda: issues(desk) == [("issued", 1)], "the issue")
    seconds = time.monotonic() - started
    page.wait_for_timeout(3000)
    page.screenshot(path=PICTURES / f"dagster-approval-{desk.database}.png")
    return seconds


def issues(desk: Desk) -> list[tuple[str, int | None]]:
    settings = read_settings(Path(desk.variables["KPI_SETTINGS"]))
    with open_desk(Path(desk.variables["KPI_WAREHOUSE"]), settings=settings) as opened:
        return [(one.state, one.number) for one in list_issues(opened.database)]
