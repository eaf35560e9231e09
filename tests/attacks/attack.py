"""What an attack is: files that somebody hostile puts somewhere, and the command that then meets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CANARY = "CANARY-5b1f-DO-NOT-READ"
"""What the file outside holds: it may be found nowhere afterwards."""
PATIENT = "Q7731QX"
"""A patient's id in every landing folder: no message may repeat it."""
HEADER = ("encounter_id", "person_id", "facility_id", "encounter_type", "admitted_at", "discharged_at")
GOOD = ("E1", PATIENT, "F1", "acute inpatient", "2026-10-01 08:00", "2026-10-05 11:00")

Must = Literal["be refused", "be accepted", "either"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one attack happens: `folder` is the program's to read and write; `secret` and `outside` are not."""

    folder: Path
    outside: Path

    @property
    def landing(self) -> Path:
        """The landing folder, made when it is first asked for."""
        path = self.folder / "landing"
        path.mkdir(exist_ok=True)
        return path

    @property
    def warehouse(self) -> Path:
        """Where a build may write its warehouse."""
        return self.folder / "house" / "h.duckdb"

    @property
    def secret(self) -> Path:
        """A file that nothing may read."""
        return self.outside / "secret.csv"

    @property
    def written(self) -> Path:
        """A file that nothing may write."""
        return self.outside / "written"

    def aim(self, text: str) -> str:
        """A payload with the paths it is after."""
        return text.replace("{secret}", str(self.secret)).replace("{written}", str(self.written))


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack. command: the words after `kpi`; `LANDING`, `WAREHOUSE` and `FOLDER` in them stand for the paths.

    `intake` as the only word stages the landing folder, as `kpi build` begins, and prints what it would.
    n_inputs: how many hostile inputs it tries at once, such as the rows of one file.
    """

    name: str
    prepare: Callable[[Place], object]
    command: tuple[str, ...] = ("intake",)
    must: Must = "either"
    n_inputs: int = 1


def csv_text(*rows: tuple[str, ...]) -> str:
    """Rows as CSV, every field quoted."""
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)


def good_landing(place: Place) -> Path:
    """A landing folder with one good stay."""
    (place.landing / "encounters.csv").write_text(csv_text(HEADER, GOOD), encoding="utf-8")
    return place.landing
