"""Writes docs/metrics.md and docs/data_dictionary.md from the declarations; `--check` only compares.

The declarations (`sql/metrics/*.sql`, `sql/staged/`) are the only place these words are written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import get_args

from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.intake.contract import CANONICAL, Column, Contract, Source, load_contracts, load_source, source_names
from kpi_pipeline.intake.mapping.checked_rows import reason_words
from kpi_pipeline.metrics.declaration import Metric, load_metrics

NOTE = "<!-- Made by tools/generate_docs.py from the files in sql/. Change those, then run `make docs`. -->"

CHART_WORDS = {
    "xmr": "XmR chart (individual values and moving range)",
    "p": "p chart (share, binomial limits)",
    "p_prime": "p′ chart (share, limits widened for large denominators)",
    "u": "u chart (rate, Poisson limits)",
    "u_prime": "u′ chart (rate, limits widened for large denominators)",
    "c": "c chart (count)",
    "g": "g chart (cases between rare events)",
    "t": "t chart (time between rare events)",
    "xbar": "X̄ chart (mean of each month)",
    "s": "s chart (spread within each month)",
    "i_prime": "I′ chart (individual values, limits follow the denominator)",
    "run": "run chart (median only)",
}
FORMULA_WORDS = {
    "proportion": "100 × numerator ÷ denominator",
    "mean": "Numerator ÷ denominator, a mean over the cases",
    "geometric_mean": "exp of the mean of ln(numerator ÷ denominator) over the cases",
    "median": "The median of the numerators",
    "percentile": "The percentile of the numerators",
    "survival_median": "Kaplan and Meier's median of the numerators; where the denominator is 0, only watched so long",
    "ratio": "Numerator ÷ denominator, both summed first",
    "count": "The numerator, summed",
}
BETTER_WORDS = {"lower": "Lower is better.", "higher": "Higher is better.", "neither": "Neither way is better."}
TYPE_WORDS = {
    "id": "identifier",
    "text": "text",
    "code": "code, kept as text",
    "moment": "date, or date and time",
    "date": "date",
    "month": "month, YYYY-MM",
    "number": "number",
    "integer": "whole number",
}


def main() -> int:
    """Writes the documents, or with --check says which are out of date. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a document is out of date")
    parser.add_argument("--docs", type=Path, default=Path(__file__).parent.parent / "docs", help="where to write")
    options = parser.parse_args()
    documents = {
        "metrics.md": render_metrics(load_metrics()),
        "data_dictionary.md": render_data_dictionary(load_contracts(), [load_source(name) for name in source_names()]),
    }
    stale = [name for name, text in documents.items() if _read(options.docs / name) != text]
    if not options.check:
        for name in stale:
            (options.docs / name).write_text(documents[name], encoding="utf-8")
            print(f"docs/{name}: written")
        return 0
    for name in stale:
        print(f"docs/{name}: is out of date with the files in sql/. Run `make docs` and commit it.", file=sys.stderr)
    return 1 if stale else 0


def render_metrics(metrics: Mapping[str, Metric]) -> str:
    """The page of every metric: a list first, then each with all that its number rests on."""
    sections = [str(section) for section in get_args(Metric.model_fields["section"].annotation)]
    ordered = sorted(metrics.values(), key=lambda metric: (sections.index(metric.section), metric.name))
    lines = [
        NOTE,
        "# The metrics",
        "Each metric lists its cases in one file, `sql/metrics/<metric>.sql`, and never sums them; one function does "
        "that for all. So every figure can name its cases (`kpi cases METRIC`), and the hospital's figure is a ratio "
        "of sums, never an average of averages.",
        _table(
            ("Metric", "What it says", "Unit", "Better"),
            ((f"[{m.title}](#{m.name})", m.definition, _unit(m), m.better) for m in ordered),
        ),
    ]
    for section, members in groupby(ordered, key=lambda metric: metric.section):
        lines.append(f"## {section.capitalize()}")
        for metric in members:
            lines.extend(_metric_lines(metric, metrics))
    return "\n\n".join(lines) + "\n"


def _metric_lines(metric: Metric, metrics: Mapping[str, Metric]) -> Iterator[str]:
    yield f'<a id="{metric.name}"></a>\n\n### {metric.title}'
    yield f"{metric.definition} {metric.why}"
    yield _table(("", ""), _metric_rows(metric, metrics))
    if metric.exclusions:
        yield "Cases left out of numerator and denominator, each counted with its reason:"
        yield _table(("Reason", "Meaning"), ((f"`{reason}`", words) for reason, words in metric.exclusions.items()))
    if metric.caveats:
        yield "To bear in mind:"
        yield "\n".join(f"- {caveat}" for caveat in metric.caveats)


def _metric_rows(metric: Metric, metrics: Mapping[str, Metric]) -> Iterator[tuple[str, str]]:
    yield "Name", f"`{metric.name}`, version {metric.version}, in force from {metric.effective_from}"
    yield "Numerator", metric.numerator
    yield "Denominator", f"{metric.denominator} Counted in {metric.denominator_noun}."
    yield "Value", f"{_formula(metric)}. Unit: {_unit(metric)}. {BETTER_WORDS[metric.better]}"
    yield "Follows", metric.follows
    if metric.target:
        yield "Target", f"{metric.target.value:g} ({metric.target.source})"
    else:
        yield "Target", "none declared; a hospital sets its own in `targets.yaml`"
    if metric.benchmark:
        yield (
            "Shown beside",
            f"`{metric.benchmark.published}`, where imported. Not the same: {metric.benchmark.differs}",
        )
    if metric.matures_after_days:
        yield (
            "Final after",
            f"{metric.matures_after_days} days: until then the month is provisional and kept out of limits",
        )
    yield "Chart", CHART_WORDS[metric.chart]
    if metric.needs:
        yield "Needs", ", ".join(f"`{need}`" for need in metric.needs) + "; without them it is “not supplied”, never 0"
    if metric.balancing:
        yield "Read beside", ", ".join(f"[{metrics[name].title}](#{name})" for name in metric.balancing)
    yield "Tables read", ", ".join(f"`{table}`" for table in sorted(metric.tables))
    yield "Owner", f"{metric.owner}; last reviewed {metric.reviewed}"


def _formula(metric: Metric) -> str:
    if metric.kind == "rate":
        return f"{metric.per:g} × numerator ÷ denominator" if metric.per != 1 else "Numerator ÷ denominator"
    return FORMULA_WORDS[metric.kind]


def _unit(metric: Metric) -> str:
    return "US dollars" if metric.unit == "usd" else metric.unit


def render_data_dictionary(contracts: Mapping[str, Contract], sources: Iterable[Source]) -> str:
    """The page of every table a landing folder may hold: its columns, its key, and the rows refused."""
    ordered = sorted(contracts.values(), key=lambda contract: (not contract.required, contract.table))
    lines = [
        NOTE,
        "# The data dictionary",
        "What a landing folder may hold. A table is one file or many, named after it: `encounters.csv`, "
        "`encounters_2026-10.parquet`, `encounters.xlsx`. Files have a header row and are UTF-8; codes stay text, so "
        "that `01` keeps its zero. A time without an offset is the facility's local time. Columns that are not listed "
        "are left aside, with one warning each. A metric whose tables or columns are absent says “not supplied”; it is "
        "never 0.",
        _table(
            ("Table", "What it holds", "Must be there", "One row per"),
            (
                (f"[{c.table}](#{c.table})", c.title, "yes" if c.required else "no", ", ".join(f"`{k}`" for k in c.key))
                for c in ordered
            ),
        ),
    ]
    any_contract = ordered[0]
    lines.append(
        "A row that breaks a rule is set aside with its reasons, counted, and shown in the report; it is never dropped "
        "in silence. In every table that happens for:"
    )
    lines.append(
        _table(
            ("Reason", "Meaning"),
            (
                ("`missing_<column>`", "A column that must be there is empty in this row."),
                ("`invalid_<column>`", "A date or number is there and cannot be read."),
                *((f"`{reason}`", reason_words(reason, any_contract)) for reason in ("mangled_id", "implausible_date")),
            ),
        )
    )
    for contract in ordered:
        lines.extend(_contract_lines(contract))
    lines.append("## Other sources")
    lines.append(
        "`kpi build --source NAME` reads folders laid out by other systems. Each is a folder of mappings, "
        "`sql/staged/<source>/`, onto the tables above."
    )
    for source in sources:
        if source.name != CANONICAL:
            lines.extend(_source_lines(source))
    return "\n\n".join(lines) + "\n"


def _contract_lines(contract: Contract) -> Iterator[str]:
    yield f'<a id="{contract.table}"></a>\n\n## {contract.table}'
    yield (
        f"{contract.title}: one row per {', '.join(f'`{name}`' for name in contract.key)}. The same row sent again is "
        "counted as a duplicate; a later version takes the place of the earlier one"
        + (" (by `updated_at`)." if "updated_at" in contract.columns else ".")
    )
    yield _table(
        ("Column", "Type", "Must be there", "Meaning"),
        (
            (f"`{name}`", TYPE_WORDS[column.type], "yes" if column.required else "", _column_words(column))
            for name, column in contract.columns.items()
        ),
    )
    if contract.quarantine:
        yield "A row of this table is also set aside for:"
        yield _table(
            ("Reason", "Meaning"), ((f"`{reason}`", rule.means) for reason, rule in contract.quarantine.items())
        )


def _column_words(column: Column) -> str:
    if column.when_unreadable == "unknown":
        return f"{column.means} A value that cannot be read counts as unknown."
    return column.means


def _source_lines(source: Source) -> Iterator[str]:
    yield f"### `{source.name}`"
    yield source.title
    yield _table(
        ("Table", "From files"),
        ((f"[{name}](#{name})", f"`{mapping.file}`") for name, mapping in sorted(source.mappings.items())),
    )
    if source.caveats:
        yield "\n".join(f"- {caveat}" for caveat in source.caveats)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_row(heads), _row("---" for _ in heads), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KpiError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
