"""What spares intake a closer look at a value is never wrong: the quick look and the close one give the same."""

from __future__ import annotations

import csv
import io

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.core.sql.sql_text import identifier
from kpi_pipeline.core.text.spreadsheets import unguarded
from kpi_pipeline.intake.mapping.column_mapping import raw_column_sql
from kpi_pipeline.intake.reading import scan as scan_module
from kpi_pipeline.intake.reading.opened import trimmed_sql
from kpi_pipeline.intake.reading.scan import scan_file
from kpi_pipeline.intake.reading.table_options import TableOptions
from tests.support.landings import encounters, line, refused_rows, staged_rows, take_in

DATABASE = duckdb.connect()
WORDS = ("NULL", "null", "Null", "(null)", "\\N", "#N/A", "<NA>", "NaN")
PIECES = [*" '=+-@0a9~!(:<\t\u00a0\u3000é", "NULL", "(null)", "\\N", "#N/A", "<NA>", "NaN", "12.5"]
VALUES = st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), min_size=1, max_size=30)
SIGNS = st.text(st.sampled_from(list('aZ ~,"\n\r\t\x00\x1f\x7fé')), max_size=6)


@settings(deadline=None, max_examples=150)
@given(values=VALUES)
def test_a_value_is_trimmed_as_trim_does_it(values: list[str]) -> None:
    ours, theirs, printable = DATABASE.execute(
        f"SELECT LIST({trimmed_sql('value')}), LIST(NULLIF(TRIM(value), '')), "
        f"LIST({trimmed_sql('value', is_printable=True)}) FROM (SELECT UNNEST(?) AS value)",
        [values],
    ).fetchall()[0]
    assert ours == theirs
    assert [one for one, value in zip(printable, values, strict=True) if value.isascii()] == [
        one for one, value in zip(theirs, values, strict=True) if value.isascii()
    ]


@settings(deadline=None, max_examples=150)
@given(values=VALUES)
def test_guards_and_words_for_nothing_are_found_at_any_length(values: list[str]) -> None:
    sql = raw_column_sql("payer", {"payer"}, TableOptions())
    (ours,) = DATABASE.execute(
        f"SELECT LIST({sql}) FROM (SELECT UNNEST(?) AS {identifier('payer')})", [values]
    ).fetchall()[0]
    assert ours == [None if value in WORDS else unguarded(value) for value in values]


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(st.lists(SIGNS, min_size=2, max_size=3), max_size=6), chunk=st.integers(1, 7), end=st.booleans())
def test_a_file_called_printable_holds_no_value_that_is_not(
    rows: list[list[str]], chunk: int, end: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n" if end else "\n", quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path_factory.mktemp("scan") / "t.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    before = scan_module._CHUNK
    scan_module._CHUNK = chunk
    try:
        is_printable = scan_file(path, is_text=True).is_printable
    finally:
        scan_module._CHUNK = before
    assert is_printable == all(" " <= sign <= "~" for row in rows for cell in row for sign in cell)


def test_the_mark_that_excel_writes_first_is_no_strange_sign(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("scan") / "t.csv"
    for text, expected in (("a,b\r\n1,2\r\n", True), ("a,b\n1,\ufeff\n", False)):
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert scan_file(path, is_text=True).is_printable is expected


@pytest.mark.parametrize("strange", ["", "Münster", "\u202e"])
def test_one_strange_sign_anywhere_changes_nothing_for_the_other_rows(
    strange: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [line("E1"), line(" E2 ", person_id="'+1"), line("E3", facility_id="F" * 201), line("E4", person_id="1E+11")]
    intake = take_in(tmp_path_factory.mktemp("one"), encounters(*rows, line("E5", person_id=strange or "P5")))
    kept = staged_rows(intake, "encounter_id, person_id")
    assert [row for row in kept if row[0] != "E5"] == [("E1", "P1"), ("E2", "+1")]
    assert [(where, reasons) for _, where, reasons, _ in refused_rows(intake)] == [
        (4, ["unprintable_id"]),
        (5, ["mangled_id"]),
    ]
