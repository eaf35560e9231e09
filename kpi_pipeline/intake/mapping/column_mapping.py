"""How a file's own columns become ours, as `landing.yaml` declares it: names, values, forms of dates and numbers.

What cannot be read under the declared form stays as it was written, so that the row is refused with its own value.
Nothing is guessed: a column is read one way for all its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kpi_pipeline.core.errors import Fault
from kpi_pipeline.core.sql.sql_text import identifier, literal
from kpi_pipeline.core.text.language import one_or_many, verb_for
from kpi_pipeline.core.text.spreadsheets import GUARDED_STARTS
from kpi_pipeline.intake.contract import Column, Contract
from kpi_pipeline.intake.contract import Mapping as TableMapping
from kpi_pipeline.intake.reading.number_forms import NumberForm, plain_number_sql
from kpi_pipeline.intake.reading.opened import SOURCE_LINE, OpenFile, Wanted, landed_name
from kpi_pipeline.intake.reading.table_options import EXCEL_DATES, Repair, TableOptions

_DAYS = ("date", "moment", "month")
_NUMBERS = ("number", "integer")
_REPAIRABLE = ("id", "code")
_UNKNOWN_PERSON = "UNKNOWN"
"""What the warehouse takes for nobody's number; an empty one would refuse the row and lose the stay."""
_EMPTY_WORDS = ("NULL", "null", "Null", "(null)", "\\N", "#N/A", "<NA>", "NaN")
"""What export programs write for an empty cell. `NA` and `None` are not among them: they are names somewhere."""
_LONGEST_WORD = max(len(word) for word in _EMPTY_WORDS if word >= "0")


def option_faults(tables: Mapping[str, TableOptions], contracts: Mapping[str, Contract]) -> list[Fault]:
    """Everything in `tables` of landing.yaml that names what there is not, all at once."""
    faults = []
    for table, options in tables.items():
        where = f"landing.yaml: tables.{table}"
        if table not in contracts:
            faults.append(Fault(where, "is not a table of ours.", f"Known are {', '.join(contracts)}."))
            continue
        columns = contracts[table].columns
        dated = options.dates if isinstance(options.dates, dict) else {}
        for field, names in (
            ("columns", options.columns),
            ("constants", options.constants),
            ("values", options.values),
            ("repairs", options.repairs),
            ("dates", dated),
        ):
            faults += [
                Fault(f"{where}.{field}", f"{name!r} is not a column of {table}.", f"Known are {', '.join(columns)}.")
                for name in names
                if name not in columns
            ]
        faults += [
            Fault(f"{where}.dates", f"{name} holds no dates; it is a {columns[name].type}.", "Leave it out.")
            for name in dated
            if name in columns and columns[name].type not in _DAYS
        ]
        faults += [
            Fault(
                f"{where}.repairs", f"{name} is a {columns[name].type}, no id or code.", "Use values, or leave it out."
            )
            for name in options.repairs
            if name in columns and columns[name].type not in _REPAIRABLE
        ]
        faults += [
            Fault(f"{where}.constants", f"{name} is also under columns.", "Keep one of the two.")
            for name in options.constants.keys() & options.columns.keys()
        ]
    return faults


def header_mapping_faults(opened: OpenFile, options: TableOptions) -> list[Fault]:
    """The headers that `columns` names and the file has not."""
    have = {column.lower() for column in opened.columns}
    return [
        Fault(
            header_place(opened),
            f"has no column {header!r}, which landing.yaml reads as {name}; found {_shown(opened.columns)}.",
            f"Correct tables: columns: {name} in landing.yaml, or the file.",
        )
        for name, headers in options.columns.items()
        for header in headers
        if header.strip().lower() not in have
    ]


def required_column_faults(
    opened: OpenFile,
    mapping: TableMapping,
    contract: Contract,
    options: TableOptions,
    *,
    hint: Callable[[], str] = str,
) -> list[Fault]:
    """The fault of a file that lacks columns the mapping needs; `hint`, which is asked only then, ends the cure.

    Where not one column name is known the header row may be missing, and the names a patient's data: they
    are not told.
    """
    have = provided_columns(opened, options)
    missing = [column for column in mapping.columns if column.lower() not in have]
    if not missing:
        return []
    where = header_place(opened)
    if have.isdisjoint(contract.columns) and have.isdisjoint(column.lower() for column in mapping.columns):
        what = f"has none of the column names of {mapping.table}; is the header row missing?"
        return [Fault(where, what, f"Put the names first, at least {', '.join(mapping.columns)}.{hint()}")]
    found = _shown(opened.columns)
    which = f"{one_or_many(len(missing), 'columns')} {', '.join(missing)} {verb_for(len(missing), 'is', 'are')}"
    cure = "Add it, or rename your column." if len(missing) == 1 else "Add them, or rename your columns."
    return [Fault(where, f"the required {which} missing; found {found}.", f"{cure}{hint()}")]


def wanted_columns(contract: Contract, required: Iterable[str], options: TableOptions) -> Wanted:
    """By which names a file of this table is recognised, its own under the options."""
    theirs = {name: {header.strip().lower() for header in headers} for name, headers in options.columns.items()}
    known = {name for name in contract.columns if name not in theirs} | set().union(*theirs.values())
    must: set[str] = set()
    for name in required:
        if name not in options.constants:
            must |= theirs.get(name, {name.lower()})
    return Wanted(frozenset(known), frozenset(must), contract.table)


def provided_columns(opened: OpenFile, options: TableOptions) -> set[str]:
    """Our columns that the file gives under the options, and its own names, in lower case."""
    return {column.lower() for column in opened.columns} | set(options.columns) | set(options.constants)


def used_headers(options: TableOptions) -> set[str]:
    """The file's own headers that the options read, in lower case."""
    return {header.strip().lower() for headers in options.columns.values() for header in headers}


def canonical_sql(
    opened: OpenFile, contract: Contract, options: TableOptions, forms: Mapping[str, NumberForm] | None = None
) -> str:
    """The SELECT behind the view `landed` of a canonical file: every column of the contract as plain text.

    forms: how numbers are written, by our column, where it was found out from the whole column.
    """
    have = {column.lower() for column in opened.columns}
    selected = ", ".join(
        f"{_column_sql(name, column, have, options, (forms or {}).get(name))} AS {identifier(name)}"
        for name, column in contract.columns.items()
    )
    return f"SELECT {SOURCE_LINE}, {selected} FROM ({opened.sql})"


def raw_column_sql(name: str, have: set[str], options: TableOptions) -> str:
    """The SQL of our column as the file writes it."""
    if name in options.constants:
        return literal(options.constants[name])
    headers = options.columns.get(name, (name,))
    parts = [identifier(landed_name(header.strip())) for header in headers if header.strip().lower() in have]
    if not parts:
        return "CAST(NULL AS VARCHAR)"
    raw = parts[0] if len(parts) == 1 else f"NULLIF(CONCAT_WS(' ', {', '.join(parts)}), '')"
    # The guard that we put before what a spreadsheet would run as a formula (core/spreadsheets).
    guard = (
        f"STARTS_WITH({raw}, {literal(chr(39))}) AND LENGTH({raw}) > 1 "
        f"AND CONTAINS({literal(GUARDED_STARTS)}, SUBSTR({raw}, 2, 1))"
    )
    is_word = " OR ".join(f"{raw} = {literal(word)}" for word in _EMPTY_WORDS)
    # Nearly every value shows by its first sign and its length that it is neither guarded nor such a word.
    is_neither = f"{raw} >= '0' AND ({raw} < ':' OR STRLEN({raw}) > {literal(_LONGEST_WORD)})"
    return f"CASE WHEN {is_neither} THEN {raw} WHEN {guard} THEN SUBSTR({raw}, 2) WHEN NOT ({is_word}) THEN {raw} END"


def repaired_values_sql(opened: OpenFile, options: TableOptions) -> str | None:
    """The SELECT of one row: how many values of each column under `repairs` are changed, in their order; or None."""
    have = {column.lower() for column in opened.columns}
    counts = []
    for name, repair in options.repairs.items():
        raw = raw_column_sql(name, have, options)
        counts.append(f"COUNT(*) FILTER (WHERE {raw} IS DISTINCT FROM {_repaired_sql(raw, name, repair)})")
    return f"SELECT {', '.join(counts)} FROM ({opened.sql})" if counts else None


def _repaired_sql(raw: str, name: str, repair: Repair) -> str:
    if repair.unknown:
        words = ", ".join(literal(word.strip().lower()) for word in repair.unknown)
        instead = literal(_UNKNOWN_PERSON) if name == "person_id" else "NULL"
        raw = f"CASE WHEN LOWER({raw}) IN ({words}) THEN {instead} ELSE {raw} END"
    if repair.whole_number:
        raw = f"REGEXP_REPLACE({raw}, '^([0-9]+)[.]0+$', '\\1')"
    if repair.width is not None:
        digits = literal(f"[0-9]{{1,{repair.width}}}")
        padded = f"LPAD({raw}, {literal(repair.width)}, '0')"
        raw = f"CASE WHEN REGEXP_FULL_MATCH({raw}, {digits}) THEN {padded} ELSE {raw} END"
    return raw


def _column_sql(name: str, column: Column, have: set[str], options: TableOptions, form: NumberForm | None) -> str:
    raw = raw_column_sql(name, have, options)
    if name in options.repairs:
        raw = _repaired_sql(raw, name, options.repairs[name])
    pairs = options.values.get(name)
    if pairs:
        cases = " ".join(
            f"WHEN {literal(theirs.strip().lower())} THEN {literal(ours.strip())}" for theirs, ours in pairs.items()
        )
        raw = f"CASE LOWER({raw}) {cases} ELSE {raw} END"
    if column.type in _DAYS:
        date_form = options.date_form(name)
        return _day_sql(raw, date_form) if date_form else raw
    if column.type in _NUMBERS:
        declared = NumberForm(options.decimal) if options.decimal else form
        return plain_number_sql(raw, declared) if declared else raw
    return raw


def _day_sql(raw: str, form: str) -> str:
    if form in EXCEL_DATES:
        day_zero = literal(EXCEL_DATES[form])
        # To the second: the fraction of a day is a binary number.
        moment = f"DATE {day_zero} + TO_SECONDS(CAST(ROUND(TRY_CAST({raw} AS DOUBLE) * 86400) AS BIGINT))"
        is_number = f"REGEXP_FULL_MATCH({raw}, '[0-9]{{1,6}}([.][0-9]+)?')"
        whole_day = f"REGEXP_FULL_MATCH({raw}, '[0-9]{{1,6}}([.]0+)?')"
        return (
            f"CASE WHEN {whole_day} THEN STRFTIME({moment}, '%Y-%m-%d') "
            f"WHEN {is_number} THEN STRFTIME({moment}, '%Y-%m-%d %H:%M:%S') ELSE {raw} END"
        )
    parsed = f"TRY_STRPTIME({raw}, {literal(form)})"
    has_clock = any(directive in form for directive in ("%H", "%I", "%-H", "%-I"))
    shown = "%Y-%m-%d %H:%M:%S" if has_clock else "%Y-%m-%d"
    return f"COALESCE(STRFTIME({parsed}, {literal(shown)}), {raw})"


def header_place(opened: OpenFile) -> str:
    """The file with the line of its header."""
    return f"{opened.name}:{opened.text.skip + 1 if opened.text else 1}"


def _shown(columns: tuple[str, ...]) -> str:
    return f"{', '.join(columns[:12])}{' …' if len(columns) > 12 else ''}"
