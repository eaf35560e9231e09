"""The command line `kpi`. Every command is a few lines: read arguments, call one library function, print counts.

Exit codes: 0 done; 1 failed unexpectedly; 2 wrong usage; 3 input; 4 definitions or settings; 5 warehouse;
6 a check failed; 7 the report could not be drawn; 8 not approved, issued or sent.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.check import check
from kpi_pipeline.cli.console import Format, print_errors, print_frame, print_unexpected, progress, rows_line, say, warn
from kpi_pipeline.cli.definitions import definitions_app
from kpi_pipeline.cli.diff import diff
from kpi_pipeline.cli.disclosure import audit_disclosure
from kpi_pipeline.cli.explain import explain
from kpi_pipeline.cli.extract import extract
from kpi_pipeline.cli.faults import faults
from kpi_pipeline.cli.figures import add_figures
from kpi_pipeline.cli.groups import add_groups
from kpi_pipeline.cli.initiatives import initiative_app
from kpi_pipeline.cli.issue import issue_app
from kpi_pipeline.cli.mapping import map_files
from kpi_pipeline.cli.operation import add_operation
from kpi_pipeline.cli.outbox import add_send, outbox_app
from kpi_pipeline.cli.project import add_project_option
from kpi_pipeline.cli.rebases import rebase_app
from kpi_pipeline.cli.state import state_app
from kpi_pipeline.cli.totals import totals
from kpi_pipeline.cli.verify import verify
from kpi_pipeline.core.errors import Fault, InputError, KpiError
from kpi_pipeline.core.files import disk_full, is_disk_full
from kpi_pipeline.core.language import format_count
from kpi_pipeline.core.settings import read_settings
from kpi_pipeline.core.vocabulary import Privacy

app = typer.Typer(
    name="kpi",
    help="A hospital case-management director's monthly report: numbers that can defend themselves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
reference_app = typer.Typer(help="Value sets and tables that change every year.", no_args_is_help=True)
app.add_typer(reference_app, name="reference")
app.add_typer(initiative_app, name="initiative")
app.add_typer(rebase_app, name="rebase")
app.add_typer(definitions_app, name="definitions")
app.add_typer(issue_app, name="issue")
app.add_typer(outbox_app, name="outbox")
add_send(app)
add_operation(app)
add_figures(app)
add_groups(app)
app.add_typer(state_app, name="state")
app.command()(extract)
app.command()(diff)
app.command()(verify)
app.command()(explain)
app.command()(check)
app.command()(faults)
app.command()(totals)
app.command("audit-disclosure")(audit_disclosure)

app.command("map")(map_files)

WarehouseFile = Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="Settings file; default $KPI_SETTINGS or ./kpi.yaml.")
]
SourceName = Annotated[str | None, typer.Option("--source", help="Kind of landing folder; default: its landing.yaml.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="How to print.")]
OutputFile = Annotated[
    Path | None,
    typer.Option("--out", dir_okay=False, help="Write it into this file, readable by you alone, as CSV or JSON lines."),
]


_VALUES_SHOWN = (
    "metric",
    "facility_id",
    "month",
    "numerator",
    "denominator",
    "value",
    "maturity",
    "status",
    "status_reason",
)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demo's files.")] = Path("demo"),
) -> None:
    """Makes a synthetic hospital and its report. Prints where the report is."""
    from kpi_pipeline.pipeline.demo import make_demo

    with progress("Making the demo") as step:
        made = make_demo(out, progress=step)
    say(f"A synthetic hospital of {made.n_stays:,} stays is in {made.landing}")
    say(f"Its warehouse is {made.warehouse}")
    say(f"The report for {made.month.name}: {made.report.pdf}")


@app.command()
def build(
    landing: Annotated[Path, typer.Option("--landing", help="Folder of source files.")],
    warehouse: WarehouseFile,
    source: SourceName = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", help="Imported reference files; default: reference/ beside the warehouse."),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify-store", help="First verify all that earlier builds staged; remove what is damaged."),
    ] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Reads a landing folder and computes everything. On any error the last good warehouse stays."""
    from kpi_pipeline.pipeline.build import build_warehouse
    from kpi_pipeline.report.words.notices import notice_sentence

    settings = read_settings(settings_file)
    if verify:
        _verify_store(warehouse)
    with progress("Building") as step:
        built = build_warehouse(
            landing, warehouse, source=source, reference=reference, settings=settings, progress=step
        )
    facts = built.facts
    for warning in facts.warnings:
        warn(notice_sentence(warning))
    for row in facts.ledger:
        counts = [("rows in", row.rows_in), ("used", row.staged), ("quarantined", row.quarantined)]
        say(f"{row.table}: {rows_line([*counts, ('duplicate', row.duplicate), ('superseded', row.superseded)])}")
    say(f"{rows_line((step.label.lower(), step.n) for step in facts.stays if step.label == 'Acute inpatient stays')}")
    for lost in built.lost:
        warn(lost.sentence)
    say(f"{built.n_metrics} measures computed; snapshot {built.snapshot_id} is in {built.warehouse}")
    if facts.rows_quarantined:
        say(f"See the refused rows: kpi quarantine --warehouse {built.warehouse}")


def _verify_store(warehouse: Path) -> None:
    """Says what was found in the store beside a warehouse, before anything is built of it."""
    from kpi_pipeline.intake.store_check import verify_store
    from kpi_pipeline.warehouse.connection import store_folder

    with progress("Verifying the store"):
        checked = verify_store(store_folder(warehouse))
    for line in checked.found:
        warn(line)
    say(f"store: {rows_line([('sound', checked.n_sound), ('damaged or left over, and removed', len(checked.found))])}")


@app.command()
def cases(
    metric: Annotated[str, typer.Argument(help="The measure, such as readmission_30d.")],
    warehouse: WarehouseFile,
    month: Annotated[str | None, typer.Option("--month", help="YYYY-MM; default: all months.")] = None,
    facility: Annotated[str | None, typer.Option("--facility", help="Only this facility.")] = None,
    output: OutputFormat = Format.table,
    out: OutputFile = None,
) -> None:
    """Lists the cases behind a number. Who counts, who does not, and why."""
    from kpi_pipeline.metrics.cases import read_cases
    from kpi_pipeline.metrics.declaration import CASE_COLUMNS

    frame = read_cases(warehouse, metric, month=month, facility=facility)
    title = f"Cases of {metric}{f' in {month}' if month else ''}"
    print_frame(frame, output=output, title=title, columns=CASE_COLUMNS, into=out)


@app.command()
def values(
    warehouse: WarehouseFile,
    metrics: Annotated[list[str] | None, typer.Argument(help="Measures; default: all.")] = None,
    output: OutputFormat = Format.table,
) -> None:
    """Prints the values by facility and month."""
    from kpi_pipeline.metrics.values import read_values

    read = read_values(warehouse, metrics or None)
    title = f"Values of snapshot {read.snapshot_id}"
    print_frame(read.values, output=output, title=title, columns=_VALUES_SHOWN)


@app.command()
def report(
    month: Annotated[str, typer.Argument(help="The reporting month, YYYY-MM.")],
    warehouse: WarehouseFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report's files.")],
    facility: Annotated[str | None, typer.Option("--facility", help="One facility; default: the whole system.")] = None,
    privacy: Annotated[Privacy, typer.Option("--privacy", help="Who reads it.")] = "internal",
    first_month: Annotated[
        str | None, typer.Option("--from", help="YYYY-MM: also every month from this one on, side by side.")
    ] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Writes the month's PDF, its JSON model and figures.csv."""
    from kpi_pipeline.core.periods import Month, month_range
    from kpi_pipeline.pipeline.reports import write_reports

    settings, last = read_settings(settings_file), Month.parse(month)
    first = last if first_month is None else Month.parse(first_month)
    if first > last:
        cure = "Give the earlier month to --from."
        raise InputError(Fault("--from", f"{first} is after the reporting month {last}.", cure))
    with progress("Writing the report"):
        done = [
            written
            for _, written in write_reports(
                warehouse, list(month_range(first, last)), out, facility=facility, privacy=privacy, settings=settings
            )
        ]
    for written in done:
        for path in (written.pdf, written.model, written.figures) if first == last else (written.pdf,):
            say(str(path))
    if done[-1].owed:
        say("Before this is issued, please answer in the commentary file:")
        for question in done[-1].owed:
            say(f"  {question}")


@app.command()
def signals(
    file: Annotated[Path, typer.Argument(help="CSV with columns period and value, or numerator and denominator, …")],
    chart: Annotated[
        str, typer.Option("--chart", help="xmr, p, p_prime, u, u_prime, c, g, t, xbar, s, i_prime, ewma, run.")
    ],
    better: Annotated[str, typer.Option("--better", help="lower, higher or neither.")] = "neither",
    rules: Annotated[
        str, typer.Option("--rules", help="nhs-2024, frozen-2026, nhs-classic, ihi or anhoej.")
    ] = "nhs-2024",
    target: Annotated[
        float | None, typer.Option("--target", help="A target, if the file has no target column.")
    ] = None,
    chart_file: Annotated[
        Path | None, typer.Option("--chart-file", help="Also draw the chart into this .svg or .png file.")
    ] = None,
    output: OutputFormat = Format.table,
) -> None:
    """Statistical process control on any series. Limits, signals and the verdict in words."""
    from kpi_pipeline.cli.series_table import print_series
    from kpi_pipeline.pipeline.series_file import check_chart_file, evaluate_series_file, write_chart

    check_chart_file(chart_file)
    result = evaluate_series_file(file, chart=chart, better=better, rules=rules, target=target)
    if chart_file is not None:
        write_chart(result, chart_file, title=file.stem)
    print_series(result, output=output, title=file.name)


@app.command()
def quarantine(
    warehouse: WarehouseFile,
    output: OutputFormat = Format.table,
    show_rows: Annotated[
        bool, typer.Option("--show-rows", help="Also print the original rows. They hold patient data.")
    ] = False,
    out: OutputFile = None,
) -> None:
    """Lists the refused rows. File, line, table and every reason."""
    from kpi_pipeline.warehouse.facts import read_quarantine

    frame = read_quarantine(warehouse, with_rows=show_rows)
    print_frame(frame, output=output, title=format_count(len(frame), "refused rows"), into=out)


@app.command("new-metric")
def new_metric(name: Annotated[str, typer.Argument(help="The measure's name in lower_case words.")]) -> None:
    """Writes the skeleton of a measure. And of its proof; both are to be filled in."""
    from kpi_pipeline.core.project import project_in_force
    from kpi_pipeline.pipeline.new_metric import write_metric_skeleton

    for path in write_metric_skeleton(name, checkout=Path.cwd(), project=project_in_force()):
        say(f"Wrote {path}")


@reference_app.command("import")
def reference_import(
    kind: Annotated[
        str, typer.Argument(help="readmission-value-sets, ccs-icd10, ccs-icd9, ms-drg-table5, benchmarks-hrrp.")
    ],
    path: Annotated[Path, typer.Argument(help="The file, or the folder of files.")],
    reference: Annotated[Path, typer.Option("--reference", help="Where imported files are kept.")] = Path("reference"),
    fiscal_year: Annotated[
        int | None, typer.Option("--fiscal-year", help="Of an MS-DRG table, if its name does not say.")
    ] = None,
    effective_from: Annotated[
        datetime | None,
        typer.Option("--effective-from", formats=["%Y-%m-%d"], help="First discharge day a value set holds for."),
    ] = None,
) -> None:
    """Checks a reference file and stores it; the next build uses it."""
    from kpi_pipeline.pipeline.build import utc_now
    from kpi_pipeline.reference.importer import import_reference

    imported = import_reference(
        kind,
        path,
        reference,
        imported_at=utc_now(),
        fiscal_year=fiscal_year,
        effective_from=effective_from.date() if effective_from else None,
    )
    for table in imported.tables:
        state = "stored" if table.name in imported.changed else "already there"
        say(f"{table.title}: {table.rows:,} rows, {state}")
    for note in imported.notes:
        say(note)
    say(f"Use it with: kpi build … --reference {reference}")


add_project_option(app)


def main() -> None:
    """Runs the command line; turns every expected error into one clear message and an exit code."""
    try:
        app(prog_name="kpi")
    except KpiError as error:
        print_errors(error)
        sys.exit(error.exit_code)
    except Exception as error:  # the last resort: no traceback, and no data, on the operator's screen
        sys.exit(_print_other(error))


def _print_other(error: Exception) -> int:
    """Prints an error that is not ours; returns the exit code."""
    if is_disk_full(error):
        full = disk_full(str(getattr(error, "filename", None) or "the disk written to"))
        print_errors(full)
        return full.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        what, cure = f"{error.strerror}.", "Check the path, your rights to it, and that the disk is not full."
        print_errors(InputError(Fault(str(error.filename), what, cure)))
        return InputError.exit_code
    print_unexpected(error)
    return 1


if __name__ == "__main__":
    main()
