"""A hospital's own folder with a measure whose words are written, as an analyst leaves it."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.core.project import Project
from kpi_pipeline.pipeline.checking.new_metric import write_metric_skeleton

WORDS = {
    "‹Whose definition it follows›": "House definition",
    "‹Why a director should care, in one sentence›": "Long stays hold the beds others wait for.",
    "‹What the number says, in one sentence›": "Of the month's discharges, the share that had stayed over a week.",
    "‹What is counted›": "Discharges after more than seven days.",
    "‹Out of what›": "Acute inpatient stays discharged in the month.",
}
"""What an analyst writes in place of the skeleton's words."""


def write_own_measure(folder: Path, name: str = "long_stays") -> Path:
    """Writes a measure and its proof into a project; returns the file of the measure."""
    folder.mkdir(parents=True, exist_ok=True)
    declaration, _ = write_metric_skeleton(name, checkout=folder, project=Project(folder))
    write_words(declaration)
    return declaration


def write_words(declaration: Path) -> None:
    """Puts an analyst's words in place of the skeleton's."""
    text = declaration.read_text(encoding="utf-8")
    for placeholder, words in WORDS.items():
        text = text.replace(placeholder, words)
    declaration.write_text(text, encoding="utf-8")
