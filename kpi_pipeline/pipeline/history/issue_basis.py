"""What a report is made from, in files and hashes: to see what changed since the draft, and to make it again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import kpi_pipeline
from kpi_pipeline import __version__
from kpi_pipeline.core.errors import DeliveryError, Fault
from kpi_pipeline.core.project import project_in_force
from kpi_pipeline.core.resources import resource_folder
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.decisions import DecisionOutcome
from kpi_pipeline.declared.initiatives import Initiative
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.delivery.files import sha256_of
from kpi_pipeline.intake.feeds.landing_history import notices_given
from kpi_pipeline.intake.staged.landing_used import read_landing_used
from kpi_pipeline.journal import ReportDecisions
from kpi_pipeline.judgement.claims.claim import Claim
from kpi_pipeline.reference.store import default_reference_folder
from kpi_pipeline.warehouse.connection import open_warehouse, store_folder
from kpi_pipeline.warehouse.notices import read_notices

_INPUTS = "inputs"
PROJECT_FOLDER = "project"
"""Where, below the inputs of an archived issue, the hospital's own mappings and measures lie."""
LANDING_NOTICES = "landing_notices.json"
"""What the build said of files that were there before: nothing else of an issue's inputs can tell it again."""
_NOT_THE_REPORTS = ("delivery", "state_url", "project", "targets", "memory_limit", "threads")
"""Settings that say where files are and how a run goes, not what a report says."""
_CLAIMS = f"{_INPUTS}/claims.json"
_SETTING_FILES = {"targets": "targets", "commentary": "commentary", "answers": "decisions", "logo": "logo"}
"""How the archive names a file that a setting names: file → setting."""


@dataclass(frozen=True, slots=True)
class Basis:
    """files: what the archive keeps of the inputs, by name below `inputs/`. hashes: what a draft rests on, by part.

    landing: the landing files of the snapshot, as table, file name, SHA-256 and arrival.
    """

    files: Mapping[str, bytes]
    hashes: Mapping[str, str]
    landing: tuple[Mapping[str, str], ...]
    built_at: str
    source: str


def read_basis(
    warehouse: Path, *, settings: Settings, decided: ReportDecisions, reference: Path | None = None
) -> Basis:
    """Everything a report of this warehouse is made from, as it is now."""
    with open_warehouse(warehouse) as connection:
        snapshot, built_at, source = connection.execute(
            "SELECT snapshot_id, built_at, source FROM build_info"
        ).fetchall()[0]
        landed = connection.execute(
            "SELECT table_name, file_name, file_sha256, arrived_at FROM row_ledger ORDER BY ALL"
        ).fetchall()
        notices = read_notices(connection)
    files = {
        **_setting_files(settings),
        "decisions.json": _decisions_json(decided),
        LANDING_NOTICES: notices_given(notices),
    }
    used = read_landing_used(store_folder(warehouse))
    if used.landing_yaml is not None:
        files["landing.yaml"] = used.landing_yaml.encode()
    folder = reference if reference is not None else default_reference_folder(warehouse)
    if folder is not None and folder.is_dir():
        files |= {f"reference/{file.name}": file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
    own = _project_files()
    parts = {name: sha256_of(content) for name, content in files.items()}
    hashes = {
        "warehouse": f"{snapshot} {built_at}",
        "settings": parts.pop("settings.json"),
        "decisions": parts.pop("decisions.json"),
        "targets, commentary, logo, landing.yaml and reference tables": _hash_of(parts),
        "mappings and measures of the project": _hash_of({name: sha256_of(content) for name, content in own.items()}),
        "program": f"{__version__} {code_sha256()[:16]}",
    }
    fields = ("table", "file", "sha256", "arrived_at")
    landing = tuple(dict(zip(fields, map(str, row), strict=True)) for row in landed)
    files |= own
    return Basis({f"{_INPUTS}/{name}": content for name, content in files.items()}, hashes, landing, built_at, source)


def refuse_another_basis(name: str, drafted: Mapping[str, Any], now: Mapping[str, str], *, cure: str) -> None:
    """Raises DeliveryError when a draft rests on something else than what is there now; names what."""
    changed = [part for part in now if drafted.get(part) != now[part]]
    if changed:
        what = f"the {', '.join(changed)} changed since it was drafted."
        raise DeliveryError(Fault(f"issue {name}", what, cure))


def settings_from(folder: Path) -> Settings:
    """The settings of an archived issue, with paths to the archive's own targets, commentary and logo."""
    raw = json.loads((folder / _INPUTS / "settings.json").read_bytes())
    for stem, name in _SETTING_FILES.items():
        file = next(iter(sorted((folder / _INPUTS).glob(f"{stem}.*"))), None)
        (raw if name == "targets" else raw["report"])[name] = None if file is None else str(file)
    return Settings.model_validate(raw)


def decisions_from(folder: Path) -> ReportDecisions:
    """The decisions on record when an issue was made."""
    raw = json.loads((folder / _INPUTS / "decisions.json").read_bytes())
    return ReportDecisions(
        tuple(Initiative.model_validate(one) for one in raw["initiatives"]),
        tuple(Rebase.model_validate(one) for one in raw["rebases"]),
        {key: DecisionOutcome.model_validate(one) for key, one in raw.get("outcomes", {}).items()},
    )


def claims_file(said: Iterable[Claim]) -> dict[str, bytes]:
    """What the issue before claimed, as the archive keeps it: an input of the issue that follows it up."""
    body = [one.model_dump(mode="json") for one in said]
    return {_CLAIMS: (json.dumps(body, indent=1, sort_keys=True) + "\n").encode()}


def claims_from(folder: Path) -> tuple[Claim, ...]:
    """What the issue before an archived one claimed."""
    return tuple(Claim.model_validate(one) for one in json.loads((folder / _CLAIMS).read_bytes()))


@cache
def code_sha256() -> str:
    """One hash over the program: Python, SQL, templates."""
    package = Path(kpi_pipeline.__file__).parent
    digest = hashlib.sha256()
    for folder, pattern in (
        (package, "*.py"),
        (resource_folder("sql"), "*"),
        (resource_folder("report_templates"), "*"),
    ):
        for file in sorted(
            path for path in folder.rglob(pattern) if path.is_file() and "__pycache__" not in path.parts
        ):
            digest.update(f"{file.relative_to(folder).as_posix()} {sha256_of(file)}\n".encode())
    return digest.hexdigest()


def _setting_files(settings: Settings) -> dict[str, bytes]:
    """The settings without what says how a report is delivered, and the files they name."""
    named = {
        stem: settings.targets if name == "targets" else getattr(settings.report, name)
        for stem, name in _SETTING_FILES.items()
    }
    raw = settings.model_dump(mode="json", exclude=set(_NOT_THE_REPORTS))
    raw["report"] |= {"commentary": None, "decisions": None, "logo": None}
    files = {"settings.json": (json.dumps(raw, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()}
    return files | {f"{name}{path.suffix}": path.read_bytes() for name, path in named.items() if path is not None}


def _project_files() -> dict[str, bytes]:
    """The hospital's own mappings and measures, as the archive keeps them."""
    project = project_in_force()
    files = project.definition_files() if project is not None else {}
    return {f"{PROJECT_FOLDER}/{name}": path.read_bytes() for name, path in files.items()}


def _decisions_json(decided: ReportDecisions) -> bytes:
    body = {
        "initiatives": [one.model_dump(mode="json", by_alias=True) for one in decided.initiatives],
        "rebases": [one.model_dump(mode="json", by_alias=True) for one in decided.rebases],
        "outcomes": {key: one.model_dump(mode="json") for key, one in decided.outcomes.items()},
    }
    return (json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _hash_of(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
