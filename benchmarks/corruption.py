"""Spoils a clean hospital in every named way, builds and judges it, and tells what became of the figures.

No figure may be wrong and silent. `--write` puts the table into docs/corruption.md; `--only PATTERN` runs those whose
name fits it. `--notes FILE` writes each result down, and a run that was ended goes on after the last one. Fixed seeds.

Run from the root of the repository: python -m benchmarks.corruption [--write] [--only PATTERN] [--detail] [--notes F]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.support.corruption_bench import Outcome, make_clean_hospital
from tests.support.corruptions import every_corruption

BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
WORDS = {"refused": "refused", "right": "right", "held back": "held back", "told": "told"}


def table_of(outcomes: list[Outcome]) -> str:
    """The table of results, in Markdown."""
    head = (
        "| Corruption | of | Outcome | right | held back | differ | A figure that differs | Told by |\n"
        "| --- | --- | --- | ---: | ---: | ---: | --- | --- |\n"
    )
    rows = [
        f"| {one.corruption.name} | {one.corruption.extent} | {WORDS.get(one.verdict, f'**{one.verdict}**')} "
        f"| {one.n_right or ''} | {one.n_held_back or ''} | {len(one.wrong) or ''} "
        f"| {shown(one.wrong[0]) if one.wrong else ''} | {told_by(one)} |"
        for one in outcomes
    ]
    counts = {verdict: sum(one.verdict == verdict for one in outcomes) for verdict in (*WORDS, "WRONG AND SILENT")}
    total = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
    return f"{len(outcomes)} corruptions: {total}.\n\n{head}" + "\n".join(rows) + "\n"


def told_by(one: Outcome) -> str:
    """The first sentence of the report that names the fault; of a run that was refused, of the message."""
    words = one.refused or (one.said[0] if one.said and one.verdict != "right" else "")
    return shown(words.split(". ")[0])


def shown(text: str, longest: int = 110) -> str:
    """A text in a cell of the table."""
    text = re.sub(r"(\d+\.\d{1,3})\d*", r"\1", text.replace("|", "/"))
    return text if len(text) <= longest else f"{text[: longest - 2]} …"


def _read_notes(notes: Path | None) -> dict[str, dict[str, Any]]:
    """What an earlier part of this run wrote down: the fields of each outcome, by the title of its corruption."""
    lines = notes.read_text(encoding="utf-8").splitlines() if notes and notes.is_file() else []
    return {
        title: {**fields, "wrong": tuple(fields["wrong"]), "words": tuple(fields["words"])}
        for title, fields in map(json.loads, lines)
    }


def _note(notes: Path | None, one: Outcome) -> None:
    if notes:
        names = ("n_right", "n_held_back", "wrong", "refused", "words")
        with notes.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps([one.corruption.title, {name: getattr(one, name) for name in names}]) + "\n")


def main() -> None:
    """Prints the table, or writes it into the document; ends with 1 where a figure is wrong and silent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--detail", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--notes", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kpi-corruption-"))
    try:
        hospital = make_clean_hospital(folder)
        outcomes: list[Outcome] = []
        noted = _read_notes(given.notes)
        for corruption in every_corruption():
            if not re.search(given.only, corruption.title):
                continue
            started = time.monotonic()
            fields = noted.get(corruption.title)
            one = Outcome(corruption, **fields) if fields else hospital.run(corruption)
            outcomes.append(one)
            if fields:
                continue
            _note(given.notes, one)
            print(f"{one.verdict:17} {corruption.title} ({time.monotonic() - started:.1f} s)", flush=True)
            if given.detail or one.verdict.isupper():
                for line in (*one.wrong[:5], one.refused, *(f"    {words}" for words in one.said or one.words)):
                    if line:
                        print(f"      {line}")
    finally:
        shutil.rmtree(folder)
    table = table_of(outcomes)
    print(table)
    if given.write:
        path = Path("docs/corruption.md")
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        path.write_text(f"{before}{BEGIN}{table}{END}{rest.split(END)[1]}", encoding="utf-8")
    sys.exit(any(one.verdict.isupper() for one in outcomes))


if __name__ == "__main__":
    main()
