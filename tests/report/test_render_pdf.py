"""The PDF: archivable, accessible, the same bytes each time, complete, and never finished with a hole in it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pikepdf
import pypdfium2
import pytest

from kpi_pipeline.core.errors import RenderError
from kpi_pipeline.core.settings import Colours, ReportSettings
from kpi_pipeline.report.forms import layout
from kpi_pipeline.report.forms import pdf as render
from kpi_pipeline.report.forms.pdf import Attachment, render_brief, render_pdf, render_report
from kpi_pipeline.report.model import Report, ScorecardGroup
from tests.support.pdf_checks import pdf_faults
from tests.support.sample_further import build_further_sections
from tests.support.sample_report import build_sample_report

REPOSITORY = Path(__file__).resolve().parents[2]
ATTACHMENTS = (
    Attachment("figures.csv", b"metric,month,value\nreadmission_30d,2026-10,12.9\n", "The figures behind every chart"),
    Attachment("provenance.json", b'{"snapshot": "7f3c1a"}\n', "Where the figures come from"),
)


@cache
def sample_pdf() -> bytes:
    return render_pdf(build_sample_report(), attachments=ATTACHMENTS)


def pages_of(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(" ".join(text_page.get_text_range().split()))
            text_page.close()
            page.close()
        return texts
    finally:
        document.close()


def test_the_file_is_pdf_a_3a_and_pdf_ua_1_at_once() -> None:
    assert pdf_faults(sample_pdf()) == []


def test_a_value_and_a_chart_s_title_lead_to_their_id_in_the_annex_and_look_as_before() -> None:
    """The id of every measure's value, also of a facility whose name is no name for a link."""
    report = build_sample_report()
    odd = 'length_of_stay_days/N. & "W" #2/2026-10'
    definitions = tuple(
        one.model_copy(update={"figure_id": odd}) if one.metric == "length_of_stay_days" else one
        for one in report.appendix.definitions
    )
    report = report.model_copy(update={"appendix": report.appendix.model_copy(update={"definitions": definitions})})
    ids = {one.metric: quote(one.figure_id) for one in definitions if one.figure_id}
    content = render_pdf(report)
    assert pdf_faults(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        names = pdf.Root.Names.Dests.Names
        places = {str(names[at]) for at in range(0, len(names), 2)}
        links = [link for page in pdf.pages for link in page.get("/Annots", [])]
        assert {str(one.Dest) for one in links} <= places
        assert all(str(one.Contents) == str(one.Dest) and int(one.F) == 4 and int(one.BS.W) == 0 for one in links)
        first = [str(one.Dest) for one in pdf.pages[0].Annots]
    assert first == [ids[tile.metric] for tile in report.front.tiles if tile.reading.value and tile.metric in ids]
    assert quote(odd) in first
    rows = {row.metric for group in report.scorecard.groups for row in group.rows if row.reading.value}
    assert {ids[name] for name in rows & ids.keys()} <= {str(one.Dest) for one in links}


def test_the_brief_has_no_annex_and_so_no_link() -> None:
    with pikepdf.open(io.BytesIO(render_brief(build_sample_report()))) as pdf:
        assert all("/Annots" not in page for page in pdf.pages)


def test_the_checker_sees_what_is_missing() -> None:
    """Proof of the proof: each defect put into a good file is found."""
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf:
        del pdf.Root["/Lang"]
        del pdf.Root["/Outlines"]
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and str(item.get("/S", "")) == "/TH":
                del item["/A"]
            if isinstance(item, pikepdf.Dictionary) and str(item.get("/S", "")) == "/Figure":
                del item["/Alt"]
            if isinstance(item, pikepdf.Dictionary) and str(item.get("/Type", "")) == "/FontDescriptor":
                del item["/FontFile2"]
        buffer = io.BytesIO()
        pdf.save(buffer)
    codes = {fault.split()[0] for fault in pdf_faults(buffer.getvalue())}
    assert {"11-006", "no", "15-003", "13-004", "31-009"} <= codes


def test_the_pages_say_what_the_model_says() -> None:
    pages = pages_of(sample_pdf())
    report = build_sample_report()
    assert "avoidable days now cost us the most" in pages[0]
    assert "Issue 10, 12 November 2026" in pages[0]
    assert "Not computable: no DRG weights" in pages[1]
    assert "Avoidable days have run high since two skilled-nursing partners" in pages[2]
    assert "Director’s commentary, 9 November 2026" in pages[2]
    for definition in report.appendix.definitions:
        assert definition.title in " ".join(pages[4:])


def test_each_page_meant_as_one_page_is_one_page() -> None:
    pages = pages_of(sample_pdf())
    starts = [
        "CASE MANAGEMENT PERFORMANCE Length of stay",
        "Two of eleven",
        "NEEDS ATTENTION",
        "NEW IMPROVEMENT",
    ]
    for page, start in zip(pages, starts, strict=False):
        assert start.lower() in page.lower()[:140]
    assert "Every measure, 24" in pages[3]  # the annex begins where the improvement leaves half a page
    assert len(pages) == 8


def test_running_head_and_foot_stand_on_every_page() -> None:
    pages = pages_of(sample_pdf())
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Confidential. For senior management. Source: data complete through" in page


def test_only_the_shipped_fonts_are_in_the_file() -> None:
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf:
        names = {
            str(item.BaseFont).split("+")[-1]
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and "/BaseFont" in item
        }
    assert names
    assert all(name.startswith(("Source-Sans-3", "Source-Serif-4")) for name in names)


def test_attachments_are_carried_byte_for_byte_with_fixed_dates() -> None:
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf:
        assert set(pdf.attachments) == {"figures.csv", "provenance.json"}
        for given in ATTACHMENTS:
            spec = pdf.attachments[given.name]
            assert spec.get_file().read_bytes() == given.content
            assert str(spec.obj.AFRelationship) == "/Data"
            assert str(spec.obj.EF.F.Params.CreationDate) == "D:20261112093000Z"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20261112093000Z"


def test_a_bookmark_leads_to_every_section() -> None:
    with pikepdf.open(io.BytesIO(sample_pdf())) as pdf, pdf.open_outline() as outline:
        top = outline.root
        assert len(top) == 1
        assert top[0].title == "Length of stay holds its gain; avoidable days now cost us the most"
        assert [item.title.split()[0] for item in top[0].children] == [
            "Two",
            "Avoidable",
            "Length",
            "Every",
            "Definitions,",
        ]


def test_another_process_gives_the_same_bytes_even_where_no_font_is_installed(tmp_path: Path) -> None:
    """The other process starts with a font configuration that knows no font at all."""
    empty = tmp_path / "fonts.conf"
    empty.write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
    script = (
        "import hashlib\n"
        "from tests.report.test_render_pdf import ATTACHMENTS, build_sample_report, render_pdf\n"
        "print(hashlib.sha256(render_pdf(build_sample_report(), attachments=ATTACHMENTS)).hexdigest())\n"
    )
    environment = {**os.environ, "FONTCONFIG_FILE": str(empty), "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == hashlib.sha256(sample_pdf()).hexdigest()


def test_thirty_measures_flow_onto_a_second_page_with_the_header_repeated() -> None:
    pages = pages_of(render_pdf(_with_thirty_measures(build_sample_report())))
    scorecard = [page for page in pages if "Variation Assurance" in page and "Value Out of" in page]
    assert len(scorecard) == 2
    assert sum(page.count("Denials per 100 discharges") for page in scorecard) >= 2


def _with_thirty_measures(report: Report) -> Report:
    rows = [row for group in report.scorecard.groups for row in group.rows]
    copies = [row.model_copy(update={"metric": f"{row.metric}_{place}"}) for place in range(2) for row in rows][:19]
    definitions = report.appendix.definitions + tuple(
        report.appendix.definitions[0].model_copy(update={"metric": row.metric}) for row in copies
    )
    groups = (*report.scorecard.groups, ScorecardGroup(heading="Further measures", rows=tuple(copies)))
    return Report.model_validate(
        report.model_copy(
            update={
                "scorecard": report.scorecard.model_copy(update={"groups": groups}),
                "appendix": report.appendix.model_copy(update={"definitions": definitions}),
                "small_multiples": None,
                "exceptions": (),
            }
        ).model_dump()
    )


def test_a4_other_colours_a_logo_and_further_pages_keep_the_promises(tmp_path: Path) -> None:
    from PIL import Image

    logo = tmp_path / "logo.png"
    Image.new("RGBA", (300, 90), (200, 30, 60, 128)).save(logo)
    look = ReportSettings(paper="a4", logo=logo, colours=Colours(brand="#F2C230"))
    report = build_sample_report().model_copy(update={"further_sections": build_further_sections()})
    content = render_pdf(report, look=look)
    assert pdf_faults(content) == []
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert [round(float(number)) for number in pdf.pages[0].MediaBox] == [0, 0, 595, 842]
    assert "One cause explains two thirds of the avoidable days" in " ".join(pages_of(content))


@pytest.mark.parametrize(
    ("markup", "message"),
    [
        ('<img alt="x" src="data:image/png;base64,AAAA">', "the renderer warned"),
        ('<img alt="x" src="file:///etc/hostname">', "blocked resource"),
        ('<img alt="x" src="http://example.org/x.png">', "blocked resource"),
        ('<link rel="stylesheet" href="../pyproject.toml">', "blocked resource"),
        ('<p style="no-such-property: 1">x</p>', "the renderer warned"),
    ],
)
def test_a_report_with_a_hole_is_not_finished_and_nothing_is_written(
    markup: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f'<html lang="en"><head><title>x</title></head><body><h1>x</h1>{markup}</body></html>'
    monkeypatch.setattr(layout, "sections_html", lambda *_, **__: page)
    with pytest.raises(RenderError, match=message) as caught:
        render_report(build_sample_report(), tmp_path / "out")
    assert caught.value.exit_code == 7
    assert not (tmp_path / "out").exists()


def test_the_files_of_a_report_are_written_together_and_a_second_render_gives_the_same_bytes(tmp_path: Path) -> None:
    done = render_report(build_sample_report(), tmp_path / "out", attachments=ATTACHMENTS)
    assert done.pdf == tmp_path / "out" / "kpi-report-2026-10.pdf"
    assert done.pdf.read_bytes() == sample_pdf()
    assert Report.model_validate_json(done.model.read_bytes()) == build_sample_report()
    assert [path.read_bytes() for path in done.attachments] == [given.content for given in ATTACHMENTS]
    assert done.n_pages == 8
    assert len(list(done.pdf.parent.iterdir())) == 4


def test_a_report_about_one_facility_carries_its_name() -> None:
    report = build_sample_report().model_copy(update={"facility_id": "north:1"})
    assert render.report_file_stem(report) == "kpi-report-2026-10-north~3a1-internal"


@pytest.mark.parametrize("name", ["../figures.csv", "figures", "Figures.csv", "a/b.csv", ""])
def test_an_attachment_has_a_plain_file_name(name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        Attachment(name, b"", "x")
