"""Proposes how a file's columns become ours, from its header and its first values; says what it is unsure of.

A proposal is text for `landing.yaml`. It is never applied: a person reads it, corrects it, and puts it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rapidfuzz import fuzz

from kpi_pipeline.intake.contract import Contract
from kpi_pipeline.intake.mapping.known_headers import (
    joined,
    kind_of_encounter,
    known_as,
    may_mean_another,
    names_of,
    plain_name,
    spelled_out,
)

_SIMILAR_ENOUGH = 84
_IN_SHORT = 98.0
_SHARE_THAT_FITS = 0.9
_DAYS = (
    "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%d-%b-%Y", "%d%b%Y", "%b %d %Y",
    "%m/%d/%y", "%d/%m/%y", "%y/%m/%d", "%d.%m.%y", "%m-%d-%y", "%d-%m-%y", "%y-%m-%d", "%d-%b-%y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p", ":%H:%M:%S")
_DATE_FORMS = tuple(day + clock for day in _DAYS for clock in _CLOCKS)
"""As export programs write them. Every form that the same digits may have stands here, so that a doubt shows."""
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
    r"|(19|20)\d{6}(\d{4}(\d{2})?)?"
)
_EXCEL_DAY = re.compile(r"[34]\d{4}(\.\d+)?")
_NUMBER = re.compile(r"[-(]?[$€£]? ?\d[\d.,' ]*\)?-?")
_DAY_WORD = re.compile(r"(date|dt|day)$")
_HOUR_WORD = re.compile(r"(time|tm|hour|hr)$")
_HOUR = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( ?[AP]M)?", re.IGNORECASE)

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """One of our columns with the header proposed for it, or none.

    doubt: why a person must look; empty: it is sure. hour: the header beside it that holds the time of the day.
    """

    column: str
    is_required: bool
    header: str | None
    doubt: str = ""
    date_form: str | None = None
    hour: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one file. values: their kind of encounter → ours, None where it is not known."""

    table: str
    columns: tuple[ProposedColumn, ...]
    values: dict[str, str | None]
    unused: tuple[str, ...]

    def of(self, column: str) -> ProposedColumn:
        """The proposal for one of our columns."""
        return next(item for item in self.columns if item.column == column)


def propose(header: Sequence[str], rows: Rows, contract: Contract, *others: Rows) -> Proposal:
    """Best names first; a header is proposed once. rows: some rows of the file as text, there may be none; others: the
    same of further files with this header."""
    files = (rows, *others)
    scores = sorted(
        (
            (_score(name, theirs), name, theirs)
            for name in contract.columns
            for theirs in header
            if _score(name, theirs) >= _SIMILAR_ENOUGH
        ),
        key=lambda item: (-item[0], not contract.columns[item[1]].required, list(contract.columns).index(item[1])),
    )
    chosen: dict[str, tuple[float, str]] = {}
    taken: set[str] = set()
    for score, name, theirs in scores:
        if name not in chosen and theirs not in taken:
            chosen[name] = (score, theirs)
            taken.add(theirs)
    columns = []
    for name, column in contract.columns.items():
        score, theirs = chosen.get(name, (0.0, ""))
        free = [one for one in header if one not in taken]
        hour = _hour_beside(header, files, theirs, free) if theirs and column.type == "moment" else None
        taken |= {hour} if hour else set()
        parts = [theirs, hour] if hour else [theirs]
        rivals = [other for one, mine, other in scores if mine == name and other not in parts and one >= min(score, 99)]
        item = _proposed(name, contract, theirs, score, rivals, _values(header, files, *parts))
        columns.append(replace(item, hour=hour))
    kinds = chosen.get("encounter_type")
    values = {}
    if kinds is not None:
        seen = sorted({value for values in _values(header, files, kinds[1]) for value in values})
        values = {value: kind_of_encounter(value) for value in seen[:40]}
    return Proposal(contract.table, tuple(columns), values, tuple(one for one in header if one not in taken))


def likeliest_table(header: Sequence[str], contracts: Mapping[str, Contract]) -> str:
    """The table of which the most columns are known in a header; `encounters` where nothing tells."""
    theirs = {joined(one) for one in header}

    def fit(table: str) -> tuple[int, int, bool]:
        known = [column for name, column in contracts[table].columns.items() if known_as(name) & theirs]
        return len(known), sum(column.required for column in known), table == "encounters"

    return max(contracts, key=fit)


def _score(column: str, header: str) -> float:
    """100: a known name of the column, a little less for one further down the list; less: only similar, most of all
    where it is a known name in short."""
    names = names_of(column)
    if joined(header) == joined(column):
        return 101.0
    for place, name in enumerate(names):
        if joined(name) == joined(header):
            return 100.0 - place / 100
    plain, full = plain_name(header), spelled_out(header)
    if full in {spelled_out(name) for name in names}:
        return _IN_SHORT
    return max(fuzz.token_sort_ratio(plain, name) for name in names) * 0.95


def _proposed(
    name: str, contract: Contract, theirs: str, score: float, rivals: list[str], values: list[list[str]]
) -> ProposedColumn:
    column, is_required = contract.columns[name], name in contract.required_columns
    if not theirs:
        return ProposedColumn(name, is_required, None)
    doubts = []
    if score < 99:
        doubts.append("the name is only similar")
    elif score < 101 and may_mean_another(theirs):
        doubts.append("so common a name may mean something else")
    elif rivals:
        doubts.append(f"it may also be {' or '.join(rivals[:3])}")
    form = None
    filled = [value for of_file in values for value in of_file]
    if not filled:
        doubts.append("no value was seen")
    elif column.type in ("moment", "date", "month"):
        form, doubt = _date_form(filled)
        doubts += [doubt] if doubt else []
        if name == "birth_date" and "%y" in (form or ""):
            doubts.append("two digits of a year do not tell 1925 from 2025")
    elif column.type in ("number", "integer"):
        if sum(bool(_NUMBER.fullmatch(value)) for value in filled) < _SHARE_THAT_FITS * len(filled):
            doubts.append("its values are no numbers")
    elif contract.key == (name,) and any(len(set(one)) < len(one) for one in values):
        doubts.append("its values come more than once")
    elif name == "encounter_type":
        unknown = [value for value in sorted(set(filled)) if kind_of_encounter(value) is None]
        if unknown:
            doubts.append("some of its values are not known kinds of encounter")
    elif column.type in ("id", "code") and all(_ISO.fullmatch(value) and "-" in value for value in filled):
        doubts.append("its values are dates")
    return ProposedColumn(name, is_required, theirs, "; ".join(doubts), form)


def _date_form(values: list[str]) -> tuple[str | None, str]:
    """The one form all values have (None: ISO, which needs no word), and the doubt that is left."""
    if all(_ISO.fullmatch(value) for value in values):
        return None, ""
    if all(_EXCEL_DAY.fullmatch(value) for value in values):
        return "excel", "its values look like Excel's numbers for days"
    fits = [form for form in _DATE_FORMS if all(_has_form(value, form) for value in values)]
    if not fits:
        return None, "its values are no dates of one form"
    if len(fits) > 1:
        return fits[0], f"the form may also be {' or '.join(fits[1:])}"
    return fits[0], ""


def _has_form(value: str, form: str) -> bool:
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def _hour_beside(header: Sequence[str], files: Sequence[Rows], day: str, free: Sequence[str]) -> str | None:
    """The header of the hours that belong to a column of days: of the same name, and filled only where that is."""
    stem = _DAY_WORD.sub("", joined(day))
    days = _cells(header, files, day)
    for other in free:
        if _HOUR_WORD.sub("", joined(other)) != stem or not _HOUR_WORD.search(joined(other)):
            continue
        pairs = [(one, two) for one, two in zip(days, _cells(header, files, other), strict=True) if one or two]
        if pairs and all(one and ":" not in one and (not two or _HOUR.fullmatch(two)) for one, two in pairs):
            return other if any(two for _, two in pairs) else None
    return None


def _cells(header: Sequence[str], files: Sequence[Rows], theirs: str) -> list[str]:
    place = list(header).index(theirs)
    return [row[place].strip() if place < len(row) else "" for rows in files for row in rows]


def _values(header: Sequence[str], files: Sequence[Rows], *theirs: str) -> list[list[str]]:
    """The filled values of a column, or of two that are joined, of each file."""
    if not theirs[0]:
        return []
    columns = [[_cells(header, [rows], one) for one in theirs] for rows in files]
    return [
        [" ".join(filter(None, cells)) for cells in zip(*of_file, strict=True) if any(cells)] for of_file in columns
    ]
