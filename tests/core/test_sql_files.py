"""SQL files that say what they are, and the order in which they must run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.sql.front_matter import read_sql_file
from kpi_pipeline.core.sql.sql_graph import build_order, tables_read


def sql_file(folder: Path, text: str) -> Path:
    path = folder / "table.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_its_front_matter_and_one_select(tmp_path: Path) -> None:
    file = read_sql_file(sql_file(tmp_path, "/*---\ntitle: A table\nkey: [id]\n---*/\nSELECT 1 AS id;\n"))
    assert (file.name, file.front_matter, file.sql) == ("table", {"title": "A table", "key": ["id"]}, "SELECT 1 AS id")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT 1", "does not begin with /*--- … ---*/. Put the front matter first in the file."),
        ("/*---\ntitle: x\nSELECT 1", "does not begin with /*--- … ---*/."),
        ("/*---\ntitle: [\n---*/\nSELECT 1", "table.sql:3: is not YAML: "),
        ("/*---\n- title\n---*/\nSELECT 1", "front matter is not a list of `name: value` lines."),
    ],
)
def test_a_broken_front_matter_says_what_is_wrong(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_sql_file(sql_file(tmp_path, text))
    assert what in str(caught.value)


def test_a_query_reads_its_tables_and_not_its_own_steps() -> None:
    sql = """
    WITH step AS (SELECT * FROM stays), other AS (SELECT * FROM step INNER JOIN facilities USING (facility_id))
    SELECT * FROM other LEFT JOIN (SELECT * FROM census) AS counts USING (facility_id)
    """
    assert tables_read(sql) == {"stays", "facilities", "census"}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT * FROM", "x.sql: SQL cannot be parsed at line 1"),
        ("SELECT 1; SELECT 2", "x.sql: must hold exactly one SELECT. Remove the other statements."),
        ("DROP TABLE stays", "x.sql: must hold exactly one SELECT."),
    ],
)
def test_anything_but_one_select_is_refused(sql: str, what: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        tables_read(sql, where="x.sql")
    assert what in str(caught.value)


def test_a_table_is_built_after_all_it_reads() -> None:
    order = build_order(
        {"report": frozenset({"values", "stays"}), "values": frozenset({"stays"}), "stays": frozenset({"staged"})}
    )
    assert order == ["stays", "values", "report"]


def test_tables_that_read_each_other_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"sql/: tables read each other in a circle: a → b → a|b → a → b"):
        build_order({"a": frozenset({"b"}), "b": frozenset({"a"})})
