"""Reads and writes `initiatives.yaml`: a list of initiatives, each as `initiatives` declares it.

All faults of the file are told at once. Writing replaces the file by rename and keeps no comments.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError, Fault
from kpi_pipeline.core.resources import shown_path
from kpi_pipeline.core.sql.front_matter import faults_of
from kpi_pipeline.core.yaml_files import read_list, render_yaml
from kpi_pipeline.declared.initiatives import Initiative, Registry

_LINE_WIDTH = 100


def read_initiatives(
    path: Path | None, *, metrics: Collection[str], facilities: Collection[str] | None = None
) -> Registry:
    """Reads `initiatives.yaml` (None: no initiatives). Raises DefinitionError with every fault of the file.

    metrics: the known metric ids. facilities: the known facility ids, or None where they are not known yet.
    """
    if path is None:
        return Registry()
    where = shown_path(path)
    if not path.is_file():
        raise DefinitionError(Fault(where, "there is no such initiatives file.", "Check the path, or leave it out."))
    raw = read_list(path, of="initiatives", first_key="id")
    initiatives, faults = _read_items(where, raw)
    for number, item in enumerate(raw, start=1):
        faults += _unknown_names(f"{where}: initiative {_name_of(item, number)}", item, metrics, facilities)
    faults += _repeated_ids(where, raw)
    if faults:
        raise DefinitionError(faults)
    return Registry(tuple(initiatives))


def write_initiatives(path: Path, registry: Registry) -> None:
    """Writes the registry as `initiatives.yaml`, whole or not at all."""
    building = path.with_name(f".{path.name}.building")
    building.write_text(render_initiatives(registry), encoding="utf-8")
    os.replace(building, path)


def render_initiatives(registry: Registry) -> str:
    """The registry as YAML text, without what is left at its default."""
    items = [initiative.model_dump(mode="python", exclude_defaults=True) for initiative in registry.initiatives]
    return render_yaml([_plain(item) for item in items], width=_LINE_WIDTH)


def _plain(value: Any) -> Any:
    """Tuples as lists: YAML knows no tuples."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


def _read_items(where: str, raw: list[Any]) -> tuple[list[Initiative], list[Fault]]:
    initiatives: list[Initiative] = []
    faults: list[Fault] = []
    for number, item in enumerate(raw, start=1):
        try:
            initiatives.append(Initiative.model_validate(item))
        except ValidationError as error:
            faults.extend(faults_of(f"{where}: initiative {_name_of(item, number)}", error))
    return initiatives, faults


def _repeated_ids(where: str, raw: list[Any]) -> list[Fault]:
    """Looked for in the raw file, so that an initiative with other faults is seen as well."""
    ids = [item["id"] for item in raw if isinstance(item, dict) and isinstance(item.get("id"), str)]
    return [
        Fault(where, f"id {name!r} is given {ids.count(name)} times.", "Give each initiative its own id.")
        for name in sorted(set(ids))
        if ids.count(name) > 1
    ]


def _unknown_names(where: str, item: Any, metrics: Collection[str], facilities: Collection[str] | None) -> list[Fault]:
    """Metrics and facilities nobody knows; looked for in the raw item, whatever else is wrong with it."""
    if not isinstance(item, dict):
        return []
    scope, control = (part if isinstance(part := item.get(key), dict) else {} for key in ("scope", "control"))
    measures = [name for key in ("outcomes", "processes", "balancing") for name in _texts(item.get(key))]
    named = [("a metric", name, metrics) for name in (*measures, *_texts([control.get("metric")]))]
    if facilities is not None:
        places = (*_texts(scope.get("facilities")), *_texts([control.get("facility_id")]))
        named += [("a facility", name, facilities) for name in places]
    return [
        Fault(where, f"{name!r} is not {kind}.", f"Use one of {', '.join(sorted(known))}.")
        for kind, name, known in named
        if name not in known
    ]


def _texts(value: Any) -> list[str]:
    return [part for part in value if isinstance(part, str)] if isinstance(value, list) else []


def _name_of(item: Any, number: int) -> str:
    """How a fault names an initiative: by its id, or by its place in the file."""
    return str(item["id"]) if isinstance(item, dict) and item.get("id") else str(number)
