"""A real hospital over two issues: what moved is named, and a report can be verified, explained and made again.

September was issued, rows of June were sent again otherwise, and October was issued. One fixture for all of it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pypdfium2
import pytest
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.errors import DeliveryError, InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.delivery.archive import read_manifest
from kpi_pipeline.judgement.restated.split import Sums
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issuing.issues import open_desk
from kpi_pipeline.pipeline.tracing import verified_figures, verify
from kpi_pipeline.pipeline.tracing.reproduce import reproduce_issue
from kpi_pipeline.pipeline.tracing.verified_figures import wrong_number
from kpi_pipeline.pipeline.tracing.verify import Verified, verify_report
from kpi_pipeline.pipeline.upkeep.backup import restore_backup, write_backup
from kpi_pipeline.report.forms.pdf import Attachment, render_brief, render_pdf
from kpi_pipeline.report.model import Report
from kpi_pipeline.report.words.page_figures import page_figure_lines
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event, chain_faults, read_events
from tests.support.delivery import NOON, OCTOBER, issue_month

pytestmark = pytest.mark.slow

COST = "total_cost_per_case_usd/all/2026-06"
LOS = "length_of_stay_days/all/2026-06"
ISSUE = "all/2026-10/issue-2-executives"


def edit_june(landing: Path) -> None:
    """One case of each kind among the stays discharged in June: late, corrected, removed, another person's."""
    file = landing / "encounters_2026.csv"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    june = [
        one
        for one in rows
        if one["encounter_type"] == "acute inpatient"
        and one["discharged_at"].startswith("2026-06")
        and one["total_cost"]
    ]
    late = june[0] | {"encounter_id": "LATE1", "person_id": "LATEP"}
    june[1]["total_cost"] = str(float(june[1]["total_cost"]) + 5000)
    rows.remove(june[2])
    june[4]["person_id"] = june[3]["person_id"]
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(late))
        writer.writeheader()
        writer.writerows([*rows, late])


@pytest.fixture(scope="module")
def issued(built_hospital: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital whose September and October went to the executives, with rows of June changed in between."""
    folder = tmp_path_factory.mktemp("followed") / "hospital"
    shutil.copytree(built_hospital, folder)
    settings = Settings(
        delivery=DeliverySettings(
            audiences=folder / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    for month in (OCTOBER.plus(-1), OCTOBER):
        with open_desk(folder / "hospital.duckdb", settings=settings) as desk:
            executives = desk.audiences.audiences[0].model_copy(update={"forms": ("brief",)})
            desk.audiences = desk.audiences.model_copy(update={"audiences": (executives,)})
            issue_month(desk, month=month)
        if month < OCTOBER:
            edit_june(folder / "landing")
            build_warehouse(folder / "landing", folder / "hospital.duckdb", settings=settings)
    (folder / "kpi.yaml").write_text(f"delivery: {{audiences: {folder / 'audiences.yaml'}}}\n", encoding="utf-8")
    return folder


@pytest.fixture
def database(issued: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{issued / 'hospital.state.sqlite'}")
    yield opened
    opened.close()


def october(issued: Path) -> Path:
    return issued / "hospital.archive" / ISSUE


def run(issued: Path, *command: str) -> str:
    options = ["--warehouse", str(issued / "hospital.duckdb"), "--settings", str(issued / "kpi.yaml")]
    shown = CliRunner().invoke(app, [*command, *options])
    assert shown.exit_code == 0, shown.output
    return shown.stdout


# ── what changed, and what was said ──────────────────────────────────────────────────────────────────────────


def table(folder: Path) -> list[dict[str, str]]:
    text = next(folder.glob("*.restated.csv")).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def test_each_case_that_moved_has_its_cause_and_the_parts_add_up(issued: Path) -> None:
    rows = table(october(issued))
    assert {row["cause"] for row in rows if "/2026-06" in row["figure_id"]} == {
        "late",
        "correction",
        "removal",
        "identity",
    }
    assert {row["columns"] for row in rows if row["cause"] == "correction"} == {"encounters.total_cost"}
    (corrected,) = [row for row in rows if row["figure_id"] == COST and row["cause"] == "correction"]
    assert (corrected["n_cases"], float(corrected["numerator_change"])) == ("1", pytest.approx(5000))
    by_figure = defaultdict(list)
    for row in rows:
        by_figure[row["figure_id"]].append(row)
    for parts in by_figure.values():
        if parts[0]["value_then"] and parts[0]["value_now"]:
            change = float(parts[0]["value_now"]) - float(parts[0]["value_then"])
            assert math.fsum(float(one["value_change"]) for one in parts) == pytest.approx(change, abs=1e-6)


def test_it_stands_on_page_two_with_what_was_said_before_behind_it_and_the_table_attached(issued: Path) -> None:
    model = json.loads(next(october(issued).glob("*.model.json")).read_bytes())
    assert [one["name"] for one in model["further_sections"]][:2] == ["changes_since_last_issue", "said_before"]
    document = pypdfium2.PdfDocument(next(october(issued).glob("*.pdf")).read_bytes())
    assert "issue 1" in document[1].get_textpage().get_text_bounded()
    attached = [document.get_attachment(at).get_name() for at in range(document.count_attachments())]
    assert sorted(attached) == ["figures.csv", "provenance.json", "restated.csv"]
    september = next((issued / "hospital.archive").glob("all/2026-09/*/*.model.json"))
    said = json.loads(september.read_bytes())["claims"]
    assert said
    assert json.loads((october(issued) / "inputs" / "claims.json").read_bytes()) == said
    assert {one["metric"] for one in said} <= {one["metric"] for one in model["claims"]}


def test_two_issues_are_compared_on_the_command_line_with_the_same_numbers(issued: Path) -> None:
    shown = run(issued, "diff", "1", "2026-10", "--audience", "executives", "--format", "csv")
    keys = ("figure_id", "cause", "value_change")
    assert {tuple(row[key] for key in keys) for row in csv.DictReader(io.StringIO(shown))} == {
        tuple(row[key] for key in keys) for row in table(october(issued))
    }
    assert "figures changed" in run(issued, "diff", "1", "2", "--audience", "executives")


def test_a_figure_is_explained_with_what_issues_said_and_why_it_moved_and_its_cases_are_written_down(
    issued: Path, database: Database
) -> None:
    said = run(issued, "explain", LOS)
    values = [row["value_then"] for row in table(october(issued)) if row["figure_id"] == LOS]
    assert f"Issue 1 for executives (2026-09, issued): {float(values[0]):.2f}" in said
    assert "Issue 2 for executives (2026-10, issued): " in said
    assert "Nothing behind it changed since issue 2 for executives." in said
    listed = run(issued, "explain", COST, "--cases", "--by", "A. Auditor", "--format", "csv")
    cases = list(csv.DictReader(io.StringIO(listed)))
    with database.reading() as session:
        (event,) = read_events(session, kind="cases shown")
    assert (event.actor, event.subject, event.body) == ("A. Auditor", COST, {"cases": len(cases)})
    refused = CliRunner().invoke(
        app,
        [
            "explain",
            COST,
            "--cases",
            "--warehouse",
            str(issued / "hospital.duckdb"),
            "--settings",
            str(issued / "kpi.yaml"),
        ],
    )
    assert refused.exit_code != 0


def restored_archive(issued: Path, folder: Path) -> Path:
    """The archive of a backup that was made while another process wrote decisions, put back where nothing was."""
    url, stop = f"sqlite:///{issued / 'hospital.state.sqlite'}", threading.Event()
    backup, archive = folder / "backup.zip", folder / "new" / "hospital.archive"

    def write() -> int:
        other, n_events = Database(url), 0
        while not stop.is_set() or not n_events:
            with other.writing() as session:
                append_event(session, "noted", "while the backup ran", by="Analyst", at=NOON)
            n_events += 1
        other.close()
        return n_events

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        write_backup(backup, warehouse=issued / "hospital.duckdb", state_url=url, archive=issued / "hospital.archive")
        stop.set()
        n_written = written.result()
    new = f"sqlite:///{folder / 'new' / 'hospital.state.sqlite'}"
    restore_backup(backup, warehouse=folder / "new" / "hospital.duckdb", state_url=new, archive=archive)
    database = Database(new)
    with database.reading() as session:
        assert chain_faults(session) == []
        assert len(list(read_events(session, kind="noted"))) <= n_written
    database.close()
    return archive


def test_every_id_in_figures_csv_is_explained_also_where_it_is_of_a_page_or_of_no_month(issued: Path) -> None:
    table = csv.DictReader(io.StringIO(next(october(issued).glob("*.figures.csv")).read_text(encoding="utf-8")))
    rows, metrics = {unguarded(row["figure_id"]): row for row in table}, load_metrics()
    pages = [one for one, row in rows.items() if not row["metric"]]
    assert {one.partition("/")[0] for one in pages} >= {"drivers", "totals", "budget", "fairness", "barriers"}
    assert [one for one in pages if not list(page_figure_lines(one, metrics))] == []
    waits = next(one for one in pages if one.startswith("drivers/avoidable_days/") and one.endswith("/share"))
    said = run(issued, "explain", waits)
    number = f"{float(rows[waits]['value']):g} percent"
    assert f"Issue 2 for executives (2026-10, issued): {number}" in said
    assert f"in the report of October 2026 for inside the house: {number}" in said
    lacking = next(one for one, row in rows.items() if row["metric"] and not row["month"])
    assert "no figure in any month (" in run(issued, "explain", lacking)
    command = ["--warehouse", str(issued / "hospital.duckdb"), "--settings", str(issued / "kpi.yaml")]
    for wrong, why in (
        ([waits, "--cases"], "has no case list of its own"),
        (["drivers/period/all/discharge"], "Say of which report"),
        ([LOS, "--month", "2026-10"], "the id of a monthly figure names both"),
        (["length_of_stay_days/all"], "names no month"),
    ):
        refused = CliRunner().invoke(app, ["explain", *wrong, *command])
        assert refused.exit_code != 0
        assert why in str(refused.exception)


def test_it_is_made_again_byte_for_byte_from_a_restored_backup_after_further_files_or_what_is_missing_is_named(
    issued: Path, tmp_path: Path
) -> None:
    archive, landing = restored_archive(issued, tmp_path), tmp_path / "landing"
    shutil.copytree(issued / "landing", landing)
    lines = (landing / "denials.csv").read_text(encoding="utf-8").splitlines()
    (landing / "denials.csv").rename(landing / "denials_until_october.csv")
    (landing / "denials_november.csv").write_text("\n".join(lines[:20]) + "\n", encoding="utf-8")
    made = reproduce_issue(archive, ISSUE, landing=landing)
    assert made.differ == ()
    assert {"cases.parquet", "trace.parquet", "evidence.json"} <= set(made.agree)
    assert len(made.agree) == len([one for one in read_manifest(archive, ISSUE)["files"] if "inputs/" not in one])
    (landing / "denials_until_october.csv").unlink()
    with pytest.raises(DeliveryError, match=r"the landing file denials\.csv .* is not in"):
        reproduce_issue(archive, ISSUE, landing=landing)


def test_an_issue_whose_predecessor_is_gone_says_so(issued: Path, tmp_path: Path) -> None:
    archive = changed_archive(issued, tmp_path)
    next(archive.glob("all/2026-09/*/manifest.json")).write_text("{}", encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"which the issue after it was compared with, is missing or was changed"):
        reproduce_issue(archive, ISSUE, landing=issued / "landing")


# ── verify ───────────────────────────────────────────────────────────────────────────────────────────────────


def executives(issued: Path) -> Path:
    return next(file for file in october(issued).glob("*.pdf") if not file.name.endswith(".brief.pdf"))


def verified(
    issued: Path, database: Database, pdf: Path, *, archive: Path | None = None, landing: bool = False
) -> Verified:
    return verify_report(
        pdf,
        archive=archive or issued / "hospital.archive",
        database=database,
        landing=issued / "landing" if landing else None,
        progress=lambda _: None,
    )


def changed_archive(issued: Path, tmp_path: Path) -> Path:
    """A copy of the archive that a test may damage."""
    copy = tmp_path / "archive"
    shutil.copytree(issued / "hospital.archive", copy)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return copy


def test_honest_reports_pass_also_under_another_name(issued: Path, database: Database, tmp_path: Path) -> None:
    pdfs = sorted((issued / "hospital.archive").rglob("*.pdf"))
    assert [one.name.endswith(".brief.pdf") for one in pdfs] == [True, False] * 2
    for pdf in pdfs:
        copy = tmp_path / "mail attachment (1).pdf"
        shutil.copyfile(pdf, copy)
        found = verified(issued, database, copy)
        assert (found.faults, found.notes, len(found.looked_at)) == ((), (), 4)
    assert verified(issued, database, executives(issued), landing=True).faults == ()
    assert "every figure follows from its cases" in run(issued, "verify", str(copy))


def test_a_changed_digit_of_the_brief_is_held_against_the_brief(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    report = Report.model_validate_json(next(october(issued).glob("*.model.json")).read_bytes())
    place = re.search(r"\d", report.front.cut_off)
    assert place is not None
    digit = str((int(place[0]) + 1) % 10)
    cut_off = f"{report.front.cut_off[: place.start()]}{digit}{report.front.cut_off[place.end() :]}"
    front = report.front.model_copy(update={"cut_off": cut_off})
    (tmp_path / "forged.pdf").write_bytes(render_brief(report.model_copy(update={"front": front})))
    found = verified(issued, database, tmp_path / "forged.pdf")
    assert found.issue.number == 2
    (fault,) = found.faults
    assert fault.startswith("PDF, page 1: “")


@pytest.mark.parametrize(
    ("told", "is_rounded", "fault"), [("2.84", True, ""), ("2.84", False, "value 2.84"), ("2.85", True, "value 2.85")]
)
def test_a_copy_that_withholds_holds_a_value_as_it_is_printed(told: str, is_rounded: bool, fault: str) -> None:
    metric = load_metrics()["paid_hours_per_discharge"]
    row = {"numerator": "withheld", "denominator": "withheld", "value": told}
    said = wrong_number(row, Sums(341.0, 120.0, 120), metric, is_rounded=is_rounded)
    assert said.startswith(fault)
    assert bool(said) == bool(fault)


def test_a_changed_digit_in_any_tile_is_named_with_its_page_and_what_stood_there(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    pdf = executives(issued)
    report = Report.model_validate_json(next(pdf.parent.glob("*.model.json")).read_bytes())
    stem = pdf.name.removesuffix(".pdf")
    attached = [
        Attachment(name, (pdf.parent / f"{stem}.{name}").read_bytes(), "x")
        for name in ("figures.csv", "restated.csv", "provenance.json")
    ]
    tile = report.front.tiles[1]
    value = str(tile.reading.value)
    forged = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), value)
    tiles = (
        report.front.tiles[0],
        tile.model_copy(update={"reading": tile.reading.model_copy(update={"value": forged})}),
        *report.front.tiles[2:],
    )
    changed = report.model_copy(update={"front": report.front.model_copy(update={"tiles": tiles})})
    (tmp_path / "forged.pdf").write_bytes(render_pdf(changed, attachments=attached))
    found = verified(issued, database, tmp_path / "forged.pdf")
    assert [
        one for one in found.faults if one.startswith("PDF, page 1: ") and f"“{forged}” stands" in one and value in one
    ]


def test_an_exchanged_attachment_is_named_with_its_line_and_the_figure_that_does_not_follow(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    with pikepdf.open(executives(issued)) as document:
        table = document.attachments["figures.csv"].get_file().read_bytes()
        lines = table.decode().split("\r\n")
        at = next(n for n, line in enumerate(lines) if line.startswith("length_of_stay_days/all/2026-06,"))
        cells = lines[at].split(",")
        cells[7] = str(round(float(cells[7]) + 0.1, 6))
        lines[at] = ",".join(cells)
        del document.attachments["figures.csv"]
        document.attachments["figures.csv"] = pikepdf.AttachedFileSpec(document, "\r\n".join(lines).encode())
        document.save(tmp_path / "swapped.pdf")
    faults = verified(issued, database, tmp_path / "swapped.pdf").faults
    assert f"attachment figures.csv: is not the one that was issued (first at line {at + 1})" in faults
    assert any(one.startswith("figure length_of_stay_days/all/2026-06: value ") for one in faults)
    assert "PDF: its bytes are not those that were issued; every page reads and looks the same" in faults


def test_a_patch_that_hides_a_figure_without_changing_a_word_is_seen(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    with pikepdf.open(executives(issued)) as document:
        page = document.pages[1]
        page.contents_add(document.make_stream(b"q 1 1 1 rg 60 500 200 60 re f Q"))
        document.save(tmp_path / "patched.pdf")
    faults = verified(issued, database, tmp_path / "patched.pdf").faults
    assert faults == ("PDF, page 2: its words agree, but it does not look as it was issued",)


def test_a_changed_case_is_named_by_every_figure_it_is_behind(issued: Path, database: Database, tmp_path: Path) -> None:
    archive = changed_archive(issued, tmp_path)
    file = next(archive.glob("all/2026-10/issue-2-executives/cases.parquet"))
    cases = pq.read_table(file)
    is_june = pc.and_(
        pc.equal(cases["metric"], "length_of_stay_days"),
        pc.equal(pc.strftime(cases["event_date"], format="%Y-%m"), "2026-06"),
    )
    first = pc.index(is_june, True).as_py()
    numerators = cases["numerator"].to_pylist()
    numerators[first] = (numerators[first] or 0.0) + 1
    at = cases.schema.get_field_index("numerator")
    pq.write_table(cases.set_column(at, "numerator", [numerators]), file)
    faults = verified(issued, database, executives(issued), archive=archive).faults
    assert "archive: cases.parquet was changed" in faults
    assert "figure length_of_stay_days/all/2026-06: the archived case list is not the one it was made from" in faults
    named = {one.split(":")[0] for one in faults if one.startswith("figure ")}
    assert named == {"figure length_of_stay_days/all/2026-06"}


def test_a_definition_that_changed_since_is_a_note(
    issued: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = load_metrics()
    metrics["discharges"] = metrics["discharges"].model_copy(update={"version": 9})
    for module in (verify, verified_figures):
        monkeypatch.setattr(module, "load_metrics", lambda: metrics)
    found = verified(issued, database, executives(issued))
    assert found.faults == ()
    assert found.notes == (
        "measure discharges: is defined otherwise now (version 1 then, 9 now); its sums were held against its "
        "cases, its values were not",
    )


def test_a_landing_file_that_is_gone_and_an_archive_that_does_not_know_the_report_are_named(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    shutil.copytree(issued / "landing", tmp_path / "landing")
    (tmp_path / "landing" / "denials.csv").write_text("denial_id\n", encoding="utf-8")
    found = verify_report(
        executives(issued),
        archive=issued / "hospital.archive",
        database=database,
        landing=tmp_path / "landing",
        progress=lambda _: None,
    )
    assert found.faults == ("landing file denials.csv (denials): is gone or was changed since",)
    with pytest.raises(InputError, match="belongs to no issue in this archive"):
        verified(issued, database, executives(issued), archive=tmp_path / "another")
    with pytest.raises(InputError, match=r"no\.pdf: there is no such file"):
        verified(issued, database, tmp_path / "no.pdf")
    (tmp_path / "no.pdf").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"no\.pdf: is no readable PDF"):
        verified(issued, database, tmp_path / "no.pdf")


def test_an_archive_that_was_made_to_fit_is_caught_by_the_register(
    issued: Path, database: Database, tmp_path: Path
) -> None:
    archive = changed_archive(issued, tmp_path)
    manifest = next(archive.glob("all/2026-10/issue-2-executives/manifest.json"))
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"number": 2', '"number": 3'), encoding="utf-8")
    faults = verified(issued, database, executives(issued), archive=archive).faults
    assert "archive: the manifest of issue 2 is not the one the register remembers" in faults
