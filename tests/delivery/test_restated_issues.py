"""A real hospital over two issues: what moved between them is named case by case, printed, attached, and made again."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from pathlib import Path

import pypdfium2
import pytest
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from kpi_pipeline.core.delivery_settings import DeliverySettings, GateSettings
from kpi_pipeline.core.errors import DeliveryError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.issues import open_desk
from kpi_pipeline.pipeline.reproduce import reproduce_issue
from tests.support.delivery import OCTOBER, issue_month

COST = "total_cost_per_case_usd/all/2026-06"


def edit_june(landing: Path) -> None:
    """One case of each kind among the stays discharged in June: late, corrected, removed, another person's."""
    file = landing / "encounters_2026.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
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


@pytest.mark.slow
def test_what_moved_between_two_issues_is_named_printed_attached_compared_and_made_again(hospital: Path) -> None:
    settings = Settings(
        delivery=DeliverySettings(
            audiences=hospital / "audiences.yaml", gate=GateSettings(min_coded_pct=0, min_costed_pct=0)
        )
    )
    warehouse, landing = hospital / "hospital.duckdb", hospital / "landing"
    with open_desk(warehouse, settings=settings) as desk:
        issue_month(desk, month=OCTOBER.plus(-1))
    edit_june(landing)
    build_warehouse(landing, warehouse, settings=settings)
    with open_desk(warehouse, settings=settings) as desk:
        board, executives = sorted(issue_month(desk), key=lambda one: one.issue.audience)
        archive = desk.archive

    rows = _table(executives.folder)
    causes = {row["cause"] for row in rows if "/2026-06" in row["figure_id"]}
    assert causes == {"late", "correction", "removal", "identity"}
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

    model = json.loads(next(executives.folder.glob("*.model.json")).read_bytes())
    (page,) = [one for one in model["further_sections"] if one["name"] == "changes_since_last_issue"]
    assert page["title"].endswith("moved on") or "of issue 1 changed" in page["title"]
    (pdf,) = executives.folder.glob("*.pdf")
    document = pypdfium2.PdfDocument(pdf.read_bytes())
    assert "of issue 1" in document[1].get_textpage().get_text_bounded()  # page two: what the reader asks first
    attached = [document.get_attachment(at).get_name() for at in range(document.count_attachments())]
    assert "restated.csv" in attached

    for row in _table(board.folder):
        numbers = [row[name] for name in ("n_cases", "numerator_change", "denominator_change")]
        assert numbers == ["withheld"] * 3 or all(abs(float(one)) >= 11 or float(one) == 0 for one in numbers)

    made = reproduce_issue(archive, executives.folder.relative_to(archive).as_posix(), landing=landing)
    assert made.differ == ()
    assert {"cases.parquet", "trace.parquet", "evidence.json"} <= set(made.agree)

    (hospital / "kpi.yaml").write_text(f"delivery: {{audiences: {hospital / 'audiences.yaml'}}}\n", encoding="utf-8")
    command = ["diff", "1", "2026-10", "--audience", "executives", "--warehouse", str(warehouse), "--format", "csv"]
    shown = CliRunner().invoke(app, [*command, "--settings", str(hospital / "kpi.yaml")])
    assert shown.exit_code == 0, shown.output
    assert {
        (row["figure_id"], row["cause"], row["value_change"]) for row in csv.DictReader(io.StringIO(shown.stdout))
    } == {(row["figure_id"], row["cause"], row["value_change"]) for row in rows}

    first = next(archive.glob("all/2026-09/*executives"))
    (first / "manifest.json").chmod(0o600)
    (first / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DeliveryError, match=r"which the issue after it was compared with, is missing or was changed"):
        reproduce_issue(archive, executives.folder.relative_to(archive).as_posix(), landing=landing)


def _table(folder: Path) -> list[dict[str, str]]:
    text = next(folder.glob("*.restated.csv")).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
