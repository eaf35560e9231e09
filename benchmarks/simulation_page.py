"""docs/simulations.md: a page of sections, each written by the simulation that made it, none by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "simulations.md"
_HEADING = "## "


def put_section(title: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replaces the section of that title, wherever it stands; a new one is added at the end."""
    head, *sections = _parts(page.read_text(encoding="utf-8"))
    new = "\n".join([f"{_HEADING}{title}", "", *lines]).rstrip("\n") + "\n"
    titles = [one.splitlines()[0].removeprefix(_HEADING) for one in sections]
    if title in titles:
        sections[titles.index(title)] = new
    else:
        sections.append(new)
    page.write_text("\n".join([head, *(one.rstrip("\n") + "\n" for one in sections)]), encoding="utf-8")


def _parts(text: str) -> list[str]:
    """What stands above the first heading, and each section with its heading."""
    head, *rest = text.split(f"\n{_HEADING}")
    return [head.rstrip("\n") + "\n", *(f"{_HEADING}{one}".rstrip("\n") + "\n" for one in rest)]
