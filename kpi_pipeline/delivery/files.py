"""Files that must outlive a crash: written beside, synchronised, renamed; private whatever the umask."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import filelock

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.files import PRIVATE_FILE, PRIVATE_FOLDER, make_private_folder
from kpi_pipeline.core.vocabulary import FORM_ENDINGS
from kpi_pipeline.delivery.points import reached

READ_ONLY_FILE, READ_ONLY_FOLDER = 0o400, 0o500
_LOCK = ".writing.lock"
_WAIT_SECONDS = 120
"""How long a writer waits for another one, who needs seconds."""
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def safe_name(text: str) -> str:
    """A name for a file or folder: the text itself where it is plain, else what is plain of it and a hash of all."""
    if _SAFE.fullmatch(text):
        return text
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40]
    return f"{plain or 'x'}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}"


def name_of_pdf(names: Iterable[str]) -> str | None:
    """The report's PDF among the names of its files; the board brief is a form of its own. None without one."""
    return next((name for name in names if name.endswith(".pdf") and not name.endswith(FORM_ENDINGS["brief"])), None)


def sha256_of(content: bytes | Path) -> str:
    """The SHA-256 of bytes or of a file's bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Lets one process at a time write below a folder, which is made where it is missing; a killed one lets go.

    A person and Dagster can publish the same report in the same second: neither may rename what the other is writing.
    """
    make_private_folder(folder)
    lock = filelock.FileLock(folder / _LOCK, mode=PRIVATE_FILE)
    try:
        lock.acquire(timeout=_WAIT_SECONDS)
    except filelock.Timeout as error:
        what = "another program is writing into it."
        raise DeliveryError(Fault(str(folder), what, "Wait until it has ended, then try again.")) from error
    try:
        yield
    finally:
        lock.release()


def write_folder(folder: Path, files: Mapping[str, bytes], *, read_only: bool) -> None:
    """Writes a folder whole or not at all. One that is there already is replaced, unless it is read-only.

    Half-written ones of a process that died are removed. Raises OSError where the disk or the rights say no.
    """
    make_private_folder(folder.parent)
    beside = folder.with_name(f".{folder.name}.new")
    _remove(beside)
    beside.mkdir(mode=PRIVATE_FOLDER)
    try:
        for name, content in files.items():
            _write(beside / name, content, READ_ONLY_FILE if read_only else PRIVATE_FILE)
            reached(f"folder.{name}")
        for below in [*(path for path in beside.rglob("*") if path.is_dir()), beside]:
            _synchronise(below)
            below.chmod(READ_ONLY_FOLDER if read_only and below != beside else PRIVATE_FOLDER)
        if folder.is_dir() and not read_only:
            _remove(folder)
        reached("folder.written")
        beside.rename(folder)
        if read_only:
            folder.chmod(READ_ONLY_FOLDER)
        _synchronise(folder.parent)
    except OSError:
        _remove(beside)
        raise
    reached("folder.renamed")


def _write(file: Path, content: bytes, mode: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    file.chmod(mode)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for below in (path for path in folder.rglob("*") if path.is_dir()):
            below.chmod(PRIVATE_FOLDER)
        shutil.rmtree(folder)


def _synchronise(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
