"""The documents say what is so: generated ones are fresh, links lead somewhere, named commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from kpi_pipeline.cli.main import app
from kpi_pipeline.core import errors
from kpi_pipeline.intake.contract import load_contracts
from kpi_pipeline.metrics.declaration import load_metrics

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools/generate_docs.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )


def test_the_generated_documents_are_up_to_date() -> None:
    result = generate("--check")
    assert result.returncode == 0, result.stderr


def test_a_document_that_was_changed_by_hand_is_found_and_left_alone(tmp_path: Path) -> None:
    assert generate("--docs", str(tmp_path)).returncode == 0
    changed = tmp_path / "metrics.md"
    changed.write_text(read(changed).replace("Numerator", "Counter", 1), encoding="utf-8")
    result = generate("--docs", str(tmp_path), "--check")
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "docs/metrics.md: is out of date with the files in sql/. Run `make docs` and commit it."
    ]
    assert "Counter" in read(changed)


def test_every_metric_is_described_with_its_words() -> None:
    page = read(ROOT / "docs/metrics.md")
    for metric in load_metrics().values():
        section = page.split(f'<a id="{metric.name}"></a>')[1].split("<a id=")[0]
        for words in (metric.title, metric.definition, metric.numerator, metric.denominator, metric.follows):
            assert " ".join(words.split()).replace("|", "\\|") in section
        for reason in metric.exclusions:
            assert f"`{reason}`" in section


def test_every_column_and_refusal_of_every_table_is_described() -> None:
    page = read(ROOT / "docs/data_dictionary.md")
    for contract in load_contracts().values():
        section = page.split(f'<a id="{contract.table}"></a>')[1].split("<a id=")[0]
        for name in (*contract.columns, *contract.quarantine):
            assert f"| `{name}` |" in section


def test_every_kind_of_error_is_explained_under_its_exit_code() -> None:
    page = read(ROOT / "docs/errors.md")
    kinds = [errors.KpiError, *errors.KpiError.__subclasses__()]
    assert len(kinds) > 5
    for kind in kinds:
        assert f"| {kind.exit_code} | `{kind.__name__}` |" in page


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (document.parent / name).resolve() if name else document
        assert file.exists(), f"{document.name} links to {target}, which does not exist"
        if anchor:
            assert anchor in anchors(file), f"{document.name} links to {target}, but there is no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", read(document), re.MULTILINE))
    assert named <= targets, f"{document.name} names make targets that do not exist: {sorted(named - targets)}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_kpi_commands_that_are_named_exist(document: Path) -> None:
    commands = set(typer.main.get_command(app).commands)
    named = set(re.findall(r"(?:^|`)(?:\.venv/bin/)?kpi ([a-z][a-z-]*)", read(document), re.MULTILINE))
    assert named <= commands, f"{document.name} names commands that do not exist: {sorted(named - commands)}"


def anchors(document: Path) -> set[str]:
    """The ids a link may name: declared ones, and those made from headings as code hosts make them."""
    text = read(document)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))
