"""A header is untrusted text: whatever it holds, it names a column and does nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.support.landings import GOOD, HEADER, faults_of, line, refused_rows, staged_rows, take_in

BAD_ROW = line("E9", admitted_at="10/01/2026")
"""A refused row: its original is kept under the names of the header."""

HEADERS = [
    'weird"name',
    "it's",
    "x\" := 1)) AS VARCHAR) AS original_row FROM read_csv('{secret}') --",
    "x\", (SELECT content FROM read_text('{secret}')) AS \"y",
    "x\" := (SELECT content FROM read_text('{secret}')), \"y",
    "x'); COPY (SELECT 1) TO '{written}'; --",
    "x\"; ATTACH '{written}' AS evil; --",
    "reasons",
    "landed",
    "source_line",
    "c0",
    "row_hash",
    "{name}",
    "%s",
    "?",
    "$1",
    ";",
    "--",
    "/*",
    "*",
    "COLUMNS(*)",
    "select",
    "ümlaut ẞ İ",
    "a" * 5000,
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("is_parquet", [False, True], ids=["csv", "parquet"])
def test_a_hostile_header_only_names_its_column(header: str, is_parquet: bool, tmp_path: Path) -> None:
    secret, written = tmp_path / "secret.txt", tmp_path / "written"
    secret.write_text("TOP-SECRET\n")
    name = header.replace("{secret}", str(secret)).replace("{written}", str(written))
    rows = [[*text.strip().split(","), "kept"] for text in (GOOD, BAD_ROW)]
    columns = [*HEADER.strip().split(","), name]
    if is_parquet:
        (tmp_path / "landing").mkdir()
        with duckdb.connect() as connection:
            quoted = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
            connection.execute(
                f"CREATE TABLE t AS SELECT * FROM (VALUES {', '.join(map(values, rows))}) AS t ({quoted})"
            )
            connection.execute(f"COPY t TO '{tmp_path / 'landing' / 'encounters.parquet'}' (FORMAT parquet)")
        intake = take_in(tmp_path, {})
    else:
        body = "".join(
            ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n" for row in [columns, *rows]
        )
        intake = take_in(tmp_path, {"encounters.csv": body})
    assert staged_rows(intake, "encounter_id") == [("E1",)]
    ((_, _, reasons, original),) = refused_rows(intake)
    assert reasons == ["invalid_admitted_at"]
    assert original[name.lower()] == "kept"
    assert not written.exists()
    assert "TOP-SECRET" not in str(original)


def values(row: list[str]) -> str:
    return "(" + ", ".join("'" + cell.replace("'", "''") + "'" for cell in row) + ")"


@pytest.mark.parametrize("character", ["\0", "\x1b", "\n", "\r\n", "\x7f"])
def test_a_header_with_a_control_character_is_refused(character: str, tmp_path: Path) -> None:
    files = {"encounters.csv": HEADER.replace("\n", f',"a{character}b"\n') + GOOD.replace("\n", ",x\n")}
    assert faults_of(tmp_path, files) == [
        "encounters.csv:1: column 7 has a control character in its name. "
        "Write the names with letters, digits and blanks."
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '/tmp/kpi-attack.csv'",
        "ATTACH '/tmp/kpi-attack.duckdb'",
        "INSTALL httpfs",
        "LOAD '/tmp/evil.duckdb_extension'",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET allowed_configs = ['enable_external_access']",
        "SET temp_directory = '/tmp'",
        "EXPORT DATABASE '/tmp/kpi-attack'",
    ],
)
def test_a_connection_reaches_nothing_but_its_folders(statement: str, tmp_path: Path) -> None:
    from kpi_pipeline.core.sql.connections import connect

    with connect(folders=[tmp_path]) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(statement).fetchall()
        connection.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path / 'mine.parquet'}' (FORMAT parquet)")


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    from kpi_pipeline.core.sql.connections import connect

    (tmp_path / "in").mkdir()
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "outside.csv")
    with connect(folders=[tmp_path / "in"]) as connection, pytest.raises(duckdb.PermissionException):
        connection.execute(f"SELECT * FROM read_csv('{tmp_path / 'in' / 'link.csv'}')").fetchall()
