"""How files are written: whole or not at all, for their owner alone, and with a plain word when the disk is full.

Whatever the umask of who starts the program, what holds patients' data is 0600 in folders 0700; a report, which is
meant to be passed on, is 0640. What a run needs only for itself lies in a private folder that the next run removes
where this one was killed.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from kpi_pipeline.core.errors import Fault, InputError, WarehouseError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
REPORT_FILE = 0o640
REPORT_FOLDER = 0o750

_WORKING = ".working-"
_UMASK_LOCK = threading.Lock()
_umasks_before: list[int] = []
"""One for each block of `private_files` that has not ended; all hold the umask from before the first."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("no space left on device", "disk quota exceeded", "enospc")
"""How DuckDB passes on what the system said: it has no error number of its own for it."""


def make_private_folder(folder: Path) -> Path:
    """Makes the folder, with those above it, for its owner alone; one that is there is closed to others."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if folder.stat().st_mode & 0o077:
        folder.chmod(PRIVATE_FOLDER)
    return folder


def make_report_folder(folder: Path) -> Path:
    """Makes the folder for its owner and group; one that is there keeps its rights."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        folder.chmod(REPORT_FOLDER)
    return folder


def replace_file(building: Path, target: Path, *, mode: int = PRIVATE_FILE) -> None:
    """Puts a finished file in the place of `target`: on the disk, then under its name, in one step."""
    building.chmod(mode)
    descriptor = os.open(building, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    building.replace(target)


def write_private(target: Path, content: bytes | str) -> None:
    """Writes a small file whole, for its owner alone."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mkstemp: 0600, nobody else's
    building = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        replace_file(building, target)
    finally:
        building.unlink(missing_ok=True)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """An empty private folder for the time of the block; what a killed run left in it is removed first.

    The caller holds the lock that keeps a second run out of it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_private_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def working_folder(parent: Path, *, own: bool = True) -> Iterator[Path]:
    """An empty private folder in `parent` for the time of the block, beside those of other runs.

    What killed runs left there is removed first: a folder belongs to a run for as long as its lock is held, and the
    system lets go of a dead run's lock. own: `parent` is the program's, and closed to others; else it keeps its rights.
    """
    if own:
        make_private_folder(parent)
    _remove_abandoned(parent)
    folder = parent / f"{_WORKING}{uuid.uuid4().hex}"
    lock = filelock.FileLock(folder.with_name(f"{folder.name}.lock"), mode=PRIVATE_FILE)
    with lock:
        try:
            yield make_private_folder(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            Path(lock.lock_file).unlink(missing_ok=True)


def own_temporary_folder() -> Path:
    """The folder of this user within the machine's temporary folder, for work that belongs to no warehouse."""
    folder = Path(tempfile.gettempdir()) / f"kpi-{os.getuid()}"
    folder.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        cure = "Remove it, or set TMPDIR to a folder of your own."
        raise InputError(Fault(str(folder), "belongs to somebody else; nothing private is written there.", cure))
    return make_private_folder(folder)


def _remove_abandoned(parent: Path) -> None:
    for left in parent.glob(f"{_WORKING}*.lock"):
        lock = filelock.FileLock(left, mode=PRIVATE_FILE)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            continue  # a run is at work in it
        shutil.rmtree(left.with_suffix(""), ignore_errors=True)
        left.unlink(missing_ok=True)
        lock.release()


@contextmanager
def private_files() -> Iterator[None]:
    """Within the block, files that libraries make (DuckDB, locks) are their owner's alone, whatever the umask.

    The umask is the whole process's: it is given back when the last of several blocks, in whatever threads, has ended.
    """
    with _UMASK_LOCK:
        if not _umasks_before:
            _umasks_before.append(os.umask(0o077))
        else:
            _umasks_before.append(_umasks_before[0])
    try:
        yield
    finally:
        with _UMASK_LOCK:
            before = _umasks_before.pop()
            if not _umasks_before:
                os.umask(before)


def strange_file(path: Path, folder: Path) -> Fault | None:
    """The fault of a pipe, a device, or a link that leads out of `folder`: none of them is read."""
    name = path.relative_to(folder).as_posix()
    try:
        is_inside, is_plain = path.resolve().is_relative_to(folder.resolve()), path.is_file()
    except (OSError, RuntimeError):  # links that lead to each other
        is_inside, is_plain = True, False
    if not is_inside:
        return Fault(name, "is a link that leads out of the landing folder.", "Put the file itself there.")
    if not is_plain:
        return Fault(name, "is no plain file (a pipe, a device, or a link to nothing).", "Put a plain file there.")
    return None


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one it came of, says that there is no room left on a disk."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _FULL:
            return True
        if any(words in str(seen).lower() for words in _FULL_WORDS):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def disk_full(where: str) -> WarehouseError:
    """The error that says so."""
    return WarehouseError(Fault(where, "the disk is full.", "Make room, then run it again; nothing was replaced."))
