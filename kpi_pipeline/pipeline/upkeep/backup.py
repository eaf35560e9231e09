"""Backup and restore of what nothing else knows: the state, the archive, the landing register. Taken while all runs."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from kpi_pipeline.core.errors import DeliveryError, Fault, InputError
from kpi_pipeline.core.files import PRIVATE_FILE, private_files, working_folder
from kpi_pipeline.delivery.archive import MANIFEST
from kpi_pipeline.delivery.files import READ_ONLY_FILE, READ_ONLY_FOLDER, sha256_of
from kpi_pipeline.intake.feeds.landing_history import HISTORY
from kpi_pipeline.intake.staged.landing import REGISTER
from kpi_pipeline.state.database import sqlite_file
from kpi_pipeline.state.models import ArchiveEntry
from kpi_pipeline.warehouse.connection import store_folder

_CONTENTS = "contents.json"
_SQLITE, _POSTGRESQL = "state.sqlite", "state.pgdump"
_ISSUED = ArchiveEntry.__tablename__
_STORE_FILES = (REGISTER, HISTORY, "landing_used.json", "state_seen.json")


def write_backup(file: Path, *, warehouse: Path, state_url: str, archive: Path) -> int:
    """Writes one ZIP file, for its owner alone; returns how many files are in it. Raises InputError, DeliveryError.

    The state is copied as of one moment (SQLite's backup, or pg_dump), and with it the issues that it knows: one that
    is published meanwhile is in the backup whole or not at all. An issue never changes once it is archived.
    """
    if file.exists():
        raise InputError(Fault(str(file), "is there already.", "Name a new file: a backup is never written over."))
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    store = store_folder(warehouse)
    with private_files(), working_folder(store / "scratch") as scratch:
        copy, issued = _copy_state(state_url, scratch)
        parts = {_state_name(state_url): copy}
        parts |= {f"store/{name}": store / name for name in _STORE_FILES if (store / name).is_file()}
        kept = sorted(one for path in issued for one in (archive / path).rglob("*") if one.is_file())
        parts |= {f"archive/{one.relative_to(archive).as_posix()}": one for one in kept}
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "wb") as stream:
                with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
                    for name, path in parts.items():
                        bundle.write(path, name)
                    hashes = {name: sha256_of(path) for name, path in parts.items()}
                    bundle.writestr(_CONTENTS, json.dumps(hashes, indent=1, sort_keys=True))
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(beside, file)
        finally:
            beside.unlink(missing_ok=True)
    return len(parts)


def restore_backup(file: Path, *, warehouse: Path, state_url: str, archive: Path) -> int:
    """Puts a backup's files where they belong; refuses to write over anything. Returns how many files it put there."""
    store = store_folder(warehouse)
    with private_files(), working_folder(store / "scratch") as folder:
        names = _unpack(file, folder)
        name = _state_name(state_url)
        if name not in names:
            raise InputError(Fault(str(file), "holds the state of another kind of database.", "Check --state."))
        state = sqlite_file(state_url)
        if archive.exists() or (state is not None and state.exists()):
            what = "there is a state or an archive already."
            raise InputError(Fault(str(warehouse), what, "Move them away first: a restore writes over nothing."))
        if state is not None:
            _place(folder / _SQLITE, state, PRIVATE_FILE)
        else:
            _run_postgresql(
                "pg_restore", "--exit-on-error", "--no-owner", "-d", _plain_url(state_url), str(folder / name)
            )
        for one in names:
            if one.startswith("store/"):
                _place(folder / one, store / one.removeprefix("store/"), PRIVATE_FILE)
            elif one.startswith("archive/"):
                _place(folder / one, archive / one.removeprefix("archive/"), READ_ONLY_FILE)
    for manifest in archive.rglob(MANIFEST):
        for below in [*(path for path in manifest.parent.rglob("*") if path.is_dir()), manifest.parent]:
            below.chmod(READ_ONLY_FOLDER)
    return len(names)


def _unpack(file: Path, folder: Path) -> list[str]:
    """The files of a backup, checked by their hashes."""
    try:
        with zipfile.ZipFile(file) as bundle:
            hashes: dict[str, str] = json.loads(bundle.read(_CONTENTS))
            if any(name.startswith("/") or ".." in Path(name).parts for name in hashes):
                raise InputError(Fault(str(file), "is no backup of ours.", "Check the path."))
            for name in hashes:
                bundle.extract(name, folder)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(Fault(str(file), "is no backup of ours, or a damaged one.", "Check the path.")) from error
    if broken := [name for name, sha256 in hashes.items() if sha256_of(folder / name) != sha256]:
        raise InputError([Fault(str(file), f"{name} is damaged.", "Take an older backup.") for name in broken])
    return sorted(hashes)


def _copy_state(state_url: str, scratch: Path) -> tuple[Path, list[str]]:
    """A copy of the state, and where the issues that it knows lie in the archive: both of the same moment."""
    file = sqlite_file(state_url)
    copy = scratch / _state_name(state_url)
    if file is None:
        return copy, _dump_postgresql(state_url, copy)
    if not file.is_file():
        raise InputError(Fault("state", f"there is no state at {file}.", "Check --warehouse or --state."))
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        has_issues = target.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [_ISSUED]).fetchall()
        rows = target.execute(f"SELECT path FROM {_ISSUED}").fetchall() if has_issues else []
    return copy, [str(path) for (path,) in rows]


def _dump_postgresql(state_url: str, copy: Path) -> list[str]:
    """Writes the dump of one snapshot, which stays open while the issues are listed from it."""
    engine = create_engine(state_url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            has_issues = connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": _ISSUED})
            rows = connection.scalars(text(f"SELECT path FROM {_ISSUED}")).all() if has_issues else []
            _run_postgresql(
                "pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={copy}",
                _plain_url(state_url),
            )  # fmt: skip
    except DBAPIError as error:  # its text can name hosts and users
        what = "the database cannot be read."
        raise DeliveryError(Fault("state", what, "Check that the server runs, and your rights to it.")) from error
    finally:
        engine.dispose()
    return [str(path) for path in rows]


def _run_postgresql(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError as error:
        what = f"{command[0]} is not installed."
        raise DeliveryError(Fault("state", what, "Install PostgreSQL's client programs.")) from error
    except subprocess.CalledProcessError as error:  # its text can name hosts and users
        what = f"{command[0]} failed (exit {error.returncode})."
        raise DeliveryError(
            Fault("state", what, "Check that the server runs, and that the database is empty.")
        ) from error


def _plain_url(state_url: str) -> str:
    return make_url(state_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _state_name(state_url: str) -> str:
    return _POSTGRESQL if sqlite_file(state_url) is None else _SQLITE


def _place(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)
