"""Files that were made to break or to fool `kpi verify`: each is named for what it is, and none stops it."""

from __future__ import annotations

import csv
import io

import pikepdf
import pypdfium2
import pytest

from kpi_pipeline.judgement.restated.split import Sums
from kpi_pipeline.metrics.declaration import load_metrics
from kpi_pipeline.pipeline.tracing import verified_figures, verified_files, verify
from kpi_pipeline.pipeline.tracing.verified_figures import wrong_number
from kpi_pipeline.pipeline.tracing.verified_issue import attachments_of
from kpi_pipeline.pipeline.tracing.verified_pages import look_alike

METRIC = load_metrics()["length_of_stay_days"]
SUMS = Sums(40.0, 10.0, 10)
ROW = {"numerator": "40", "denominator": "10", "value": "4"}


def _pdf(*attached: tuple[str, bytes], size: tuple[float, float] = (200, 100)) -> pypdfium2.PdfDocument:
    """One empty page, with files attached in that order; a name may be there twice."""
    document = pikepdf.new()
    document.add_blank_page(page_size=size)
    names = pikepdf.Array()
    for name, content in attached:
        stream = document.make_stream(content)
        file = pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F=name, UF=name, EF=pikepdf.Dictionary(F=document.make_indirect(stream))
        )
        names.extend([pikepdf.String(name), document.make_indirect(file)])
    document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=names))
    buffer = io.BytesIO()
    document.save(buffer)
    return pypdfium2.PdfDocument(buffer.getvalue())


def test_a_second_file_of_the_same_name_is_named() -> None:
    attached, twice = attachments_of(_pdf(("figures.csv", b"forged"), ("figures.csv", b"true"), ("a", b"b")))
    assert twice == ["attachment figures.csv: is there twice"]
    assert set(attached) == {"figures.csv", "a"}
    assert attachments_of(_pdf(("a", b"b")))[1] == []


def test_a_page_of_another_size_does_not_look_alike_and_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    issued, given = _pdf(), _pdf(size=(14_000, 14_000))
    assert look_alike(issued, _pdf(), 0)
    monkeypatch.setattr(pypdfium2.PdfPage, "render", lambda *_, **__: pytest.fail("was drawn"))
    assert not look_alike(given, issued, 0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"value": "withheld"}, ""),
        ({"value": ""}, ""),
        ({"value": "about four"}, "value about four is no number"),
        ({"value": "4.1"}, "value 4.1 does not follow"),
        ({"value": "nan"}, "value nan does not follow"),
        ({"numerator": "inf"}, "numerator inf does not follow"),
        ({"denominator": None}, "denominator is missing"),
    ],
)
def test_a_number_that_is_none_is_no_agreement(changed: dict[str, str], said: str) -> None:
    told = wrong_number(ROW | changed, SUMS, METRIC, is_rounded=False)
    assert told.startswith(said)
    assert bool(told) == bool(said)


def test_a_figure_without_cases_is_named_and_a_column_that_is_gone_too() -> None:
    assert wrong_number(ROW, None, METRIC, is_rounded=False).startswith("numerator 40 does not follow")
    assert wrong_number({}, SUMS, METRIC, is_rounded=False) == "numerator is missing"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b'{"case_list_roots": 3}', b"{"])
def test_a_provenance_that_is_none_tells_no_root_and_stops_nothing(content: bytes) -> None:
    assert verified_figures._told_roots(content) == {}


def test_a_table_with_a_cell_that_never_ends_is_read_as_far_as_it_goes() -> None:
    table = b'figure_id,metric,facility_id,month\na/all/2026-10,a,all,2026-10\n"' + b"x" * 200_000
    assert list(verified_figures._figures(table)) == [("a", "all", "2026-10")]
    told = list(verified_files.changed_rows(table, table[:62]))
    assert [len(verify._shortened(one)) for one in told] == [401]
    limit = csv.field_size_limit(1_000)
    try:
        assert list(verified_files._by_figure(table)) == [("a/all/2026-10", 0)]
    finally:
        csv.field_size_limit(limit)


def test_the_value_of_a_measure_that_is_defined_otherwise_now_is_no_fault_and_its_sums_still_are() -> None:
    counted = METRIC.model_copy(update={"kind": "count"})
    assert wrong_number(ROW, SUMS, counted, is_rounded=False).startswith("value 4 does not follow")
    assert wrong_number(ROW, SUMS, counted, is_rounded=False, is_same=False) == ""
    told = wrong_number(ROW | {"numerator": "41"}, SUMS, counted, is_rounded=False, is_same=False)
    assert told.startswith("numerator 41 does not follow")
