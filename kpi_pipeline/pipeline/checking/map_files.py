"""Looks at files nobody has mapped yet and writes a proposal for `landing.yaml`: what `kpi map` does."""

from __future__ import annotations

from pathlib import Path

import yaml

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.core.sql.connections import connect
from kpi_pipeline.core.sql.sql_text import parquet_file
from kpi_pipeline.intake.contract import CANONICAL, load_contracts, load_source
from kpi_pipeline.intake.mapping.proposals import Proposal, ProposedColumn, propose
from kpi_pipeline.intake.reading.table_options import TableOptions
from kpi_pipeline.intake.reading.text_files import first_rows
from kpi_pipeline.intake.reading.workbooks import sheet_rows

_ROWS_SEEN = 200
_LIMITS = Limits()


def propose_mapping(paths: list[Path], *, table: str | None = None, limits: Limits = _LIMITS) -> str:
    """The proposal as YAML with a comment at everything that a person must look at. Writes nothing.

    table: which table the files are; None tells it by their names, else encounters. Raises InputError.
    """
    contracts = load_contracts()
    if table is not None and table not in contracts:
        raise InputError(Fault("--table", f"{table!r} is not a table.", f"Choose one of: {', '.join(contracts)}."))
    missing = [Fault(str(path), "there is no such file.", "Check the path.") for path in paths if not path.is_file()]
    if missing:
        raise InputError(missing)
    lines = [
        "# Proposed by kpi map from the headers and first rows. Nothing is applied: check every line with a mark,",
        "# complete what is missing, put it into landing.yaml beside the files, then run kpi check --landing DIR.",
        "tables:",
    ]
    for path in paths:
        named = table or _table_by_name(path)
        header, *rows = _first_rows(path, limits) or [[]]
        lines += _lines(path, propose(header, rows, contracts[named]))
    return "\n".join(lines) + "\n"


def _table_by_name(path: Path) -> str:
    source = load_source(CANONICAL)
    found = source.mapping_of_file(source.stem_of(path.name) or path.stem)
    return found[0].table if found else "encounters"


def _first_rows(path: Path, limits: Limits) -> list[list[str]]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        with connect(files=[path]) as connection:
            cursor = connection.execute(f"SELECT * FROM {parquet_file(path)} LIMIT ?", [_ROWS_SEEN])
            names = [str(column[0]) for column in cursor.description or []]
            return [names, *([("" if cell is None else str(cell)) for cell in row] for row in cursor.fetchall())]
    if suffix == ".xlsx":
        return sheet_rows(path, TableOptions(), n_rows=_ROWS_SEEN)
    with private_files(), working_folder(own_temporary_folder()) as scratch:
        return first_rows(path, TableOptions(), n_rows=_ROWS_SEEN, scratch=scratch, limits=limits)


def _lines(path: Path, proposal: Proposal) -> list[str]:
    lines = [f"  {proposal.table}:", f"    files: {_scalar(path.name)}"]
    is_empty = all(item.header is None for item in proposal.columns)
    lines.append("    columns: {}" if is_empty else "    columns:")
    for item in proposal.columns:
        if item.header is not None:
            lines.append(f"      {item.column}: {_scalar(item.header)}{_mark(item)}")
        elif item.is_required:
            lines.append(f"      # {item.column}: MISSING, and required: name its column, or give it under constants")
    forms = {item.column: item.date_form for item in proposal.columns if item.date_form}
    if forms:
        lines.append("    dates:")
        lines += [f"      {column}: {_scalar(form)}" for column, form in forms.items()]
    if proposal.values:
        lines += ["    values:", "      encounter_type:"]
        for theirs, ours in proposal.values.items():
            word = _scalar(ours) if ours else "outpatient  # UNSURE: not a kind of encounter we know; say which it is"
            lines.append(f"        {_scalar(theirs)}: {word}")
    if proposal.unused:
        shown = ", ".join(_scalar(one) for one in proposal.unused[:30])
        lines.append(f"    # not used: {shown}{' …' if len(proposal.unused) > 30 else ''}")
    return lines


def _mark(item: ProposedColumn) -> str:
    return f"  # UNSURE: {item.doubt}" if item.doubt else ""


def _scalar(text: str | None) -> str:
    """A text as YAML writes it on one line; a file's header is no markup of ours."""
    return yaml.safe_dump(text, allow_unicode=False, width=10_000).removesuffix("\n...\n").strip()
