"""Looks at files nobody has mapped yet and writes a proposal for `landing.yaml`: what `kpi map` does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from pathlib import Path

import yaml

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.intake.contract import CANONICAL, load_contracts, load_source
from kpi_pipeline.intake.mapping.first_look import FirstLook, look_at
from kpi_pipeline.intake.mapping.known_headers import known_as
from kpi_pipeline.intake.mapping.proposals import Proposal, ProposedColumn, likeliest_table, propose

_LIMITS = Limits()


@dataclass(frozen=True)
class _Group:
    """Files of one table with the same header, which one mapping reads."""

    table: str
    is_named: bool
    looks: dict[Path, FirstLook]

    @cached_property
    def proposal(self) -> Proposal:
        """Of the rows of all files."""
        first, *others = self.looks.values()
        return propose(first.header, first.rows, load_contracts()[self.table], *(one.rows for one in others))

    @property
    def n_required(self) -> int:
        """How many of the required columns are found."""
        return sum(item.is_required and item.header is not None for item in self.proposal.columns)


def propose_mapping(paths: list[Path], *, table: str | None = None, limits: Limits = _LIMITS) -> str:
    """The proposal as YAML with a comment at everything that a person must look at. Writes nothing.

    table: which table the files are; None tells it by their names, else by their columns. Files of one table with the
    same columns share a mapping; of those with others the proposal is a comment. Raises InputError.
    """
    contracts = load_contracts()
    if table is not None and table not in contracts:
        raise InputError(Fault("--table", f"{table!r} is not a table.", f"Choose one of: {', '.join(contracts)}."))
    lines = [
        "# Proposed by kpi map from the headers and first rows. Nothing is applied: check every line with a mark,",
        "# complete what is missing, put it into landing.yaml beside the files, then run kpi check --landing DIR.",
        "tables:",
    ]
    seen: dict[str, str] = {}
    for group in _groups(paths, table, limits):
        written = _lines(group)
        if group.table in seen:
            what = f"other columns than {seen[group.table]} has; a table has one mapping. Rename them, or give --table:"
            written = ["  #", f"  # {_names(group)}: {what}", *(f"  # {line.strip(chr(10))[2:]}" for line in written)]
        seen.setdefault(group.table, next(iter(group.looks)).name)
        lines += written
    return "\n".join(lines) + "\n"


def _groups(paths: list[Path], table: str | None, limits: Limits) -> list[_Group]:
    """The files by table and header, those first that lack the least. Raises InputError with all their faults."""
    contracts = load_contracts()
    known = frozenset().union(*(known_as(column) for one in contracts.values() for column in one.columns))
    groups: dict[tuple[str, tuple[str, ...], str], _Group] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            look = _look(path, known, limits)
        except InputError as error:
            faults += error.faults
            continue
        named = table or _table_by_name(path)
        found = named or likeliest_table(look.header, contracts)
        key = (found, tuple(name.lower() for name in look.header), str(look.options))
        groups.setdefault(key, _Group(found, named is not None, {})).looks[path] = look
    if faults:
        raise InputError(faults)
    return sorted(groups.values(), key=lambda one: -one.n_required)


def _look(path: Path, known: frozenset[str], limits: Limits) -> FirstLook:
    if path.is_dir():
        raise InputError(Fault(str(path), "is a folder.", "Name its files, as in kpi map FOLDER/*.csv."))
    if not path.is_file():
        raise InputError(Fault(str(path), "there is no such file.", "Check the path."))
    return look_at(path, known, limits)


def _table_by_name(path: Path) -> str | None:
    source = load_source(CANONICAL)
    found = source.mapping_of_file(source.stem_of(path.name) or path.stem)
    return found[0].table if found else None


def _names(group: _Group) -> str:
    """Patterns of the files; of those with one name in several folders, the pattern that looks into folders."""
    folders = Counter(path.name for path in group.looks)
    names = [_scalar(f"*/{escape(name)}" if n > 1 else escape(name)) for name, n in folders.items()]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _lines(group: _Group) -> list[str]:
    proposal = group.proposal
    required = [item for item in proposal.columns if item.is_required]
    is_doubtful = not group.is_named and (
        proposal.table != "encounters" or not all(item.header and not item.doubt for item in required)
    )
    doubt = "  # UNSURE: told by the columns alone; --table says which it is" if is_doubtful else ""
    lines = [f"  {proposal.table}:{doubt}", f"    files: {_names(group)}"]
    look = next(iter(group.looks.values()))
    for option, value in look.options.items():
        mark = f"  # UNSURE: {look.doubts[option]}" if option in look.doubts else ""
        lines.append(f"    {option}: {_scalar(value)}{mark}")
    is_empty = all(item.header is None for item in proposal.columns)
    lines.append("    columns: {}" if is_empty else "    columns:")
    for item in proposal.columns:
        if item.header is not None:
            named = f"[{_scalar(item.header)}, {_scalar(item.hour)}]" if item.hour else _scalar(item.header)
            lines.append(f"      {item.column}: {named}{_mark(item)}")
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


def _scalar(value: str | int | None) -> str:
    """A value as YAML writes it on one line; a file's header is no markup of ours."""
    return yaml.safe_dump(value, allow_unicode=False, width=10_000).removesuffix("\n...\n").strip()
