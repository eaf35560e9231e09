"""Finds `sql/`, `report_templates/` and `docs/examples/`, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def resource_folder(name: str) -> Path:
    """The folder `sql`, `report_templates` or `docs/examples`: inside the package (wheel) or beside it (checkout)."""
    for parent in (_PACKAGE, _PACKAGE.parent):
        folder = parent / name
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is neither in {_PACKAGE} nor beside it: the installation is broken")


def shown_path(path: Path) -> str:
    """A path for people: relative to the checkout or package when it lies inside, else as given."""
    for parent in (_PACKAGE.parent, _PACKAGE):
        if path.is_relative_to(parent):
            return path.relative_to(parent).as_posix()
    return str(path)
