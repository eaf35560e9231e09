"""The structure of the package: no room is a heap, and nothing goes round in circles."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import kpi_pipeline

PACKAGE = Path(kpi_pipeline.__file__).parent
ROOMS = sorted({path.parent for path in PACKAGE.rglob("*.py")})
MOST_MODULES = 17


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(PACKAGE.parent).as_posix())
def test_a_room_with_more_than_about_fifteen_modules_has_sub_rooms(room: Path) -> None:
    modules = [path.name for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES, f"{len(modules)} modules lie side by side: give them sub-rooms by what they do"


def test_no_module_imports_itself_by_way_of_others() -> None:
    files = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    imports = {name: imported_by(path) & set(files) - {name} for name, path in files.items()}
    while leaves := [name for name, needed in imports.items() if not needed & set(imports)]:
        for name in leaves:
            del imports[name]
    assert not imports, f"in a circle, or resting on one: {sorted(imports)}"


def module_name(path: Path) -> str:
    """The dotted name of a file; of a package's __init__ the package's."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path) -> set[str]:
    """The modules a file names in its imports, and for `from package import name` also `package.name`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in names if (PACKAGE.parent / Path(*name.split("."))).with_suffix(".py").is_file()}
            found |= modules or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found
