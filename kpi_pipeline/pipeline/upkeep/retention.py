"""What may go after a time: patients' rows behind old issues, and drafts of old months. Reports and records stay.

An issue keeps its PDF, figures, manifest and events; only its case lists and the trace of their rows go, and
`removed.json` beside them says when and by whose word. `kpi issue reproduce` makes them again while the landing files
are there; an issue without them can no longer be compared with by `kpi diff`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kpi_pipeline.core.errors import Fault, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.delivery.archive import CASES, EVIDENCE, note_removal
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.delivery.rights import check_right
from kpi_pipeline.journal import text_faults
from kpi_pipeline.state.database import Database
from kpi_pipeline.state.events import append_event


@dataclass(frozen=True, slots=True)
class Old:
    """One file or folder past its time. what: `case list` or `drafts`."""

    what: str
    month: Month
    path: Path

    @property
    def n_bytes(self) -> int:
        """What removing it frees."""
        files = evidence_in(self.path.parent) if self.path.is_file() else self.path.rglob("*")
        return sum(one.stat().st_size for one in files if one.is_file())


def evidence_in(folder: Path) -> list[Path]:
    """What names patients in an issue's folder; the case list, by which it is found, last."""
    return [folder / name for name in EVIDENCE if (folder / name).is_file()]


def find_old(archive: Path, drafts: Path, *, today: Month, months: int) -> list[Old]:
    """Case lists of issues, and drafts, of months that ended more than so many months ago. Changes nothing."""
    oldest_kept = today.plus(-months)
    lists = [Old("case list", Month.parse(one.parent.parent.name), one) for one in archive.glob(f"*/*/issue-*/{CASES}")]
    folders = [Old("drafts", Month.parse(one.name), one) for one in drafts.glob("????-??") if one.is_dir()]
    return sorted((one for one in lists + folders if one.month < oldest_kept), key=lambda one: str(one.path))


def remove_old(
    database: Database, archive: Path, found: list[Old], *, by: str, at: datetime, deciders: Mapping[str, str]
) -> None:
    """Removes them; each removal is an event first. One that broke off is finished by the next.

    deciders: who may decide so, as in the settings; empty: anybody.
    """
    if faults := text_faults("--by", by):
        raise InputError(faults)
    check_right(deciders, by, "remove what is old")
    for one in found:
        try:
            _remove(database, archive, one, by=by, at=at)
        except OSError as error:
            what = f"{one.path} cannot be removed ({error.strerror})."
            raise InputError(Fault("retention", what, "Check your rights to it, then run it again.")) from error


def _remove(database: Database, archive: Path, one: Old, *, by: str, at: datetime) -> None:
    is_list = one.what == "case list"
    subject = one.path.parent.relative_to(archive).as_posix() if is_list else str(one.month)
    body = {"sha256": sha256_of(one.path)} if is_list else {}
    with database.writing() as session:
        append_event(session, f"{one.what} removed", subject, by=by, at=at, body=body)
    if not is_list:
        shutil.rmtree(one.path)
        return
    folder = one.path.parent
    mode = folder.stat().st_mode & 0o777
    folder.chmod(0o700)
    try:
        note_removal(folder, by=by, at=at)
        for file in evidence_in(folder):
            file.unlink()
    finally:
        folder.chmod(mode)
