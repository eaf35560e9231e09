"""Opens all files of a landing folder, and those that mappings join; gathers the faults of all that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.files import strange_file
from kpi_pipeline.core.notices import Notice
from kpi_pipeline.core.settings import Limits
from kpi_pipeline.intake.contract import CANONICAL, Source, load_contracts
from kpi_pipeline.intake.mapping.column_mapping import header_mapping_faults, required_column_faults, wanted_columns
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.reading.lookups import Lookup, absent_lookup
from kpi_pipeline.intake.reading.opened import OpenFile, Wanted
from kpi_pipeline.intake.reading.readers import is_plain_text, open_file
from kpi_pipeline.intake.reading.scan import scan_file
from kpi_pipeline.intake.reading.table_options import TableOptions
from kpi_pipeline.intake.staged.landing import LandedFile, endings_in_words, find_lookup, other_source_hint


@dataclass(frozen=True, slots=True)
class Opening:
    """What every file of one run is opened with."""

    landing: Path
    source: Source
    declared: LandingOptions
    scratch: Path
    limits: Limits

    def options_of(self, file: LandedFile) -> TableOptions:
        """What landing.yaml says about the file's table."""
        tables = [mapping.table for mapping in file.mappings if mapping.table in self.declared.tables]
        return self.declared.of_table(tables[0]) if tables else TableOptions()

    def wanted_in(self, file: LandedFile) -> Wanted:
        """The names by which its header is recognised."""
        mapping = file.mappings[0]
        if mapping.source == CANONICAL:
            return wanted_columns(load_contracts()[mapping.table], mapping.columns, self.options_of(file))
        names = frozenset(name.lower() for one in file.mappings for name in one.columns)
        return Wanted(names | frozenset(mapping.optional_columns), names, mapping.table)

    def hint_of(self, file: LandedFile, opened: OpenFile) -> str:
        """The source that a file seems to belong to instead, if there is one: for who looks for a cure."""
        stem = self.source.stem_of(file.path.name) or file.name
        return other_source_hint(self.source, stem, {column.lower() for column in opened.columns})


@dataclass(frozen=True, slots=True)
class Work:
    """A file that can be read."""

    landed: LandedFile
    opened: OpenFile


def open_all(opening: Opening, landed: list[LandedFile]) -> tuple[list[Work], list[Fault]]:
    """Opens every file. Returns those that can be read, and the faults of all that cannot."""
    work: list[Work] = []
    faults: list[Fault] = []
    for file in landed:
        try:
            opened = open_file(
                file.path,
                scan=file.scan,
                name=file.name,
                scratch=opening.scratch,
                options=opening.options_of(file),
                wanted=opening.wanted_in(file),
                limits=opening.limits,
            )
        except InputError as error:
            faults.extend(error.faults)
            continue
        options = opening.options_of(file)
        missing = header_mapping_faults(opened, options) or [
            fault
            for mapping in file.mappings
            for fault in required_column_faults(
                opened, mapping, load_contracts()[mapping.table], options, hint=partial(opening.hint_of, file, opened)
            )
        ]
        faults.extend(missing)
        if not missing:
            work.append(Work(file, opened))
    return work, faults


def open_lookups(opening: Opening, warnings: list[Notice], faults: list[Fault]) -> dict[str, Lookup]:
    """Opens the files that mappings join, by view; notes what is not there or not readable."""
    landing, source = opening.landing, opening.source
    lookups: dict[str, Lookup] = {}
    for mapping in source.mappings.values():
        for view, pattern in mapping.lookups.items():
            if view in lookups:
                continue
            columns = mapping.lookup_columns.get(view, ())
            paths = find_lookup(landing, source, pattern)
            if not paths and view in mapping.may_lack:
                named, unknown = pattern.split("|")[0].strip(), mapping.may_lack[view]
                warnings.append(Notice("lookup_not_found", details={"named": named, "unknown": unknown}))
                lookups[view] = absent_lookup(columns)
            elif not paths:
                what = f"no {pattern} file ({endings_in_words(source)}) was found; the source {source.name!r} needs it."
                faults.append(Fault(str(landing), what, "Put it into this folder."))
            else:
                strange = [fault for path in paths if (fault := strange_file(path, landing)) is not None]
                if strange:
                    faults += strange
                    continue
                try:
                    scans = [scan_file(path, is_text=is_plain_text(path)) for path in paths]
                    files = tuple(
                        open_file(path, scan=scan, scratch=opening.scratch, limits=opening.limits)
                        for path, scan in zip(paths, scans, strict=True)
                    )
                    lookups[view] = Lookup(files, tuple(scan.sha256 for scan in scans), columns)
                except InputError as error:
                    faults.extend(fault for fault in error.faults if fault not in faults)
    return lookups
