"""The SELECT that types every row of a mapped file and says what is wrong with it; and the reasons in words.

How text becomes a date or a number is the matter of `row_types`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kpi_pipeline.core.sql.sql_graph import columns_selected
from kpi_pipeline.core.sql.sql_text import identifier, literal
from kpi_pipeline.core.text.glyphs import unprintable_pattern
from kpi_pipeline.intake.contract import Contract, Mapping
from kpi_pipeline.intake.mapping.row_types import typed_sql
from kpi_pipeline.intake.reading.opened import SOURCE_LINE

EARLIEST_PLAUSIBLE = date(1900, 1, 1)
"""Dates before this are misread two-digit years or place-holders, not hospital stays."""

LONGEST_ID = 200
_PRINTED_IDS = ("facility_id", "unit_id")
_UNPRINTABLE = r"[\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{200e}\x{200f}\x{061c}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
"""Signs that would steer a terminal or turn the text around them; a page and a file name cannot hold them."""
_STEERING = _UNPRINTABLE.replace("\\x00-\\x1f", "\\x00-\\x08\\x0e-\\x1f")
"""Of these, those that do not merely break a line: a break is printed as a blank."""
_PRINTED_TEXTS = (
    "service_line", "payer", "drg_code", "reason_code", "responsible_party", "sex", "language", "race",
    "ethnicity",
)  # fmt: skip
_MANGLED_ID = "[+-]?[0-9]+([.,][0-9]+)?[eE][+][0-9]+"
"""A number that a spreadsheet turned into scientific notation (1.23E+11): the real id is lost."""


def checked_rows_sql(mapping: Mapping, contract: Contract, plausible_until: date, *, is_printable: bool = False) -> str:
    """The mapped rows with typed columns, their line, the reasons to refuse them, and the `unreadable` columns.

    Both are names with blanks between them, NULL where there is nothing to say. is_printable: every byte of the file is
    a printable sign of ASCII or ends a line, so that no value need be searched for others.
    """
    columns = contract.columns
    reasons = dict(_reasons(contract, is_printable=is_printable))
    typed = ",\n".join(part for name, column in columns.items() for part in typed_sql(name, column))
    kept = ", ".join(identifier(name) for name in contract.staged_columns)
    lenient = {name: _unreadable(name) for name, column in columns.items() if column.when_unreadable == "unknown"}
    is_kept = "left_out IS NULL" if mapping.leaves_out else "true"
    return f"""
WITH mapped AS ({_whole_select(mapping, contract)}),
typed AS (
    SELECT
        {SOURCE_LINE},{" left_out," if mapping.leaves_out else ""}
        {literal(plausible_until)} AS plausible_until,
        {", ".join(f"{identifier(name)} AS {identifier(f'text_{name}')}" for name in columns)},
        {typed}
    FROM mapped
)
SELECT {kept}, {SOURCE_LINE},
    {f"{_named(lenient)} AS unreadable," if lenient else ""}
    {"left_out," if mapping.leaves_out else ""}
    {_named(reasons, only=is_kept)} AS reasons
FROM typed
"""


def _named(conditions: dict[str, str], *, only: str = "true") -> str:
    """The names whose conditions hold; NULL where none does, which is nearly always and costs little."""
    any_of_them = " OR ".join(f"({condition})" for condition in conditions.values())
    names = ", ".join(f"CASE WHEN {condition} THEN {literal(name)} END" for name, condition in conditions.items())
    return f"CASE WHEN {only} AND ({any_of_them}) THEN CONCAT_WS(' ', {names}) END"


def _whole_select(mapping: Mapping, contract: Contract) -> str:
    """The mapping's SELECT with every column of the contract: those it does not name that were added later are NULL."""
    named = columns_selected(mapping.sql)
    lacking = [name for name, column in contract.columns.items() if column.added_later and name not in named]
    if not lacking or "*" in named:
        return mapping.sql
    empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in lacking)
    return f"SELECT *, {empty} FROM ({mapping.sql}) AS named_columns"


def _unreadable(name: str) -> str:
    return f"({identifier(f'text_{name}')} IS NOT NULL AND {identifier(name)} IS NULL)"


def _reasons(contract: Contract, *, is_printable: bool) -> Iterator[tuple[str, str]]:
    """Every reason to quarantine a row with its SQL condition over the typed columns, in order of precedence."""
    for name, column in contract.columns.items():
        if column.required:
            yield f"missing_{name}", f"{identifier(f'text_{name}')} IS NULL"
    for name, column in contract.columns.items():
        if column.type in ("date", "month", "moment", "number", "integer") and column.when_unreadable == "quarantine":
            yield f"invalid_{name}", _unreadable(name)
    ids = [identifier(name) for name, column in contract.columns.items() if column.type == "id"]
    if ids:
        matches = " OR ".join(
            f"(CONTAINS({name}, '+') AND REGEXP_FULL_MATCH({name}, {literal(_MANGLED_ID)}))" for name in ids
        )
        yield "mangled_id", matches
    printed = [identifier(name) for name in _PRINTED_IDS if name in contract.columns]
    if printed:
        longest = literal(LONGEST_ID)
        conditions = [f"(STRLEN({name}) > {longest} AND LENGTH({name}) > {longest})" for name in printed]
        if not is_printable:
            conditions += [f"REGEXP_MATCHES({name}, {literal(_UNPRINTABLE)})" for name in printed]
            conditions += [_without_glyph(name) for name in printed]
        yield "unprintable_id", " OR ".join(conditions)
    texts = [identifier(name) for name in _PRINTED_TEXTS if name in contract.columns]
    if texts and not is_printable:
        # One look at all of them together: a regular expression for each value would be slow.
        all_texts = f"CONCAT_WS('', {', '.join(texts)})"
        yield (
            "unprintable_text",
            f"REGEXP_MATCHES({all_texts}, {literal(_STEERING)}) OR {_without_glyph(all_texts)}",
        )
    dates = [name for name, column in contract.columns.items() if column.type in ("date", "moment")]
    early = [name for name in dates if contract.columns[name].when_unreadable == "quarantine"]
    if early:
        yield (
            "implausible_date",
            " OR ".join(f"{identifier(name)} < {literal(EARLIEST_PLAUSIBLE)}" for name in early),
        )
    for reason, rule in contract.quarantine.items():
        yield reason, f"({rule.when})"


def _without_glyph(text: str) -> str:
    """Whether a text holds a letter that no shipped font has; texts of ASCII alone are not looked into."""
    return f"(LENGTH({text}) <> STRLEN({text}) AND REGEXP_MATCHES({text}, {literal(unprintable_pattern())}))"


def reason_words(reason: str, contract: Contract) -> str:
    """What a quarantine reason means, for people."""
    if reason in contract.quarantine:
        return contract.quarantine[reason].means
    kind, _, column = reason.partition("_")
    words = {
        "mangled_id": "An id is in scientific notation (such as 1.23E+11): a spreadsheet destroyed it.",
        "unprintable_id": (
            f"An id that is printed is longer than {LONGEST_ID} letters, or holds control characters or letters that "
            "the fonts do not have."
        ),
        "unprintable_text": (
            "A text that may be printed (payer, service line, DRG, reason, party) holds control characters or letters "
            "that the fonts do not have."
        ),
        "implausible_date": f"A date lies before {EARLIEST_PLAUSIBLE.year}.",
    }
    if reason in words:
        return words[reason]
    if kind == "missing":
        return f"{column} is empty."
    return f"{column} cannot be read as {_type_words(column, contract)}."


def _type_words(column: str, contract: Contract) -> str:
    kind = contract.columns[column].type
    return {"number": "a number", "integer": "a whole number", "month": "a month"}.get(kind, "an ISO date or time")
