"""From a warehouse to a model and back: what is fitted is what the next build expects, and missing inputs stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from kpi_pipeline.cli.main import app
from kpi_pipeline.core.errors import InputError
from kpi_pipeline.metrics.values import read_values
from kpi_pipeline.pipeline.build import build_warehouse
from kpi_pipeline.pipeline.risk_models import Span, fit_risk_model
from kpi_pipeline.reference.importer import import_reference
from kpi_pipeline.reference.risk_model_file import RiskModel, write_risk_model
from tests.support.landing import write_landing
from tests.support.pipeline import SETTINGS, read_rows

BASELINE = Span.parse("2025-01:2025-06")
MEAN_DAYS = {"I5033": 6.0, "J189": 4.0, "M1611": 2.0}
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Built:
    landing: Path
    warehouse: Path
    model: RiskModel


def tables(*, with_diagnoses: bool = True) -> dict[str, list[dict[str, str]]]:
    """A year of one hospital: days depend on the diagnosis, and are half as many again with obesity."""
    chance = Random(11)
    encounters, diagnoses = [], []
    for number in range(2400):
        code = chance.choice(list(MEAN_DAYS))
        is_obese = chance.random() < 0.3
        days = max(1, round(chance.gammavariate(3, MEAN_DAYS[code] * (1.5 if is_obese else 1.0) / 3)))
        admitted = date(2025, 1, 1) + timedelta(days=number * 365 // 2400)
        encounters.append(
            {
                "encounter_id": f"E{number}",
                "person_id": f"P{number}",
                "facility_id": "Mercy",
                "encounter_type": "acute inpatient",
                "admitted_at": admitted.isoformat(),
                "discharged_at": (admitted + timedelta(days=days)).isoformat(),
                "discharge_disposition_code": "01",
                "primary_diagnosis_code": code,
                "birth_date": f"{chance.randint(1930, 2000)}-06-15",
                "sex": chance.choice(["F", "M"]),
            }
        )
        listed = [(1, code), *([(2, "E669")] if is_obese else [])]
        diagnoses += [
            {"encounter_id": f"E{number}", "sequence": str(n), "code": one, "present_on_admission": "Y"}
            for n, one in listed
        ]
    return {"encounters": encounters, **({"diagnoses": diagnoses} if with_diagnoses else {})}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("risk")
    landing = write_landing(folder / "landing", tables(), {"complete_through": date(2025, 12, 31)})
    build_warehouse(landing, folder / "kpi.duckdb", settings=SETTINGS)
    return Built(landing, folder / "kpi.duckdb", fit_risk_model(folder / "kpi.duckdb", "length_of_stay_days", BASELINE))


def test_a_model_finds_what_makes_stays_long(built: Built) -> None:
    found = {(term.factor, term.level): term for term in built.model.terms}
    obesity = found["comorbidity", "OBESE"]
    assert abs(obesity.coefficient - 0.405) < 3 * obesity.standard_error, "ln 1.5"
    heart, hip = found["diagnosis", "108"].coefficient, found["diagnosis", "203"].coefficient
    assert heart - hip == pytest.approx(1.0986, abs=0.15), "ln 3"
    assert built.model.factors == ("age", "comorbidity", "diagnosis", "sex"), "no DRG was supplied"


def test_it_is_judged_on_the_months_it_never_saw(built: Built) -> None:
    baseline, later = built.model.baseline, built.model.later
    assert baseline.observed_over_expected == pytest.approx(1)
    assert later is not None
    assert (later.first_month, later.last_month) == ("2025-07", "2025-12")
    assert later.observed_over_expected == pytest.approx(1, abs=0.06)
    assert later.slope == pytest.approx(1, abs=0.2)
    assert 0.1 < later.discrimination < 0.6


def test_the_next_build_expects_what_was_fitted(built: Built, tmp_path: Path) -> None:
    before = read_values(built.warehouse, ["length_of_stay_risk_index"]).values
    assert before[["status", "status_reason"]].values.tolist() == [["not_computable", "no_risk_model"]]
    write_risk_model(built.model, tmp_path / "model.yaml")
    import_reference("risk-model", tmp_path / "model.yaml", tmp_path / "reference", imported_at=NOW)
    warehouse = tmp_path / "kpi.duckdb"
    build_warehouse(built.landing, warehouse, reference=tmp_path / "reference", settings=SETTINGS)
    of_baseline = "discharged_on BETWEEN DATE '2025-01-01' AND DATE '2025-06-30'"
    ((expected, days),) = read_rows(
        warehouse,
        "SELECT SUM(expected), SUM(length_of_stay_days) FROM stays "
        f"INNER JOIN expected_outcomes USING (stay_id) WHERE {of_baseline}",
    )
    assert expected == pytest.approx(built.model.baseline.expected)
    assert days == built.model.baseline.observed
    values = read_values(warehouse, ["length_of_stay_risk_index"]).values
    months = values[(values["facility_id"] == "all") & (values["month"] <= "2025-12")]
    assert months["status"].tolist() == 12 * ["ok"]
    assert months["value"].between(0.8, 1.2).all()


def test_a_model_whose_inputs_are_gone_gives_no_figure(built: Built, tmp_path: Path) -> None:
    write_risk_model(built.model, tmp_path / "model.yaml")
    import_reference("risk-model", tmp_path / "model.yaml", tmp_path / "reference", imported_at=NOW)
    landing = write_landing(
        tmp_path / "landing", tables(with_diagnoses=False), {"complete_through": date(2025, 12, 31)}
    )
    build_warehouse(landing, tmp_path / "kpi.duckdb", reference=tmp_path / "reference", settings=SETTINGS)
    values = read_values(tmp_path / "kpi.duckdb", ["length_of_stay_risk_index"]).values
    assert values["status"].tolist() == ["not_computable"]
    assert "risk_model_lacks:" in values["status_reason"].iloc[0]
    assert "diagnos" in values["status_reason"].iloc[0].lower()


def test_a_model_of_another_version_of_the_measure_gives_no_figure(built: Built, tmp_path: Path) -> None:
    write_risk_model(built.model.model_copy(update={"metric_version": 99}), tmp_path / "model.yaml")
    import_reference("risk-model", tmp_path / "model.yaml", tmp_path / "reference", imported_at=NOW)
    build_warehouse(built.landing, tmp_path / "kpi.duckdb", reference=tmp_path / "reference", settings=SETTINGS)
    values = read_values(tmp_path / "kpi.duckdb", ["length_of_stay_risk_index"]).values
    assert values["status"].tolist() == ["not_computable"]
    assert "risk_model_outdated:length_of_stay_days" in values["status_reason"].iloc[0]


@pytest.mark.parametrize(
    ("metric", "baseline", "factors", "what"),
    [
        ("discharges", "2025-01:2025-06", (), "has no risk index"),
        ("length_of_stay_days", "2025-01:2026-06", (), "is not final in 2026-06"),
        ("length_of_stay_days", "2023-01:2023-06", (), "has no cases"),
        ("length_of_stay_days", "2025-01:2025-06", ("shoe_size",), "not known"),
        ("length_of_stay_days", "2025-01:2025-06", ("drg",), "drg cannot be used"),
        ("total_cost_per_case_usd", "2025-01:2025-06", (), "has no figures"),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    built: Built, metric: str, baseline: str, factors: tuple[str, ...], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        fit_risk_model(built.warehouse, metric, Span.parse(baseline), factors=factors)


def test_the_command_writes_a_model_and_shows_it(built: Built, tmp_path: Path) -> None:
    file, plot = tmp_path / "stay.yaml", tmp_path / "stay.svg"
    arguments = ["--warehouse", str(built.warehouse), "--baseline", "2025-01:2025-06", "--factor", "diagnosis"]
    fitted = CliRunner().invoke(app, ["risk", "fit", "length_of_stay_days", *arguments, "--out", str(file)])
    assert fitted.exit_code == 0, fitted.output
    assert "kpi reference import risk-model" in fitted.output
    shown = CliRunner().invoke(app, ["risk", "show", str(file), "--terms", "--format", "csv"])
    assert "diagnosis,108," in shown.output
    drawn = CliRunner().invoke(app, ["risk", "show", str(file), "--plot", str(plot)])
    assert drawn.exit_code == 0, drawn.output
    assert plot.read_text(encoding="utf-8").startswith("<svg")
