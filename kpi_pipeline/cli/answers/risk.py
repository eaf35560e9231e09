"""`kpi risk …`: what is expected of patients like these, fitted to the hospital's own stays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kpi_pipeline.cli.console import Format, print_frame, progress, say
from kpi_pipeline.cli.options import OutputFormat
from kpi_pipeline.core.text.language import format_count

risk_app = typer.Typer(help="Risk models: what is expected of patients like these.", no_args_is_help=True)
ModelFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A model's file, as fit wrote it.")]


@risk_app.command()
def fit(
    metric: Annotated[str, typer.Argument(help="readmission_30d, length_of_stay_days or total_cost_per_case_usd.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    baseline: Annotated[str, typer.Option("--baseline", help="The months to fit it to, such as 2024-01:2025-06.")],
    out: Annotated[Path, typer.Option("--out", dir_okay=False, help="The model's file, such as readmission.yaml.")],
    factor: Annotated[
        list[str] | None, typer.Option("--factor", help="What it may look at; again for more. Default: all supplied.")
    ] = None,
) -> None:
    """Fits a model to a baseline, judges it on the months after, writes it. It is used once it is imported."""
    from kpi_pipeline.pipeline.risk_models import Span, fit_risk_model
    from kpi_pipeline.reference.risk_model_file import write_risk_model

    with progress(f"Fitting {metric}"):
        model = fit_risk_model(warehouse, metric, Span.parse(baseline), factors=factor or ())
    write_risk_model(model, out)
    _print_checks(out, Format.table)
    say(f"Version {model.version}, {format_count(len(model.terms))} terms, is in {out}")
    say(f"To use it: kpi reference import risk-model {out} --reference DIR, then kpi build.")


@risk_app.command()
def show(
    model: ModelFile,
    terms: Annotated[bool, typer.Option("--terms", help="Every term with its coefficient instead.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", dir_okay=False, help="Draw the calibration plot into this SVG file.")
    ] = None,
    output: OutputFormat = Format.table,
) -> None:
    """How well a model tells what happened, in the baseline and after it."""
    from kpi_pipeline.pipeline.risk_models import plot_calibration, terms_frame
    from kpi_pipeline.reference.risk_model_file import read_risk_model

    read = read_risk_model(model)
    if plot is not None:
        plot.write_text(plot_calibration(read), encoding="utf-8")
        say(f"The calibration plot is in {plot}")
    elif terms:
        print_frame(terms_frame(read), title=f"Terms of {read.metric}, version {read.version}", output=output)
    else:
        _print_checks(model, output)


def _print_checks(file: Path, output: Format) -> None:
    from kpi_pipeline.pipeline.risk_models import checks_frame
    from kpi_pipeline.reference.risk_model_file import read_risk_model

    model = read_risk_model(file)
    print_frame(checks_frame(model), title=f"Risk model of {model.metric}", output=output)
    if output is Format.table:
        say("Calibration is perfect at intercept 0 and slope 1. The later months were never seen by the fit.")
        say(f"Fitted by {model.fitted_by} to version {model.metric_version} of {model.metric}.")
        for note in model.notes:
            say(note)


@risk_app.command()
def watch(
    month: Annotated[str, typer.Argument(help="The last month, YYYY-MM.")],
    warehouse: Annotated[Path, typer.Option("--warehouse", dir_okay=False, help="The warehouse file.")],
    months: Annotated[int, typer.Option("--months", min=1, max=60, help="How many months up to it.")] = 12,
    units: Annotated[bool, typer.Option("--units", help="Units on a funnel instead of the sums over time.")] = False,
    output: OutputFormat = Format.table,
) -> None:
    """Readmissions against what was expected of the same patients: by facility as they came, or by unit."""
    from kpi_pipeline.core.periods import Month
    from kpi_pipeline.pipeline.risk_watch import cusum_frame, risk_cases, units_frame

    last = Month.parse(month)
    cases = risk_cases(warehouse, last, months=months)
    title = f"Readmissions against expected, {months} months up to {last}"
    print_frame(units_frame(cases) if units else cusum_frame(cases), title=title, output=output)
    if output is Format.table:
        say(
            "lower and upper: 99.8 % limits of a unit of that size. Units are not ranked."
            if units
            else "limit: reached by chance alone in one span of twenty. A signal is the day on which a sum reached it."
        )
