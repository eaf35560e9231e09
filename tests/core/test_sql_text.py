"""Nothing that a stranger wrote becomes SQL: quoting is right, and it is the only road from data to SQL text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kpi_pipeline
from kpi_pipeline.core.sql import sql_text
from kpi_pipeline.core.sql.sql_text import file_literal, identifier, list_literal, literal, parquet_file

PACKAGE = Path(kpi_pipeline.__file__).parent
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))

SQL_WORDS = re.compile(
    r"\b(SELECT|CREATE|INSERT INTO|DELETE FROM|COPY|ATTACH|DROP|SET \w+ ?=|CAST\(|NULLIF\(|WHERE|UNION|CASE WHEN|"
    r"GROUP BY|ORDER BY|COUNT\(|FILTER \(|COALESCE\(|JOIN|VALUES \(|read_parquet|read_csv)"
)
QUOTING = {name for name in vars(sql_text) if not name.startswith("_")} | {"int", "len"}
FILLING = {"format", "format_map", "replace", "substitute", "safe_substitute"}
OUR_OWN = {
    "sql": "the SELECT of a declaration in sql/",
    "name": "the name of a declared table or column",
    "fingerprint": "a hash we made",
    "matures_after_days": "a number, checked when the metric is declared",
    "table": "the name of a declared table",
}
"""Attributes that hold what our own checked declarations say, whatever object they are read from."""
GIVEN = {
    "core/sql/connections.py": {"name"},
    "core/sql/sql_text.py": {"value"},
    "improvement/drivers/collect.py": {"opening.condition()", "ever.condition()"},
    "improvement/drivers/unit_queries.py": {"cases", "window.condition('cases', 'event_date')"},
    "improvement/drivers/queries.py": {
        "by",
        "window.condition('cases', 'event_date')",
        "window.condition('census', 'census_on')",
        "window.condition()",
    },
    "intake/staged/current_rows.py": {"table", "name", "number", "rank", "newer", "order", "newest", "updated_at"}
    | {"admitted_at", "is_open", "types.get(column.type, 'VARCHAR')"},
    "intake/staged/one_row_each.py": {"path_sql", "name", "updated_at", "is_outdated", "touches", "by_admission"}
    | {"differs", "totals", "key", "rows_sql"},
    "intake/mapping/checked_rows.py": {"condition", "part", "name", "only"},
    "intake/mapping/column_mapping.py": {"raw", "guard", "parsed", "moment", "whole_day", "is_number"},
    "intake/ingest.py": {"landed_sql(item.opened, canonical)"},
    "intake/mapping/mapping_places.py": {"name"},
    "intake/reading/number_forms.py": {"raw", "rows_sql", "bare", "undressed"},
    "intake/reading/opened.py": {"sql", "text", "is_bare"},
    "intake/reading/refused_rows.py": {"names"},
    "intake/mapping/row_types.py": {"text", "month", "name"},
    "intake/staged/staged_faults.py": {"name"},
    "intake/staged/staging.py": {"condition", "counts", "name", "staging.rows_sql", "opened.every_row_sql"},
    "intake/reading/text_files.py": {"selected", "spec", "name"},
    "intake/reading/workbooks.py": {"selected", "spec", "name"},
    "metrics/cases.py": {"metric.quantile", "between"}
    | {"table", "expression", "kind", "sums", "where", "conditions", "spread"},
    "metrics/compute.py": {"table", "metric.quantile", "counted"},
    "metrics/groups.py": {
        "last",
        "condition",
        "marks",
        "born_on",
        "day",
        "had_birthday",
        "age",
        "metric.quantile",
        "days",
        "flags",
        "names",
        "quantile",
    }
    | {"cuts", "f'TRIM(cases.{dimension})' if listed else DIMENSIONS[dimension]"}
    | {"', '.join((f'{_cut_sql(metric, name)} AS cut_{name}' for name in dimensions))"},
    "metrics/people/appraisal.py": {"column", "join"},
    "metrics/people/staff_due.py": {"item", "day"},
    "metrics/totals.py": {"table"},
    "metrics/sums/lists.py": {"values", "rows"},
    "metrics/sums/summing.py": {"watermarks", "found", "rows", "columns"},
    "metrics/survival.py": {"counted"},
    "metrics/blast_radius.py": {"table", "name", "column"},
    "metrics/definition_diff.py": {"conditions", "rule", "column"},
    "pipeline/checking/check.py": set(),
    "pipeline/history/evidence.py": {
        "', '.join([*hashes, _hash_sql(together, 'COUNT(*)')])",
        "_JOINS.get(table, '')",
        "count",
    },
    "pipeline/checking/new_metric.py": {"title"},
    "pipeline/history/case_sums.py": {"cases_of_file(file)"},
    "pipeline/history/changed_rows.py": {"is_filled", "changed", "name", "a", "b", "cases_of_file(folder / CASES)"}
    | {"months.format('cases_then')", "months.format('cases_now')", "columns", "differs"},
    "pipeline/checking/column_profile.py": {"self.rows", "self.patients", "rows", "value", "plain", "known", "width"},
    "reference/importer.py": {"kind", "name", "columns"},
    "reference/store.py": {"kind", "name", "table", "columns", "_FIRST_FISCAL_YEAR", "marks"},
    "synthetic": {"column", "columns", "expression", "last", "order", "query", "table", "text", "typed"}
    | {"where", "year"},
    "warehouse/facts.py": {"extra"},
    "warehouse/warnings/department.py": {"cells.empty.format(cell=identifier(cells.column))"},
    "warehouse/warnings/gap.py": {"empty"},
    "warehouse/warnings/level.py": {"WORDED_ROWS['medicare_payers'][1]", "WORDED_ROWS['contact_tasks'][1]", "one"},
    "warehouse/warnings/identity.py": {"counted_sql", "amount"},
    "warehouse/warnings/pattern.py": {"_BY_MONTH.format(values=f'{name} AS code')", "rows", "each"}
    | {"_BY_MONTH.format(values='admitted_on = discharged_on AS is_same_day')"},
    "warehouse/warnings/plausibility.py": {"table", "condition"},
    "warehouse/warnings/person.py": {"name"},
    "warehouse/warnings/row.py": {"table", "name", "column", "one", "rows", "' UNION ALL '.join(counts)"},
    "warehouse/supply.py": {"table", "has_word"},
    "warehouse/tables.py": {"name"},
    "warehouse/engines/spark.py": {"nothing", "kind", "rows"},  # types are DuckDB's, of tables that are declared
    "warehouse/engines/spark_dialect.py": {"selected", "query.sql(dialect=KpiSpark, pretty=True)", "spark_type(kind)"},
    "warehouse/engines/spark_dates.py": {"unit"},
    "warehouse/engines/spark_forms.py": {"node.to.sql(dialect='spark')", "unit", "kind"},
    "warehouse/engines/spark_functions.py": {"product", "cut", "upper", "digits", "scale", "whole", "power", "head"}
    | {"Decimal(_EXACT).scaleb(-scale)", "body", "10 ** scale", "scale + 1", "function"},
    "warehouse/warnings/twin.py": {"twins", "columns", "of_place"},
    "warehouse/warnings/word.py": {"self.on", "words.rows", "rows", "table", "is_counted"}
    | {"' UNION ALL '.join(each)"},
    "warehouse/warnings/time.py": {"name", "table", "counts", "place", "joined", "number", "each"}
    | {"order.table", "order.first", "order.second", "order.of_stay", "' UNION ALL '.join(selects)"},
}
"""Names that hold SQL or declared names given by our own code, by file (or room): each was looked at."""


@settings(deadline=None)
@given(TEXTS)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {literal(text)}, {list_literal([text, text])}").fetchall() == [
            (text, [text, text])
        ]


@settings(deadline=None)
@given(TEXTS.filter(bool))
def test_a_name_comes_back_as_it_was(text: str) -> None:
    with duckdb.connect() as connection:
        described = connection.execute(f"SELECT 1 AS {identifier(text)}").description
        assert [column[0] for column in described or []] == [text]


@pytest.mark.parametrize("quote", [identifier, literal])
def test_a_zero_byte_cannot_end_a_statement_early(quote: object) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        quote("a\0b")  # type: ignore[operator]


def test_a_path_is_no_pattern(tmp_path: Path) -> None:
    names = ["a[1]", "a1", "a*", "ab", "a?", "a{b,c}", "[!a]", "x'y", "a]", "~a", "é"]
    folders = [tmp_path / name for name in ("g5[a]", "g5a", "facility_id=EVIL", "*", "**")]
    for folder in folders:
        folder.mkdir()
        for name in names:
            with duckdb.connect() as connection:
                connection.execute("CREATE TABLE t AS SELECT ? AS v", [f"{folder.name}/{name}"])
                target = str(folder / f"{name}.parquet").replace("'", "''")
                connection.execute(f"COPY t TO '{target}' (FORMAT parquet)")
    for folder in folders:
        for name in names:
            with duckdb.connect() as connection:
                read = connection.execute(f"SELECT * FROM {parquet_file(folder / f'{name}.parquet')}").fetchall()
            assert read == [(f"{folder.name}/{name}",)]
    assert file_literal(Path("/x/a[1].csv")) == "'/x/a[[]1].csv'"


def unsafe_parts(tree: ast.AST, given_names: set[str]) -> Iterator[str]:
    """What is put into SQL text without quoting, and is neither a constant of ours nor a name that was looked at."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value] * len(names)
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name):
                        assigned.setdefault(name.id, []).append(value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            assigned.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name):
            assigned.setdefault(node.target.id, []).append(node.iter)

    def is_safe(node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        if ast.unparse(node) in given_names:
            return True
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values=values):
                return all(is_safe(value, seen) for value in values)
            case ast.FormattedValue(value=value):
                return is_safe(value, seen)
            case ast.Name(id=name):
                values = assigned.get(name, [])
                is_constant = name.strip("_").isupper()
                return is_constant or (
                    bool(values) and name not in seen and all(is_safe(value, seen | {name}) for value in values)
                )
            case ast.Attribute(attr=attribute):
                return attribute in OUR_OWN
            case ast.Call(func=ast.Attribute(attr="join"), args=[argument]):
                return is_safe(argument, seen)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                if function in QUOTING or function.endswith("_sql"):
                    return True
                return function.startswith("_") or (
                    function in ("total", "zip") and all(is_safe(argument, seen) for argument in arguments)
                )
            case ast.GeneratorExp(elt=part) | ast.ListComp(elt=part):
                return is_safe(part, seen)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return all(is_safe(part, seen) for part in parts)
            case ast.IfExp(body=body, orelse=other):
                return is_safe(body, seen) and is_safe(other, seen)
            case ast.BinOp(left=left, right=right):
                return is_safe(left, seen) and is_safe(right, seen)
            case ast.Subscript(value=ast.Name(id=name)):
                return name.strip("_").isupper()
            case _:
                return False

    def is_sql(node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression is, or names, a text of ours with words of SQL."""
        match node:
            case ast.Constant(value=str(text)):
                return bool(SQL_WORDS.search(text))
            case ast.Name(id=name) if name not in seen:
                return any(is_sql(value, seen | {name}) for value in assigned.get(name, []))
            case ast.JoinedStr(values=parts):
                return any(is_sql(part, seen) for part in parts)
            case ast.BinOp(left=left, right=right):
                return is_sql(left, seen) or is_sql(right, seen)
            case ast.Call(func=ast.Attribute(attr="Template"), args=[text]):
                return is_sql(text, seen)
            case _:
                return False

    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if SQL_WORDS.search(words):
                for part in node.values:
                    if isinstance(part, ast.FormattedValue) and not is_safe(part.value):
                        yield f"line {node.lineno}: {ast.unparse(part.value)}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if is_sql(one) and not is_safe(other):
                    yield f"line {node.lineno}: {ast.unparse(other)}"
        elif isinstance(node, ast.AugAssign):
            if is_sql(node.target) and not is_safe(node.value):
                yield f"line {node.lineno}: {ast.unparse(node.value)}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            filled = [*node.args, *(keyword.value for keyword in node.keywords)]
            if node.func.attr in FILLING and is_sql(node.func.value):
                parts = filled
            elif node.func.attr == "join" and filled and isinstance(filled[0], ast.List | ast.Tuple):
                parts = filled[0].elts if any(is_sql(part) for part in filled[0].elts) else []
            else:
                continue
            for part in parts:
                if not is_safe(part):
                    yield f"line {node.lineno}: {ast.unparse(part)}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_sql_is_made_of_data_without_quoting(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    known = GIVEN.get(place, GIVEN.get(place.split("/")[0], set()))
    found = list(unsafe_parts(ast.parse(path.read_text(encoding="utf-8")), known))
    assert not found, f"{place}: quote with core/sql_text, or bind with ?: {'; '.join(found)}"


@pytest.mark.parametrize(
    "source",
    [
        "connection.execute(f'SELECT * FROM {name}')",
        "q = f'SELECT {a}'\nconnection.execute(q)",
        "x = header[0]\nf'SELECT {x} FROM landed'",
        "f'COPY t TO {str(path)}'",
        "'SELECT * FROM ' + name",
        "'SELECT * FROM %s' % name",
        "f'SELECT {\", \".join(columns)} FROM landed'",
        "f'SELECT {\", \".join(c for c in columns)} FROM landed'",
        "'SELECT * FROM {}'.format(name)",
        "'SELECT * FROM {t}'.format(t=name)",
        "'SELECT * FROM {t}'.format_map(names)",
        "q = 'SELECT * FROM {}'\nconnection.execute(q.format(name))",
        "q = 'SELECT * FROM %s'\nconnection.execute(q % name)",
        "q = 'SELECT * FROM TABLE_NAME'\nconnection.execute(q.replace('TABLE_NAME', name))",
        "' '.join(['SELECT * FROM', name])",
        "string.Template('SELECT * FROM $t').substitute(t=name)",
        "q = 'SELECT 1'\nq += f' FROM {name} WHERE 1'",
        "q = 'SELECT 1 FROM '\nq += name",
    ],
)
def test_the_check_itself_finds_sql_made_of_data(source: str) -> None:
    assert list(unsafe_parts(ast.parse(source), set()))


def test_every_connection_is_opened_in_one_place() -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if re.search(r"duckdb\.connect\(|duckdb\.(sql|execute|query|read_\w+)\(", path.read_text(encoding="utf-8"))
    ]
    assert users == ["core/sql/connections.py"]
