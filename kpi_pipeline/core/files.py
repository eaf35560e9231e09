"""How files are written: whole or not at all, for their owner alone, and with a plain word when the disk is full.

Whatever the umask of who starts the program, what holds patients' data is 0600 in folders 0700; a report, which is
meant to be passed on, is 0640.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kpi_pipeline.core.errors import Fault, WarehouseError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("no space left on device", "disk quota exceeded", "enospc")
"""How DuckDB passes on what the system said: it has no error number of its own for it."""


def make_private_folder(folder: Path) -> Path:
    """Makes the folder, with those above it, for its owner alone; one that is there is closed to others."""
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if folder.stat().st_mode & 0o077:
        folder.chmod(PRIVATE_FOLDER)
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
    building = target.with_name(f".{target.name}.building")
    descriptor = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    replace_file(building, target)


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
def private_files() -> Iterator[None]:
    """Within the block, files that libraries make (DuckDB, locks) are their owner's alone, whatever the umask."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


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
