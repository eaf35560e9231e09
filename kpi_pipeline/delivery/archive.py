"""The archive: one folder per issue, written whole, read-only, with the SHA-256 of everything in it.

`<scope>/<YYYY-MM>/issue-<n>-<audience>/`. It holds what was issued (PDF, model, figures, provenance), the evidence
behind the figures (case lists, and a trace of the rows behind the cases), and what it takes to make it again: settings,
targets, commentary, decisions, reference tables and the names and hashes of the landing files, which are not copied.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.files import is_disk_full, make_private_folder, write_private
from kpi_pipeline.delivery.files import one_writer, safe_name, sha256_of, write_folder
from kpi_pipeline.delivery.signing import SIGNATURE

MANIFEST = "manifest.json"
CASES, TRACE, ABOUT = "cases.parquet", "trace.parquet", "evidence.json"
EVIDENCE = (TRACE, ABOUT, CASES)
"""What names patients behind an issue's figures: all that may be removed from an issue, after its time."""
_REMOVED = "removed.json"


@dataclass(frozen=True, slots=True)
class Archived:
    """One issue in the archive. path: below the archive folder."""

    path: str
    manifest_sha256: str


def issue_path(*, scope: str, month: str, number: int, audience: str) -> str:
    """Where an issue lies below the archive folder; no text of a feed can lead out of it."""
    return f"{safe_name(scope)}/{safe_name(month)}/issue-{number}-{safe_name(audience)}"


def write_issue(
    archive: Path,
    path: str,
    files: Mapping[str, bytes],
    *,
    about: Mapping[str, Any],
    signing_key: Ed25519PrivateKey | None = None,
    seal: Callable[[str], None] = lambda _: None,
) -> Archived:
    """Writes an issue; one that lies there already, from a publication that broke off, must be the very same.

    about: what the manifest says besides the hashes. signing_key: what it is signed with, if at all.
    seal: told the manifest's SHA-256 before anything is written. Raises DeliveryError when another issue lies there.
    """
    hashes = {name: sha256_of(content) for name, content in sorted(files.items())}
    manifest = (json.dumps({**about, "files": hashes}, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    signed = {} if signing_key is None else {SIGNATURE: signing_key.sign(manifest)}
    folder = archive / path
    seal(sha256_of(manifest))
    try:
        with one_writer(archive):
            if folder.exists():
                if not _holds(folder, manifest):
                    what = f"{path} is in the archive already, with another content."
                    cure = "The state and the archive do not belong together: restore the state that wrote it."
                    raise DeliveryError(Fault("archive", what, cure))
            else:
                make_private_folder(folder.parent.parent)
                write_folder(folder, {**files, MANIFEST: manifest, **signed}, read_only=True)
    except OSError as error:
        why = "the disk is full" if is_disk_full(error) else error.strerror
        what = f"{path} cannot be written: {why}."
        raise DeliveryError(Fault("archive", what, "Make room or mend the rights, then publish again.")) from error
    return Archived(path, sha256_of(manifest))


def _holds(folder: Path, manifest: bytes) -> bool:
    file = folder / MANIFEST
    return file.is_file() and file.read_bytes() == manifest and not folder_faults(folder)


def archived_models(archive: Path, path: str, *, manifest_sha256: str) -> dict[str, bytes] | None:
    """The models of an issue that lies in the archive whole, exactly as it was sealed; None when it does not."""
    folder = archive / path
    file = folder / MANIFEST
    if not file.is_file() or sha256_of(file) != manifest_sha256 or folder_faults(folder):
        return None
    return {model.name: model.read_bytes() for model in folder.glob("*.model.json")}


def read_manifest(archive: Path, path: str, *, sha256: str | None = None) -> dict[str, Any]:
    """The manifest of an issue; sha256: as the state remembers it. Raises DeliveryError when it is gone or changed."""
    file = archive / path / MANIFEST
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DeliveryError(
            Fault("archive", f"{path} is not there.", "Restore the archive from the backup.")
        ) from error
    if sha256 is not None and sha256_of(content) != sha256:
        raise DeliveryError(Fault("archive", f"{path}: its manifest was changed.", "Restore it from the backup."))
    manifest: dict[str, Any] = json.loads(content)
    return manifest


def folder_faults(folder: Path) -> list[str]:
    """What in an issue's folder is not as its manifest says, in words; empty when all of it is."""
    hashes: dict[str, str] = json.loads((folder / MANIFEST).read_bytes())["files"]
    own = (MANIFEST, SIGNATURE, _REMOVED)
    present = {
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file() and file.name not in own
    }
    removed = set(EVIDENCE) if (folder / _REMOVED).is_file() else set()
    faults = [f"{name} is missing" for name in sorted(hashes.keys() - present - removed)]
    faults += [f"{name} does not belong there" for name in sorted(present - hashes.keys())]
    faults += [
        f"{name} was changed" for name in sorted(present & hashes.keys()) if sha256_of(folder / name) != hashes[name]
    ]
    return faults


def note_removal(folder: Path, *, by: str, at: datetime) -> None:
    """Says beside an issue's files that its evidence was removed, by whose word and when; before it is."""
    note = json.dumps({"files": EVIDENCE, "by": by, "at": at.isoformat()}, ensure_ascii=False) + "\n"
    write_private(folder / _REMOVED, note)


def highest_number(archive: Path, *, scope: str, audience: str) -> int:
    """The highest issue number that lies in the archive for a scope and audience; 0 when none does."""
    ending = f"-{safe_name(audience)}"
    names = [folder.name for folder in (archive / safe_name(scope)).glob("*/issue-*") if folder.name.endswith(ending)]
    numbers = [name.removeprefix("issue-").removesuffix(ending) for name in names]
    return max((int(number) for number in numbers if number.isdecimal()), default=0)
