"""Stages all files of a landing folder, several at once: numbering the lines of a file holds its reading to one core.

What comes out does not depend on which file ends first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.core.sql.connections import connect_again
from kpi_pipeline.intake.contract import Mapping
from kpi_pipeline.intake.reading.landing_options import LandingOptions
from kpi_pipeline.intake.reading.lookups import Lookup
from kpi_pipeline.intake.staged.file_staging import ChangedFileError, stage_landed
from kpi_pipeline.intake.staged.opening import Work
from kpi_pipeline.intake.staged.staged_faults import conflict_faults, place_faults
from kpi_pipeline.intake.staged.staged_files import StagedFile

_MOST_AT_ONCE = 4
"""Each file that is written holds some hundred thousand rows in memory."""

Made = tuple[Work, Mapping]
"""Of what a staged file was made."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    staged: StagedFile | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class FileStager:
    """What every file of one run is staged with. The connection must be allowed to read them all and the store."""

    connection: duckdb.DuckDBPyConnection
    lookups: dict[str, Lookup]
    options: LandingOptions
    store: Path
    settings: Settings
    progress: Callable[[str], None]

    def stage_all(
        self, work: Sequence[Work], *, plausible_until: date
    ) -> tuple[list[StagedFile], list[Made], list[Fault]]:
        """Every file as rows of each table it feeds, in the order given; of what each was made; and all their faults.

        A mapping whose lookup could not be opened is passed over: its fault is known. Raises ChangedFileError where a
        file was written to meanwhile, DefinitionError for a broken mapping.
        """
        made = [
            (item, mapping)
            for item in work
            for mapping in item.landed.mappings
            if mapping.lookups.keys() <= self.lookups.keys()
        ]
        staged: list[StagedFile] = []
        made_of: list[Made] = []
        faults: list[Fault] = []
        for one, outcome in zip(made, self._outcomes(made, plausible_until), strict=True):
            faults += [fault for fault in outcome.faults if fault not in faults]
            if outcome.staged is not None:
                staged.append(outcome.staged)
                made_of.append(one)
        return staged, made_of, faults

    def stage(self, one: Made, *, plausible_until: date) -> StagedFile:
        """One file again, on the run's own connection, with another last plausible day."""
        return self._stage(self.connection, one, plausible_until)

    def _outcomes(self, made: Sequence[Made], plausible_until: date) -> list[_Outcome]:
        groups = _largest_first(made)
        n_at_once = max(1, min(len(groups), self.settings.threads or os.cpu_count() or 1, _MOST_AT_ONCE))
        free = [connect_again(self.connection) for _ in range(n_at_once)]
        connections, lock = tuple(free), threading.Lock()
        outcomes: dict[int, _Outcome] = {}

        def stage_group(numbers: Sequence[int]) -> None:
            with lock:
                connection = free.pop()
            for number in numbers:
                item, mapping = made[number]
                with lock:
                    self.progress(f"{item.landed.name} → {mapping.table}")
                outcomes[number] = self._outcome(connection, made[number], plausible_until)
            with lock:
                free.append(connection)

        with ThreadPoolExecutor(n_at_once, thread_name_prefix="staging") as pool:
            futures = [pool.submit(stage_group, numbers) for numbers in groups]
            try:
                _raise_first(futures)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for connection in connections:
                    connection.interrupt()
                raise
        for connection in connections:
            connection.close()
        return [outcomes[number] for number in range(len(made))]

    def _outcome(self, connection: duckdb.DuckDBPyConnection, one: Made, plausible_until: date) -> _Outcome:
        try:
            staged = self._stage(connection, one, plausible_until)
            opened = one[0].opened
            faults = place_faults(connection, staged, opened)
            faults += conflict_faults(staged, opened, self.settings.parts_limit_pct)
            return _Outcome(staged, tuple(faults))
        except ChangedFileError:
            raise
        except InputError as error:
            return _Outcome(None, tuple(error.faults))

    def _stage(self, connection: duckdb.DuckDBPyConnection, one: Made, plausible_until: date) -> StagedFile:
        item, mapping = one
        return stage_landed(
            connection,
            item,
            mapping,
            lookups=self.lookups,
            options=self.options,
            store=self.store,
            plausible_until=plausible_until,
        )


def _largest_first(made: Sequence[Made]) -> list[list[int]]:
    """The numbers of what is to be staged, the largest files first; the same bytes for one table one after another,
    since they become the same staged file."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, (item, mapping) in enumerate(made):
        groups.setdefault((mapping.table, item.landed.sha256), []).append(number)
    return sorted(groups.values(), key=lambda numbers: -made[numbers[0]][0].landed.scan.state.size)


def _raise_first(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()
