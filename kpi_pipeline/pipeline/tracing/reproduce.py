"""Makes an archived issue again, from its archive and the landing files, and compares every byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.files import own_temporary_folder, private_files, working_folder
from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.project import in_force
from kpi_pipeline.core.vocabulary import WHOLE_SYSTEM
from kpi_pipeline.delivery.archive import folder_faults, read_manifest
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.intake.feeds.landing_history import restore_notices
from kpi_pipeline.intake.staged.landing import REGISTER, restore_register
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.history.evidence import build_evidence
from kpi_pipeline.pipeline.history.issue_basis import (
    LANDING_NOTICES,
    PROJECT_FOLDER,
    claims_from,
    code_sha256,
    decisions_from,
    settings_from,
)
from kpi_pipeline.pipeline.history.issue_before import read_issue_before
from kpi_pipeline.pipeline.history.shown_before import read_issues_shown
from kpi_pipeline.pipeline.report import IssueWords, write_report
from kpi_pipeline.warehouse.connection import store_folder

_INPUTS = "inputs/"


@dataclass(frozen=True, slots=True)
class Reproduced:
    """What came out: artefacts that agree, and those that do not."""

    agree: tuple[str, ...]
    differ: tuple[str, ...]


def reproduce_issue(
    archive: Path,
    path: str,
    *,
    landing: Path,
    manifest_sha256: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Reproduced:
    """Builds the warehouse of an archived issue again and writes its report; nothing outside a private folder changes.

    landing: where its landing files lie, also under other names and among newer ones. Raises DeliveryError that names
    what is missing or was changed: a landing file, a file of the archive, or the release that made it.
    """
    manifest = read_manifest(archive, path, sha256=manifest_sha256)
    folder = archive / path
    faults = [Fault(path, f"{fault}.", "Restore the archive from the backup.") for fault in folder_faults(folder)]
    found, missing = _find_landing_files(landing, manifest["landing_files"])
    faults += [
        Fault(
            path, f"the landing file {one['file']} (SHA-256 {one['sha256'][:12]}…) is not in {landing}.", "Restore it."
        )
        for one in missing
    ]
    if manifest["made_from"]["program"].split()[1] != code_sha256()[:16]:
        release = manifest["made_from"]["program"].split()[0]
        faults.append(Fault(path, f"was made by another build of release {release}.", "Install that release."))
    if faults:
        raise DeliveryError(faults)
    project = folder / _INPUTS / PROJECT_FOLDER
    with (
        in_force(project if project.is_dir() else None),
        private_files(),
        working_folder(own_temporary_folder()) as scratch,
    ):
        made = _make_again(archive, folder, manifest, found, scratch, progress)
    hashes: Mapping[str, str] = {
        name: sha256 for name, sha256 in manifest["files"].items() if not name.startswith(_INPUTS)
    }
    agree = tuple(name for name, sha256 in hashes.items() if name in made and sha256_of(made[name]) == sha256)
    differ = tuple(sorted(set(hashes) - set(agree)))
    return Reproduced(agree, differ)


def _make_again(
    archive: Path,
    folder: Path,
    manifest: Mapping[str, Any],
    files: Mapping[str, Path],
    scratch: Path,
    progress: Callable[[str], None],
) -> dict[str, bytes]:
    landing, warehouse, reports = scratch / "landing", scratch / "hospital.duckdb", scratch / "reports"
    landing.mkdir()
    for name, source in files.items():
        shutil.copyfile(source, landing / name)
    options = folder / _INPUTS / "landing.yaml"
    if options.is_file():
        shutil.copyfile(options, landing / "landing.yaml")
    restore_register(
        store_folder(warehouse) / REGISTER,
        [(one["sha256"], one["file"], one["arrived_at"]) for one in manifest["landing_files"]],
    )
    if (given := folder / _INPUTS / LANDING_NOTICES).is_file():
        restore_notices(store_folder(warehouse), given.read_bytes())
    reference = folder / _INPUTS / "reference"
    settings, built_at = settings_from(folder), datetime.fromisoformat(manifest["built_at"])
    build_warehouse(
        landing,
        warehouse,
        source=manifest["source"],
        reference=reference if reference.is_dir() else None,
        settings=settings,
        clock=lambda: built_at,
        progress=progress,
    )
    facility = None if manifest["scope"] == WHOLE_SYSTEM else manifest["scope"]
    progress("writing the report")
    before = read_issue_before(archive, manifest["follows"])
    write_report(
        warehouse,
        Month.parse(manifest["month"]),
        reports,
        facility=facility,
        privacy=manifest["profile"],
        settings=settings,
        issue=IssueWords(
            manifest["number"],
            manifest["replaces"],
            tuple(manifest["gate_overrides"]),
            with_roots=True,
            said=claims_from(folder),
            before=before,
            shown=read_issues_shown(archive, manifest["shown"]),
        ),
        decided=decisions_from(folder),
        forms=manifest.get("forms", ()),
    )
    made = {file.name: file.read_bytes() for file in reports.iterdir()}
    return {**made, **build_evidence(warehouse, facility=facility)}


def _find_landing_files(landing: Path, wanted: list[dict[str, str]]) -> tuple[dict[str, Path], list[dict[str, str]]]:
    """The files by the name they had, found by content; and those that are not there."""
    if not landing.is_dir():
        raise DeliveryError(Fault(str(landing), "there is no such landing folder.", "Name it with --landing DIR."))
    by_hash = {sha256_of(file): file for file in sorted(landing.rglob("*")) if file.is_file()}
    found = {one["file"]: by_hash[one["sha256"]] for one in wanted if one["sha256"] in by_hash}
    missing = {one["file"]: one for one in wanted if one["sha256"] not in by_hash}
    return found, list(missing.values())
