"""What `landing.yaml` says about the files of one table: which they are, how they are cut, what their columns mean.

`tables: {encounters: {files: "ADT_*.csv", columns: {encounter_id: VisitNo}, …}}`: a mapping without SQL. What the
options do to rows is the matter of `column_mapping`.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from kpi_pipeline.intake.reading.file_order import NewestFile

_DIRECTIVES = frozenset("YymdbBHIMSpfzjJT%-")
EXCEL_DATES = {"excel": "1899-12-30", "excel-1904": "1904-01-01"}
"""Day 0 of a spreadsheet's numbers for days, on Windows and on old Macs."""
_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}

Words = Annotated[str, Field(min_length=1, max_length=300)]
Feed = Literal["delta", "full"]
"""What an extract holds: what is new or changed since the one before, or every row there is."""


class Repair(BaseModel):
    """What is certainly wrong with the values of a column of ids or codes, and so may be put right.

    whole_number: a program took ids for decimals, 1.0 is 1. width: how many signs an id or code has; leading zeros that
    were lost come back before digits alone. unknown: values that stand for nobody or nothing; they count as empty, and
    of a person as an unknown person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole_number: bool = False
    width: Annotated[int, Field(ge=2, le=40)] | None = None
    unknown: tuple[Words, ...] = ()

    @field_validator("unknown", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class TableOptions(BaseModel):
    """The options of one table; each may be left out.

    files: a pattern of file names, or several; with a slash it looks into folders (`2026-*/adt.csv`). columns: our
    column → the header of theirs, or several that are joined with a blank (a day and an hour). constants: our column
    → one value for every row. values: our column → their value → ours. repairs: our column → what is certainly wrong
    with its values, put right before `values` looks at them. dates: the form of dates, as strptime writes it, for all
    columns or for one each; `excel` for a spreadsheet's day numbers. header_row: the line that names the
    columns, from 1. skip_footer: lines at the end that are no rows. newest_file: which file's row is the later version
    where no updated_at tells: `date`, that of the name, or `name`, the last name in order. feed: `full`, each extract
    holds every row; `delta`, what is new or changed; None: as for all tables.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[Words, ...] = ()
    columns: dict[str, tuple[Words, ...]] = {}
    constants: dict[str, Words] = {}
    values: dict[str, dict[str, str]] = {}
    repairs: dict[str, Repair] = {}
    dates: dict[str, str] | str | None = None
    decimal: Literal[".", ","] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    skip_footer: Annotated[int, Field(ge=0, le=1000)] = 0
    sheet: Words | None = None
    newest_file: NewestFile | None = None
    feed: Feed | None = None

    @property
    def maps_columns(self) -> bool:
        """Whether anything is declared that only our own layout knows."""
        return self.model_copy(update={"newest_file": None, "feed": None}) != TableOptions()

    @field_validator("files", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _columns_are_lists(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: (theirs,) if isinstance(theirs, str) else theirs for name, theirs in value.items()}

    @field_validator("delimiter", mode="before")
    @classmethod
    def _is_one_character(cls, value: object) -> object:
        text = _NAMED_DELIMITERS.get(str(value), str(value))
        if len(text) != 1 or text in '"\r\n' or text.isalnum():
            raise ValueError(f"must be one character, or tab; got {str(value)!r}.")
        return text

    @field_validator("encoding")
    @classmethod
    def _is_a_text_encoding(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            codec = codecs.lookup(value)
            "A".encode(codec.name).decode(codec.name)
        except (LookupError, UnicodeError, ValueError):
            raise ValueError(f"{value!r} is no encoding of text. Write one like cp1252, utf-8 or utf-16.") from None
        return codec.name

    @field_validator("dates")
    @classmethod
    def _are_date_forms(cls, value: dict[str, str] | str | None) -> dict[str, str] | str | None:
        for form in value.values() if isinstance(value, dict) else [value] if value else []:
            if form in EXCEL_DATES:
                continue
            used = re.findall(r"%-?(.)", form)
            has_day = {"d"} <= set(used) and set(used) & set("mbB") and set(used) & set("Yy")
            if not has_day or not set(used) <= _DIRECTIVES:
                raise ValueError(f"{form!r} is no form of a date. Write one like %m/%d/%Y %H:%M, or excel.")
        return value

    @field_validator("values")
    @classmethod
    def _values_differ(cls, value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for column, pairs in value.items():
            seen = [theirs.strip().lower() for theirs in pairs]
            twice = sorted({theirs for theirs in seen if seen.count(theirs) > 1})
            if twice:
                raise ValueError(f"{column} maps {twice[0]!r} twice; upper and lower case count as the same.")
        return value

    def date_form(self, column: str) -> str | None:
        """The form declared for one of our columns."""
        return self.dates.get(column) if isinstance(self.dates, dict) else self.dates
