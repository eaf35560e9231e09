"""Attacks on every command that prints what files hold: a whole house is built of hostile texts, then asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.attacks.attack import GOOD, HEADER, PATIENT, Attack, Place, csv_text
from tests.attacks.in_landing import MORE
from tests.attacks.texts import EVERY

_HOUSE = ("--warehouse", "WAREHOUSE")
_MONTH = ("2026-10", *_HOUSE)
SCREENS: dict[str, tuple[str, ...]] = {
    "values": ("values", "discharges", *_HOUSE),
    "values as csv": ("values", "discharges", *_HOUSE, "--format", "csv"),
    "cases": ("cases", "discharges", *_HOUSE),
    "cases as csv": ("cases", "discharges", *_HOUSE, "--format", "csv"),
    "cases as json": ("cases", "discharges", *_HOUSE, "--format", "json"),
    "quarantine": ("quarantine", *_HOUSE),
    "quarantine as json": ("quarantine", *_HOUSE, "--format", "json"),
    "faults": ("faults", *_HOUSE),
    "totals": ("totals", *_MONTH),
    "groups by payer": ("groups", "length_of_stay_days", "--by", "payer", *_MONTH),
    "groups by service line": ("groups", "length_of_stay_days", "--by", "service_line", *_MONTH, "--format", "csv"),
    "fairness": ("fairness", *_MONTH),
    "budget": ("budget", *_MONTH),
    "drivers": ("drivers", *_MONTH),
    "effects": ("effects", *_MONTH),
    "explain": ("explain", "discharges/all/2026-10", *_HOUSE),
    "check": ("check", "--landing", "FOLDER/landing"),
    "map": ("map", "FOLDER/landing/encounters.csv"),
    "doctor": ("doctor", *_HOUSE),
    "build again": ("build", "--landing", "FOLDER/landing", *_HOUSE),
}


def screens() -> Iterator[Attack]:
    """Every command that prints, over one house of hostile rows, names, reasons and payers."""
    for name, command in SCREENS.items():
        yield Attack(f"screen: {name}", _house, command, n_inputs=len(EVERY))
    for number, name in enumerate(("[red]x", "\x1b]0;x\x07", "a\u202eb", "[red", "{{7*7}}", "=1+1", "%s%n", "\\[b]")):
        yield Attack(
            f"screen: a series by name {number}",
            partial(_series, f"{name}.csv"),
            ("signals", f"FOLDER/s/{name}.csv", "--chart", "xmr"),
        )


def _house(place: Place) -> None:
    """The house, built once; every attack gets a copy of its own."""
    first = place.folder.parent / "a-hostile-house"
    if not first.exists():
        _write(first / "landing", place)
        _build(first)
    for name in ("landing", "house"):
        shutil.copytree(first / name, place.folder / name)


def _build(folder: Path) -> None:
    from kpi_pipeline.core.settings import Settings
    from kpi_pipeline.pipeline.build import build_warehouse

    settings = Settings.model_validate({"quarantine_limit_pct": 100, "memory_limit": "400MB", "threads": 1})
    build_warehouse(folder / "landing", folder / "house" / "h.duckdb", settings=settings)


def _write(landing: Path, place: Place) -> None:
    """A stay a text and column, and around them enough plain stays that there is something to print."""
    landing.mkdir(parents=True)
    rows: list[tuple[str, ...]] = []
    for at in range(len(HEADER) + len(MORE)):
        for number, text in enumerate(EVERY):
            row = [f"E{at}-{number}", f"{PATIENT}{number}", *GOOD[2:], *[""] * len(MORE)]
            row[at] = place.aim(text)
            rows.append(tuple(row))
    for number in range(600):
        month, day = 1 + number % 10, 1 + number % 20
        days = (f"2026-{month:02}-{day:02} 08:00", f"2026-{month:02}-{day + 1 + number % 7:02} 11:00")
        rows.append((f"P{number}", f"{PATIENT}{number}", f"F{number % 2}", GOOD[3], *days, *[""] * len(MORE)))
    rows = [row for row in rows if _is_text(row) and row[2].lower() != "all"]  # which no build takes for a hospital
    (landing / "encounters.csv").write_text(csv_text((*HEADER, *MORE), *rows), encoding="utf-8", newline="")
    names = [(f"F{number}", text[:60]) for number, text in enumerate(EVERY) if text.isprintable() and text.isascii()]
    (landing / "facilities.csv").write_text(csv_text(("facility_id", "facility_name"), *names), encoding="utf-8")
    days = [(f"P{number}", "2026-10-05", "2026-10-06", text, text) for number, text in enumerate(EVERY)]
    columns = ("encounter_id", "starts_on", "ends_on", "reason_code", "responsible_party")
    (landing / "avoidable_days.csv").write_text(csv_text(columns, *days), encoding="utf-8", newline="")


def _is_text(row: tuple[str, ...]) -> bool:
    return all(cell.encode("utf-8", "ignore").decode() == cell for cell in row)


def _series(name: str, place: Place) -> None:
    (place.folder / "s").mkdir()
    rows = ((f"2025-{month:02}", str(10 + month % 3)) for month in range(1, 13))
    (place.folder / "s" / name).write_text(csv_text(("period", "value"), *rows), encoding="utf-8")
