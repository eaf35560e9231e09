"""The check that what is declared is used finds what is not, and reads templates and texts as use."""

from __future__ import annotations

from pathlib import Path

from tools.check_used import find_unused

CODE = '''
"""A module."""

from dataclasses import dataclass


@dataclass
class Row:
    """A row."""

    printed: int
    forgotten: int
    named_in_text: int


def used() -> Row:
    """Used below."""
    return Row(1, 2, 3)


def never_called() -> str:
    """Only a test calls it."""
    return str(getattr(used(), "named_in_text"))
'''


def test_what_nothing_uses_is_named_with_its_line(tmp_path: Path) -> None:
    package, templates, tests = (tmp_path / name for name in ("kpi_pipeline", "report_templates", "tests"))
    for folder in (package, templates, tests):
        folder.mkdir()
    (package / "rows.py").write_text(CODE, encoding="utf-8")
    (package / "main.py").write_text("from kpi_pipeline.rows import used\n\nused()\n", encoding="utf-8")
    (templates / "page.j2").write_text("{{ row.printed }}", encoding="utf-8")
    (tests / "test_rows.py").write_text("from kpi_pipeline.rows import never_called\n\nnever_called()\n", "utf-8")
    assert find_unused(tmp_path) == [
        "kpi_pipeline/rows.py:21: function 'never_called' is used nowhere",
        "kpi_pipeline/rows.py:12: variable 'forgotten' is used nowhere",
    ]
