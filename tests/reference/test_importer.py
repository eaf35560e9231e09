"""What every import has in common: arguments, provenance, storing in one step, doing nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kpi_pipeline.core.errors import InputError
from kpi_pipeline.reference import importer
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.reference.provenance import PROVENANCE_FILE, read_provenance, sha256_of_file
from tests.support.reference_files import NOW, TABLE5, imported, refusal_of, rows_of, write

LATER = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "name", "options", "message"),
    [
        (
            "icd",
            "fy2027.csv",
            {},
            "kind: must be one of readmission-value-sets, ccs-icd10, ccs-icd9, ms-drg-table5, elixhauser",
        ),
        ("ms-drg-table5", "absent.csv", {}, "absent.csv: there is no such file or folder."),
        ("ms-drg-table5", ".", {}, "is a folder; ms-drg-table5 is one file."),
        ("readmission-value-sets", "fy2027.csv", {}, "fy2027.csv: is not a folder."),
        ("ccs-icd10", "fy2027.csv", {"fiscal_year": 2027}, "fiscal year: means nothing for ccs-icd10."),
        (
            "ms-drg-table5",
            "fy2027.csv",
            {"effective_from": date(2026, 10, 1)},
            "effective from: means nothing for ms-drg",
        ),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, kind: str, name: str, options: dict[str, object], message: str
) -> None:
    write(tmp_path / "fy2027.csv", TABLE5)
    assert message in refusal_of(kind, tmp_path / name, tmp_path / "store", **options)


def test_provenance_says_what_was_imported_from_what_and_when(tmp_path: Path) -> None:
    source = write(tmp_path / "fy2027.csv", TABLE5)
    imported("ms-drg-table5", source, tmp_path / "store")
    (table,) = read_provenance(tmp_path / "store")
    assert (table.name, table.kind, table.source, table.rows) == ("ms_drg_fy2027", "ms-drg-table5", "fy2027.csv", 3)
    assert (table.effective_from, table.effective_to) == (date(2026, 10, 1), date(2027, 9, 30))
    assert table.imported_at == NOW
    assert table.source_sha256 == sha256_of_file(source)
    assert str(tmp_path) not in (tmp_path / "store" / PROVENANCE_FILE).read_text(encoding="utf-8")


def test_importing_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "fy2027.csv", TABLE5)
    imported("ms-drg-table5", source, tmp_path / "store")
    before = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    again = import_reference("ms-drg-table5", source, tmp_path / "store", imported_at=LATER)
    assert again.changed == ()
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == before


def test_a_corrected_file_replaces_the_earlier_import_and_its_file(tmp_path: Path) -> None:
    source = write(tmp_path / "fy2027.csv", TABLE5)
    imported("ms-drg-table5", source, tmp_path / "store")
    write(source, TABLE5.replace("1.9,1.8,2.1", "1.7,1.8,2.1"))
    corrected = import_reference("ms-drg-table5", source, tmp_path / "store", imported_at=LATER)
    assert corrected.changed == ("ms_drg_fy2027",)
    (table,) = read_provenance(tmp_path / "store")
    assert table.imported_at == LATER
    assert {path.name for path in (tmp_path / "store").iterdir()} == {table.file, PROVENANCE_FILE}
    found = rows_of(
        "SELECT weight FROM reference_ms_drg WHERE fiscal_year = 2027 AND ms_drg = '470'", tmp_path / "store"
    )
    assert found == [(1.7,)]


def test_an_import_that_is_interrupted_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "fy2027.csv", TABLE5)
    imported("ms-drg-table5", source, tmp_path / "store")

    def disk_full(*_: object) -> None:
        raise OSError("no space left")

    write(source, TABLE5.replace("1.9,1.8", "1.7,1.8"))
    monkeypatch.setattr(importer, "write_provenance", disk_full)
    with pytest.raises(OSError, match="no space left"):
        imported("ms-drg-table5", source, tmp_path / "store")
    found = rows_of(
        "SELECT weight FROM reference_ms_drg WHERE fiscal_year = 2027 AND ms_drg = '470'", tmp_path / "store"
    )
    assert found == [(1.9,)]


def test_importing_into_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "landing" / "fy2027.csv", TABLE5)
    with pytest.raises(InputError, match=r"holds files but no provenance.yaml: fy2027.csv"):
        imported("ms-drg-table5", source, source.parent)
    assert [path.name for path in source.parent.iterdir()] == ["fy2027.csv"]


def test_an_import_is_undone_by_deleting_its_entry_and_its_file(tmp_path: Path) -> None:
    imported("ms-drg-table5", write(tmp_path / "fy2026.csv", TABLE5), tmp_path / "store")
    (table,) = read_provenance(tmp_path / "store")
    (tmp_path / "store" / table.file).unlink()
    (tmp_path / "store" / PROVENANCE_FILE).write_text("# nothing left\n", encoding="utf-8")
    assert rows_of("SELECT COUNT(*) FROM reference_ms_drg", tmp_path / "store") == [(772,)]
