"""What intake notices of files that it reads all the same. No patient's data."""

from __future__ import annotations

from kpi_pipeline.core.notices import Notice
from kpi_pipeline.intake.contract import CANONICAL, Source, load_contracts
from kpi_pipeline.intake.mapping.column_mapping import used_headers
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.staged.opening import Work
from kpi_pipeline.intake.staged.staged_files import StagedFile

_IGNORED_SHOWN = 5


def file_warnings(item: Work, source: Source, declared: LandingOptions) -> list[Notice]:
    """What is to be said of a file before its rows are read."""
    warnings = list(item.opened.warnings)
    if source.name == CANONICAL:
        known: set[str] = set()
        for mapping in item.landed.mappings:
            of_table = declared.of_table(mapping.table)
            known |= (set(load_contracts()[mapping.table].columns) - of_table.columns.keys()) | used_headers(of_table)
        ignored = [column for column in item.opened.columns if column.lower() not in known]
        groups = [ignored[:_IGNORED_SHOWN]] if len(ignored) > _IGNORED_SHOWN else [[one] for one in ignored]
        warnings += [
            Notice(
                "columns_ignored",
                file=item.landed.name,
                columns=tuple(group),
                details={"ignored": str(len(ignored) if len(ignored) > _IGNORED_SHOWN else 1)},
            )
            for group in groups
        ]
    return warnings


def row_warnings(staged: list[StagedFile]) -> list[Notice]:
    """Empty rows, doubtful numbers, repaired values and files that were read again."""
    warnings = []
    for file in staged:
        if file.rows_empty:
            warnings.append(Notice("rows_empty", file=file.file_name, counts={"rows": file.rows_empty}))
        warnings += [
            Notice("numbers_doubtful", file=file.file_name, table=file.table, columns=(column,))
            for column in file.doubtful_numbers
        ]
        warnings += [
            Notice(
                "values_repaired", file=file.file_name, table=file.table, columns=(column,), counts={"values": count}
            )
            for column, count in file.values_repaired.items()
        ]
        if file.repaired:
            warnings.append(Notice("file_read_again", file=file.file_name, details={"fault": file.repaired}))
    return warnings


def left_out_warnings(staged: list[StagedFile], source: Source) -> list[Notice]:
    """Rows that a mapping leaves out, by reason."""
    return [
        Notice(
            "rows_left_out",
            file=file.file_name,
            table=file.table,
            counts={"rows": count},
            details={"reason": source.mappings[file.table].leaves_out[reason]},
        )
        for file in staged
        for reason, count in file.left_out.items()
    ]


def unreadable_warnings(staged: list[StagedFile]) -> list[Notice]:
    """Values that are there and cannot be read, where that does not refuse the row."""
    return [
        Notice("values_unreadable", file=file.file_name, columns=(column,), counts={"values": count})
        for file in staged
        for column, count in file.unreadable.items()
    ]
