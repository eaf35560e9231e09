"""Changes one token of the SQL at a time and asks whether the proofs of the measures notice.

    python -m benchmarks.sql_mutation [--metrics N] [--warehouse N] [--seed S] [--notes FILE] [--write]

A changed measure is held against its spec table and, on random hospitals, against its oracle in plain Python; a changed
table of the warehouse against the oracles of the measures that rest on it, on hospitals built anew with it, and what
survives that against the tests of the warehouse. What looks back a year is asked on a hospital of years, too; a cost of
nothing by its own test. N mutants of each are drawn; 0 takes all, -1 none. Other tests of the suite (conservation,
golden sets) are not asked, so that share is a lower bound. --notes keeps each verdict of the measures in a file, so
that a run that was ended goes on. --write puts the last result into docs/sql_mutation.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from unittest import mock

import duckdb
import pandas as pd
import sqlglot
from scipy.stats import binomtest

from benchmarks.mutation_verdicts import Mutant, equal_words, note_verdict, read_verdicts, unseen_by_suite
from kpi_pipeline.core.errors import KpiError
from kpi_pipeline.intake.ingest import IntakeResult
from kpi_pipeline.metrics.cases import query_cases, read_cases
from kpi_pipeline.metrics.declaration import Metric, load_metrics
from kpi_pipeline.metrics.proof import SpecCase, SpecFile, SpecResult, case_differences, read_spec_file
from kpi_pipeline.pipeline.build import read_landing
from kpi_pipeline.pipeline.checking.prove import build_results
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.reference.store import SHIPPED_FOLDER
from kpi_pipeline.warehouse import build as warehouse_build
from kpi_pipeline.warehouse.connection import build_and_swap, open_warehouse
from kpi_pipeline.warehouse.tables import WarehouseTable, load_tables, tables_behind
from tests.properties.conftest import RISK_MODELS, BuiltHospital
from tests.support.hospitals import Hospital, many_hospitals
from tests.support.landing import write_landing
from tests.support.oracle import build_stays
from tests.support.oracles import Listed, find_oracle, with_followup
from tests.support.pipeline import SETTINGS
from tests.support.value_sets import SMALL
from tests.support.years import hospital_of_years

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "sql_mutation.md"
START, END = "<!-- sql mutation: begin -->", "<!-- sql mutation: end -->"
HOSPITALS, HOSPITAL_SEED = 250, 20260401
YEARLY = "yearly_costs_per_weight"
"""What rests on this table says nothing of random hospitals, which are ninety days long."""
AT = datetime(2026, 11, 1, tzinfo=UTC)

SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+", "*": "/", "/": "*",
    "AND": "OR", "OR": "AND", "MIN": "MAX", "MAX": "MIN", "LEAST": "GREATEST", "GREATEST": "LEAST", "LEFT": "INNER",
    "INNER": "LEFT", "ANTI": "SEMI", "SEMI": "ANTI", "NOT": "", "DISTINCT": "", "ALL": "", "TRUE": "FALSE",
    "FALSE": "TRUE", "ASC": "DESC", "DESC": "ASC", "SUM": "MAX", "FLOOR": "CEIL", "CEIL": "FLOOR",
}  # fmt: skip
"""Token → what it is changed to. A number grows by one; a text gets a letter."""

Case = tuple[str, str, float | str, float]


def mutants_of(name: str, sql: str) -> Iterator[Mutant]:
    """Every one-token change of a SELECT."""
    lines = sql.splitlines()
    for token in sqlglot.tokenize(sql, read="duckdb"):
        written = sql[token.start : token.end + 1]
        if written.isdigit():
            after = str(int(written) + 1)
        elif written.startswith("'"):
            after = written[:-1] + "x'"
        elif written.upper() in SWAPS:
            after = SWAPS[written.upper()]
        else:
            continue
        changed = sql[: token.start] + after + sql[token.end + 1 :]
        yield Mutant(name, token.line, written, after, changed, lines[token.line - 1])


def listed_cases(frame: pd.DataFrame) -> dict[str, Case]:
    """case_id → facility, month, numerator or the reason it is left out, denominator."""
    found: dict[str, Case] = {}
    for row in frame.to_dict("records"):
        reason = row["exclusion_reason"]
        place = (str(row["facility_id"]), f"{row['event_date']:%Y-%m}")
        is_out = isinstance(reason, str)
        found[row["case_id"]] = (
            (*place, reason, 0.0) if is_out else (*place, _round(row["numerator"]), _round(row["denominator"]))
        )
    return found | {"n": ("", "", float(len(frame)), 0.0)}


def oracle_cases(file: SpecFile, built: BuiltHospital, metric: Metric) -> dict[str, Case]:
    """The same as the measure's oracle lists them."""
    listed: Mapping[str, Listed] = with_followup(
        find_oracle(file.oracle)(built), built.options, matures_after_days=metric.matures_after_days
    )
    found: dict[str, Case] = {
        key: (one.facility_id, f"{one.on:%Y-%m}", one.case, 0.0)
        if isinstance(one.case, str)
        else (one.facility_id, f"{one.on:%Y-%m}", _round(one.case[0]), _round(one.case[1]))
        for key, one in listed.items()
    }
    return found | {"n": ("", "", float(len(listed)), 0.0)}


def _round(number: float) -> float:
    return round(float(number), 6)


@dataclass(frozen=True)
class Judged:
    """A landed hospital, built, and what the oracles say of it: metric → cases."""

    built: BuiltHospital
    intake: IntakeResult
    expected: Mapping[str, Mapping[str, Case]]


class Proofs:
    """The hospitals, their oracles' cases, and the specs of every measure."""

    def __init__(self, folder: Path) -> None:
        """Lands the hospitals and builds them once: many random ones, and for what looks back a year one of years."""
        self.folder, self.metrics = folder, load_metrics()
        self.specs = {name: read_spec_file(ROOT / "tests" / "metrics" / f"{name}.spec.yaml") for name in self.metrics}
        # All wait for their follow-up, up to the watermark.
        self.behind = {name: tables_behind({*metric.tables, "watermarks"}) for name, metric in self.metrics.items()}
        for model in sorted(RISK_MODELS.glob("*.yaml")):
            import_reference("risk-model", model, folder / "reference", imported_at=AT)
        yearly = [name for name in self.metrics if YEARLY in self.behind[name]]
        self.judged = (
            self._judge("hospital", many_hospitals(HOSPITAL_SEED, count=HOSPITALS), self.metrics),
            self._judge("years", hospital_of_years(Random(HOSPITAL_SEED)), yearly),
        )
        if self.is_noticed_with(None):
            raise AssertionError("an oracle differs without any change")

    def _judge(self, name: str, hospital: Hospital, metrics: Iterable[str]) -> Judged:
        landing = write_landing(self.folder / name, hospital.tables(), hospital.landing_options())
        options = hospital.oracle_options()
        stays = build_stays(hospital.encounters, hospital.procedures, SMALL, options)
        built = BuiltHospital(hospital, self.folder / f"{name}.duckdb", options, stays)
        intake = read_landing(landing, built.warehouse, settings=SETTINGS)
        expected = {one: oracle_cases(self.specs[one], built, self.metrics[one]) for one in metrics}
        return Judged(built, intake, expected)

    def is_noticed_with(self, changed: WarehouseTable | None) -> bool:
        """Builds the warehouses, one table changed, and says whether any measure that rests on it lists other cases."""
        return any(self._differs(judged, changed) for judged in self.judged)

    def _differs(self, judged: Judged, changed: WarehouseTable | None) -> bool:
        asked = [name for name in judged.expected if changed is None or changed.name in self.behind[name]]
        if not asked:
            return False
        tables = tuple(changed if changed and one.name == changed.name else one for one in load_tables())
        target = judged.built.warehouse if changed is None else self.folder / "changed.duckdb"
        reads = [SHIPPED_FOLDER, self.folder / "reference"]
        with (
            mock.patch.object(warehouse_build, "load_tables", return_value=tables),
            build_and_swap(target, settings=SETTINGS, reads=reads) as connection,
        ):
            warehouse_build.build_tables(
                connection, judged.intake, reference=reads[1], settings=SETTINGS, built_at=AT.isoformat()
            )
            return any(
                listed_cases(query_cases(connection, self.metrics[name])) != judged.expected[name] for name in asked
            )

    def oracle_notices(self, name: str, sql: str) -> bool:
        """Whether the cases on the hospitals are others than the oracle's."""
        metric = self.metrics[name].model_copy(update={"sql": sql})
        for judged in self.judged:
            if name in judged.expected:
                with open_warehouse(judged.built.warehouse) as connection:
                    if listed_cases(query_cases(connection, metric)) != judged.expected[name]:
                        return True
        return False

    def spec_notices(self, name: str, sql: str, scratch: Path) -> bool:
        """Whether the cases are others than the spec's; its warehouses are in the scratch folder."""
        metric = self.metrics[name].model_copy(update={"sql": sql})
        return any(
            _spec_differs(metric, cases, scratch / str(number) / "kpi.duckdb")
            for number, (_, cases) in enumerate(self.specs[name].builds())
        )


def _spec_differs(metric: Metric, cases: Sequence[SpecCase], warehouse: Path) -> bool:
    frame, none = read_cases(warehouse, metric), pd.DataFrame()
    return bool(frame["case_id"].duplicated().any()) or any(
        case_differences(
            replace(case, values=[], quarantined=[]),
            SpecResult(
                frame[frame["facility_id"].str.startswith(case.prefix)].replace(case.prefix, "", regex=True), none, none
            ),
        )
        for case in cases
    )


def _cannot_run_or(notices: Callable[[], bool]) -> bool:
    """Noticed too where the SQL cannot run or lists no usable cases."""
    try:
        return notices()
    except (duckdb.Error, KpiError, ValueError, TypeError):
        return True


def drawn(mutants: Sequence[Mutant], number: int, seed: int) -> list[Mutant]:
    """So many of them in their order; 0 is all, -1 none."""
    if number < 0:
        return []
    if not 0 < number < len(mutants):
        return list(mutants)
    return [mutants[at] for at in sorted(Random(seed).sample(range(len(mutants)), number))]


def try_metrics(proofs: Proofs, chosen: Sequence[Mutant], equal: set[str]) -> list[Mutant]:
    """The mutants of measures that nothing notices. equal: words of those that the suite need not be asked about."""
    unseen = [one for one in chosen if not _cannot_run_or(partial(proofs.oracle_notices, one.name, one.sql))]
    survivors = []
    for name in dict.fromkeys(one.name for one in unseen):
        with tempfile.TemporaryDirectory() as folder:
            build_results(proofs.specs[name], Path(folder))
            if proofs.spec_notices(name, proofs.metrics[name].sql, Path(folder)):
                raise AssertionError(f"{name}: its spec fails without any change")
            survivors += [
                one
                for one in unseen
                if one.name == name and not _cannot_run_or(partial(proofs.spec_notices, name, one.sql, Path(folder)))
            ]
    return ask_suite("metrics", survivors, equal)


def try_tables(proofs: Proofs, chosen: Sequence[Mutant], equal: set[str], notes: Path | None = None) -> list[Mutant]:
    """The mutants of warehouse tables that no measure notices; equal: as above. notes: verdicts of an earlier run."""
    tables = {one.name: one for one in load_tables()}
    known = read_verdicts(notes)
    unseen = []
    for one in chosen:
        if one.key not in known:
            table = tables[one.name].model_copy(update={"sql": one.sql})
            known[one.key] = _cannot_run_or(partial(proofs.is_noticed_with, table))
            note_verdict(notes, one, is_noticed=known[one.key])
        if not known[one.key]:
            unseen.append(one)
    return ask_suite("warehouse", unseen, equal)


def ask_suite(kind: str, survivors: Sequence[Mutant], equal: set[str]) -> list[Mutant]:
    """Those that the suite does not notice either; it is not asked about the equal ones."""
    asked = [one for one in survivors if one.words not in equal]
    print(f"asking the tests about {', '.join(one.words for one in asked) or 'none'}", file=sys.stderr, flush=True)
    left = unseen_by_suite(kind, asked)
    return [one for one in survivors if one.words in equal or one in left]


def report(
    title: str, n_every: int, chosen: Sequence[Mutant], survivors: Sequence[Mutant], equal: set[str], *, seed: int
) -> list[str]:
    """The share that was noticed, of all and of those that change anything, and what survived. equal: the words of
    those argued as changing no case."""
    killed, changing = len(chosen) - len(survivors), sum(one.words not in equal for one in chosen)
    left = [one for one in survivors if one.words not in equal]
    wrong = [one for one in chosen if one.words in equal and one not in survivors]
    of_changing = changing - len(left)
    return [
        f"`{title}`: {len(chosen):,} of {n_every:,} mutants tried (seed {seed}), {killed:,} noticed: "
        f"{100 * killed / len(chosen):.1f} % ({exact_interval(killed, len(chosen))}). Of the {changing:,} that are not "
        f"argued as changing no case, {of_changing:,} were: {100 * of_changing / max(changing, 1):.1f} % "
        f"({exact_interval(of_changing, changing)}). The others:",
        "",
        *(f"- {one.words}" for one in left),
        *([] if left else ["- none"]),
        *(f"- argued as changing no case, and noticed: {one.words}" for one in wrong),
        "",
    ]


def exact_interval(noticed: int, tried: int) -> str:
    """The exact 95 % interval of a share (Clopper and Pearson), in words."""
    ends = binomtest(noticed, tried).proportion_ci(method="exact") if tried else None
    return f"{100 * ends.low:.1f} to {100 * ends.high:.1f} %" if ends else "none tried"


def main() -> None:
    """Draws the mutants, tries each, prints and with --write records what survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metrics", type=int, default=300, help="mutants of measures; 0: all, -1: none")
    parser.add_argument("--warehouse", type=int, default=30, help="mutants of warehouse tables; 0: all, -1: none")
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--notes", type=Path, help="file of verdicts on tables: read, and added to")
    parser.add_argument("--write", action="store_true", help="put the result into docs/sql_mutation.md")
    given = parser.parse_args()
    of_metrics = [one for name, metric in load_metrics().items() for one in mutants_of(name, metric.sql)]
    own = {path.stem for path in (ROOT / "sql" / "warehouse").glob("*.sql")}
    of_tables = [one for table in load_tables() if table.name in own for one in mutants_of(table.name, table.sql)]
    equal = equal_words([*of_metrics, *of_tables])
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        proofs = Proofs(Path(folder))
        for title, every, number, attempt in (
            ("sql/metrics", of_metrics, given.metrics, try_metrics),
            ("sql/warehouse", of_tables, given.warehouse, partial(try_tables, notes=given.notes)),
        ):
            chosen = drawn(every, number, given.seed)
            if not chosen:
                continue
            lines += report(title, len(every), chosen, attempt(proofs, chosen, equal), equal, seed=given.seed)
    print("\n".join(lines))
    if given.write:
        head, rest = PAGE.read_text(encoding="utf-8").split(START)
        result = "\n".join([START, "", *lines, END])
        PAGE.write_text(head + result + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
