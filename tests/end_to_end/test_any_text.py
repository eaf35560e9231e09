"""Whatever text a hospital has in any field, it is printed, or refused when the files are read, with file and line.

KPI_TEXT_EXAMPLES says how many hospitals are made of random texts (`make texts`).
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.errors import CheckError, InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.report import write_report
from kpi_pipeline.warehouse.facts import read_quarantine
from tests.report.test_render_pdf import pages_of
from tests.support.any_text import LAST, build_and_print, write_hospital

USUAL = ["Łódź/Ærø (Nord)", 'O\'Brien "St." Mary', "a/b\\c", "1234567890", "MRN 5 Ward", "W" * 200, "=1+1", "{{7*7}}"]
LENIENT = Settings(min_denominator=1, min_cost_cases=1, quarantine_limit_pct=100)
"""As `SMALL`, and rows that are refused do not stop the build, so that what is left of them is printed."""

NASTY = st.sampled_from(
    [
        "\x07",
        "\x1b[2J",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "東京",
        "😀",
        "a\u0301",
        "ﬁ",
        "\xad",
        "\u2028",
        "\t",
        "<i>",
        "&",
        "''",
    ]
)
TEXTS = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=30),
        st.lists(st.one_of(NASTY, st.text("aB1 -_/'\"%", max_size=5)), min_size=1, max_size=6).map("".join),
        st.integers(1, 10**12).map(str),
        st.sampled_from("WilÄ1").map(lambda letter: letter * 250),
    )
    .map(lambda text: text.encode(errors="ignore").decode().replace("\0", ""))
    .filter(lambda text: text.strip() != ""),
    min_size=4,
    max_size=8,
    unique_by=str.strip,
)


def test_usual_names_are_all_printed(tmp_path: Path) -> None:
    built, written = build_and_print(tmp_path, USUAL)
    assert built.facts.quarantine_reasons == ()
    model = written.model.read_text(encoding="utf-8").replace("\u2060", "")
    for name in USUAL[:5]:
        assert json.dumps(name, ensure_ascii=False)[1:-1] in model
    assert "[number] is the largest" in model  # a reason that looks like a patient's number
    assert "1234567890" in "".join(pages_of(written.pdf.read_bytes())).replace("\u2060", "")


@pytest.mark.parametrize("name", ["東京病院", "North\u202eeast", "Ward\x07 4"])
def test_a_name_that_no_font_has_is_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    landing = write_hospital(tmp_path / "landing", ["Main"])
    for file, header in (("facilities", "facility_id,facility_name"), ("units", "unit_id,facility_id,unit_name")):
        ids = "Main," if file == "units" else ""
        (landing / f"{file}.csv").write_text(f"{header}\nMain,{ids}Main\nOther,{ids}{name}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        build_warehouse(landing, tmp_path / "kpi.duckdb")
    told = [str(fault) for fault in caught.value.faults]
    assert [one.split(" ")[0] for one in told] == ["facilities.csv:3:", "units.csv:3:"]
    assert "holds characters that cannot be printed: U+" in told[0]


def test_a_payer_in_other_letters_refuses_its_rows(tmp_path: Path) -> None:
    rows = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,payer\n"
    rows += "E1,P1,F1,acute inpatient,2026-10-01,2026-10-03,医保\nE2,P2,F1,acute inpatient,2026-10-01,2026-10-03,A\nB\n"
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "encounters.csv").write_text(rows.replace("A\nB", '"A\nB"'), encoding="utf-8")
    build_warehouse(landing, tmp_path / "kpi.duckdb")
    frame = read_quarantine(tmp_path / "kpi.duckdb")
    assert frame[["source_line", "reasons"]].to_numpy().tolist() == [[2, "unprintable_text"]]


def test_a_file_named_by_a_day_and_a_number_stops_no_report(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    built, _ = build_and_print(tmp_path, ["Main"])
    (landing / "encounters.csv").rename(landing / "encounters_20261031_MRN7.csv")
    (landing / "encounters_20261031_MRN7.csv").write_text(
        (landing / "encounters_20261031_MRN7.csv").read_text(encoding="utf-8").replace("total_cost", "remark", 1),
        encoding="utf-8",
    )
    build_warehouse(landing, built.warehouse)
    model = write_report(built.warehouse, LAST, tmp_path / "again").model.read_text(encoding="utf-8")
    assert "encounters_20261031_MRN7.csv: the column" in model.replace("\u2060", "")


@settings(
    max_examples=int(os.environ.get("KPI_TEXT_EXAMPLES", "1")),
    deadline=None,
    derandomize="KPI_TEXT_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(texts=TEXTS)
def test_any_text_is_printed_or_refused_when_it_is_read(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    try:
        _, written = build_and_print(folder, texts, settings=LENIENT)
    except (InputError, CheckError):
        return  # told by file and line, or by table with the lines in quarantine
    finally:
        shutil.rmtree(folder / "landing", ignore_errors=True)
    text = "".join(pages_of(written.pdf.read_bytes()))
    assert not set(text) & set("\x07\x1b\u202e\u2066\u2028")
    shutil.rmtree(folder)
