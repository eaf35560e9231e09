"""What intake says about files that it reads all the same, in sentences without a patient's data."""

from __future__ import annotations

from kpi_pipeline.intake.column_mapping import used_headers
from kpi_pipeline.intake.contract import CANONICAL, Source, load_contracts
from kpi_pipeline.intake.landing_options import LandingOptions
from kpi_pipeline.intake.opening import Work
from kpi_pipeline.intake.staged_files import StagedFile

_IGNORED_SHOWN = 5


def file_warnings(item: Work, source: Source, declared: LandingOptions) -> list[str]:
    """What is to be said of a file before its rows are read."""
    warnings = list(item.opened.warnings)
    if source.name == CANONICAL:
        known: set[str] = set()
        for mapping in item.landed.mappings:
            of_table = declared.of_table(mapping.table)
            known |= (set(load_contracts()[mapping.table].columns) - of_table.columns.keys()) | used_headers(of_table)
        ignored = [column for column in item.opened.columns if column.lower() not in known]
        if len(ignored) <= _IGNORED_SHOWN:
            warnings += [f"{item.landed.name}: the column {one!r} is not in the layout; ignored." for one in ignored]
        else:
            shown = ", ".join(repr(one) for one in ignored[:_IGNORED_SHOWN])
            warnings.append(
                f"{item.landed.name}: {len(ignored):,} columns are not in the layout; ignored: {shown} and others."
            )
    return warnings


def row_warnings(staged: list[StagedFile]) -> list[str]:
    """Empty rows, doubtful numbers and repaired files."""
    warnings = []
    for file in staged:
        if file.rows_empty:
            which = "1 row holds" if file.rows_empty == 1 else f"{file.rows_empty:,} rows hold"
            warnings.append(f"{file.file_name}: {which} not a single value (commas alone); left aside as empty.")
        warnings += [
            f"{file.file_name}: numbers of {column} can be read in two ways (1,234 is a thousand, or one and a bit). "
            f"Write in landing.yaml: tables: {{{file.table}: {{decimal: '.'}}}}, or ','."
            for column in file.doubtful_numbers
        ]
        if file.repaired:
            warnings.append(f"{file.file_name}: {file.repaired}; the file was read again.")
    return warnings


def left_out_warnings(staged: list[StagedFile], source: Source) -> list[str]:
    """Rows that a mapping leaves out, by reason."""
    return [
        f"{file.file_name}: {count:,} row{'s' if count != 1 else ''} left out of {file.table}: "
        f"{source.mappings[file.table].leaves_out[reason]}."
        for file in staged
        for reason, count in file.left_out.items()
    ]


def unreadable_warnings(staged: list[StagedFile]) -> list[str]:
    """Values that are there and cannot be read, where that does not refuse the row."""
    return [
        f"{file.file_name}: {count:,} value{'s' if count != 1 else ''} of {column} cannot be read; treated as unknown."
        for file in staged
        for column, count in file.unreadable.items()
    ]
