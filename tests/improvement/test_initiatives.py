"""The registry of initiatives: what it refuses, all faults at once, edits that leave the old one alone, round trips."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from kpi_pipeline.core.errors import DefinitionError, InputError
from kpi_pipeline.core.periods import Month
from kpi_pipeline.improvement import (
    Control,
    Cycle,
    Initiative,
    MonthlySeries,
    Registry,
    Scope,
    estimate_initiative,
    read_initiatives,
    read_scope_series,
    read_series,
    render_initiatives,
    write_initiatives,
)
from kpi_pipeline.metrics.declaration import load_metrics

EXAMPLE = Path(__file__).parents[2] / "docs/examples/initiatives.yaml"
METRICS = ("length_of_stay_days", "readmission_30d", "denials_per_100_discharges")

ROUNDS: dict[str, Any] = {
    "id": "rounds",
    "title": "Daily rounds",
    "aim": "Shorten the stay by 0.3 days.",
    "owner": "Nurse manager",
    "scope": {"facilities": ["ERHL"]},
    "declared_on": "2025-10-01",
    "starts_on": "2025-11-01",
    "outcomes": ["length_of_stay_days"],
}
CYCLE: dict[str, Any] = {"began_on": "2025-08-04", "plan": "Rounds at nine."}
DECIDED: dict[str, Any] = {
    **CYCLE, "do": "Held.", "study": "It helped.", "decided_on": "2025-09-01", "decision": "adopt"
}  # fmt: skip


def initiative(**changed: Any) -> Initiative:
    return Initiative.model_validate({**ROUNDS, **changed})


def write(folder: Path, content: Any) -> Path:
    path = folder / "initiatives.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def faults(folder: Path, content: Any, **known: Any) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        read_initiatives(write(folder, content), metrics=METRICS, **known)
    return [str(fault).removeprefix(str(folder / "initiatives.yaml") + ": ") for fault in caught.value.faults]


# ---- reading ----


def test_the_example_in_the_documents_is_read_and_survives_writing(tmp_path: Path) -> None:
    registry = read_initiatives(EXAMPLE, metrics=load_metrics(), facilities=("ERHC", "ERHL", "ERHV"))
    rounds, reviews = registry.initiatives
    assert rounds.is_declared_beforehand
    assert rounds.processes
    assert [cycle.decision for cycle in rounds.cycles] == ["adapt", "adopt"]
    assert (bool(reviews.outcomes), reviews.processes, bool(reviews.balancing)) == (True, (), True)
    assert reviews.scope.is_whole_system
    path = tmp_path / "again.yaml"
    write_initiatives(path, registry)
    assert read_initiatives(path, metrics=load_metrics()) == registry
    assert [file.name for file in tmp_path.iterdir()] == ["again.yaml"]


def test_no_file_and_an_empty_file_are_no_initiatives(tmp_path: Path) -> None:
    assert read_initiatives(None, metrics=METRICS) == Registry()
    assert read_initiatives(write(tmp_path, "# nothing yet\n"), metrics=METRICS) == Registry()
    assert read_initiatives(write(tmp_path, render_initiatives(Registry())), metrics=METRICS) == Registry()


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    content = [
        {**ROUNDS, "outcomes": ["los"], "starts_on": "1 Nov 2025", "colour": "blue"},
        {**ROUNDS, "scope": {"facilities": ["ERHX"]}, "balancing": ["falls"]},
        {"id": "Bad Id"},
        "words",
    ]
    told = faults(tmp_path, content, facilities=("ERHL",))
    for part in (
        "initiative rounds: starts_on: must be a day such as 2026-03-01; got '1 Nov 2025'.",
        "initiative rounds: colour is not a known field.",
        "initiative rounds: 'los' is not a metric. Use one of denials_per_100_discharges,",
        "initiative rounds: 'falls' is not a metric.",
        "initiative rounds: 'ERHX' is not a facility. Use one of ERHL.",
        "initiative Bad Id: id: 'Bad Id' does not fit the form",
        "initiative Bad Id: owner is missing.",
        "initiative 4: ",
        "id 'rounds' is given 2 times. Give each initiative its own id.",
    ):
        assert any(fault.startswith(part) for fault in told), (part, told)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("initiatives: []", "must be a list of initiatives; got `name: value` lines."),
        ("- id: [", "is not YAML:"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str, what: str) -> None:
    assert what in faults(tmp_path, text)[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="no such initiatives file"):
        read_initiatives(tmp_path / "none.yaml", metrics=METRICS)


@pytest.mark.parametrize("day", [20251101, 2025, "2025-13-01", "11/01/2025", True, "2025-11-01 08:00:00"])
def test_only_a_whole_day_is_a_day(day: Any) -> None:
    with pytest.raises(ValidationError, match="must be a day such as"):
        initiative(starts_on=day)


# ---- what does not go together ----


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"balancing": ["length_of_stay_days"]}, "length_of_stay_days is named twice"),
        ({"outcomes": []}, "outcomes"),
        ({"worthwhile_effects": {"readmission_30d": 1.0}}, "names readmission_30d, which is not one of the outcomes"),
        ({"worthwhile_effects": {"length_of_stay_days": 0}}, "greater than 0"),
        ({"control": {}}, "name either a facility_id or a metric"),
        ({"control": {"facility_id": "ERHV", "metric": "readmission_30d"}}, "name either a facility_id or a metric"),
        ({"control": {"facility_id": "ERHL"}}, "control facility ERHL is within the scope"),
        ({"control": {"facility_id": "ERHV"}, "scope": {}}, "needs a scope that leaves it out"),
        ({"control": {"metric": "length_of_stay_days"}}, "is one of its own measures"),
        ({"washout_months": 13}, "less than or equal to 12"),
        ({"status": "completed"}, "status completed and closed_on disagree"),
        ({"closed_on": "2026-01-01"}, "status planned and closed_on disagree"),
        ({"status": "completed", "closed_on": "2025-10-31"}, "before it started on 2025-11-01"),
        ({"status": "abandoned", "closed_on": "2025-08-31", "cycles": [DECIDED]}, "a cycle is later than the day"),
        ({"status": "abandoned", "closed_on": "2025-12-31", "cycles": [CYCLE]}, "a cycle has no decision"),
        ({"cycles": [{**DECIDED, "decided_on": None}]}, "decision and decided_on belong together"),
        ({"cycles": [{**DECIDED, "study": None}]}, "a decision needs what was done and what was studied"),
        ({"cycles": [{**DECIDED, "decided_on": "2025-08-03"}]}, "decided on 2025-08-03, before it began"),
    ],
)
def test_an_initiative_must_agree_with_itself(changed: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        initiative(**changed)


def test_an_initiative_given_up_before_its_start_is_recorded() -> None:
    given_up = initiative(status="abandoned", closed_on="2025-10-20")
    assert given_up.closed_on == date(2025, 10, 20)


@pytest.mark.parametrize(("declared_on", "is_beforehand"), [("2025-10-31", True), ("2025-11-01", False)])
def test_declared_on_the_first_day_is_not_beforehand(declared_on: str, is_beforehand: bool) -> None:
    assert initiative(declared_on=declared_on).is_declared_beforehand is is_beforehand


# ---- edits ----


def test_edits_give_a_new_registry_and_leave_the_old_one_alone() -> None:
    empty = Registry()
    added = empty.add(initiative(), metrics=METRICS)
    assert empty.initiatives == ()
    started = added.start("rounds")
    with_cycles = started.add_cycle("rounds", Cycle.model_validate({**CYCLE, "began_on": "2025-12-01"}))
    with_cycles = with_cycles.add_cycle("rounds", Cycle.model_validate(CYCLE))
    cycles = with_cycles.find("rounds").cycles
    assert [cycle.began_on.month for cycle in cycles] == [8, 12]
    studied = with_cycles.record_cycle("rounds", 1, do="Held on 18 of 20 days.", study="Earlier discharge dates.")
    decided = studied.record_cycle("rounds", 1, act="Go on.", decision="adopt", decided_on=date(2025, 9, 1))
    decided = decided.record_cycle(
        "rounds", 2, do="Held.", study="No more than before.", decision="abandon", decided_on=date(2026, 1, 5)
    )
    closed = decided.close("rounds", status="completed", closed_on=date(2026, 10, 31), conclusion="Now routine.")
    assert added.find("rounds").status == "planned"
    assert started.find("rounds").status == "running"
    assert closed.find("rounds").status == "completed"
    assert [cycle.decision for cycle in closed.find("rounds").cycles] == ["adopt", "abandon"]
    assert with_cycles.find("rounds").cycles[0].do is None
    assert yaml.safe_load(render_initiatives(closed))[0]["conclusion"] == "Now routine."


def test_what_may_not_be_added_is_refused() -> None:
    registry = Registry().add(initiative(), metrics=METRICS)
    with pytest.raises(InputError) as caught:
        registry.add(initiative(outcomes=["los"], control={"metric": "weather"}), metrics=METRICS)
    assert [fault.what for fault in caught.value.faults] == [
        "'los' is not a metric.", "'weather' is not a metric.", "is already registered."
    ]  # fmt: skip


def test_edits_that_break_an_initiative_are_refused() -> None:
    registry = Registry().add(initiative(cycles=[CYCLE]), metrics=METRICS)
    with pytest.raises(InputError, match="there is no 'other'"):
        registry.start("other")
    with pytest.raises(InputError, match="has no cycle 2; it has 1"):
        registry.record_cycle("rounds", 2, do="Held.")
    with pytest.raises(InputError, match="a decision needs what was done"):
        registry.record_cycle("rounds", 1, decision="adopt", decided_on=date(2025, 9, 1))
    with pytest.raises(InputError, match="mood is not a known field"):
        registry.record_cycle("rounds", 1, mood="good")
    with pytest.raises(InputError, match="a cycle has no decision"):
        registry.close("rounds", status="abandoned", closed_on=date(2025, 12, 1), conclusion="It did not help.")


def test_what_is_closed_stays_closed() -> None:
    registry = Registry((initiative(status="abandoned", closed_on="2025-12-01"),))
    for edit in (
        lambda: registry.start("rounds"),
        lambda: registry.close("rounds", status="completed", closed_on=date(2026, 1, 1), conclusion="After all."),
    ):
        with pytest.raises(InputError, match="was closed on 2025-12-01"):
            edit()


# ---- from the table of values to the effect ----


def values_table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    columns = ["metric", "facility_id", "month", "numerator", "denominator", "value", "maturity", "status"]
    return pd.DataFrame(rows, columns=columns)


TABLE = values_table(
    [
        ("readmission_30d", "all", "2026-01", 30.0, 200.0, 15.0, "final", "ok"),
        ("readmission_30d", "A", "2026-01", 10.0, 100.0, 10.0, "final", "ok"),
        ("readmission_30d", "B", "2026-01", 4.0, 20.0, float("nan"), "final", "too_few"),
        ("readmission_30d", "C", "2026-01", 16.0, 80.0, 20.0, "final", "ok"),
        ("readmission_30d", "A", "2026-02", 12.0, 100.0, 12.0, "final", "ok"),
        ("readmission_30d", "A", "2026-03", 9.0, 100.0, 9.0, "provisional", "ok"),
        ("readmission_30d", "B", "2026-03", 9.0, 100.0, 9.0, "final", "ok"),
        ("length_of_stay_days", "A", "2026-01", 500.0, 100.0, 5.0, "final", "ok"),
        ("denials_per_100_discharges", "all", "", float("nan"), float("nan"), float("nan"), "", "not_supplied"),
    ]
)


def test_a_facility_gives_its_final_values_in_time_order() -> None:
    series = read_series(TABLE.iloc[::-1], "readmission_30d", facilities=["A"])
    assert series == MonthlySeries((Month(2026, 1), Month(2026, 2)), (10.0, 12.0), (100.0, 100.0))


def test_no_facility_named_is_the_whole_system() -> None:
    assert read_series(TABLE, "readmission_30d").values == (15.0,)


def test_several_facilities_are_a_ratio_of_sums_in_the_months_all_have_final() -> None:
    # January: (10 + 4) / (100 + 20); the small facility's cases count although it has no rate of its own.
    # February: B has none; March: A is provisional.
    series = read_series(TABLE, "readmission_30d", facilities=["A", "B"], scale=100)
    assert (series.months, series.denominators) == ((Month(2026, 1),), (120.0,))
    assert series.values == pytest.approx((100 * 14 / 120,))


def test_a_month_too_small_for_a_rate_is_absent_from_the_facilitys_own_series() -> None:
    assert read_series(TABLE, "readmission_30d", facilities=["B"]).months == (Month(2026, 3),)


@pytest.mark.parametrize(("metric", "facility"), [("readmission_30d", "Z"), ("denials_per_100_discharges", "all")])
def test_a_metric_or_facility_without_values_is_refused(metric: str, facility: str) -> None:
    with pytest.raises(InputError, match=f"hold no {metric} for {facility}"):
        read_series(TABLE, metric, facilities=[facility])


def test_a_table_without_the_columns_is_refused() -> None:
    with pytest.raises(InputError, match="has no column maturity"):
        read_series(TABLE.drop(columns="maturity"), "readmission_30d")


def test_the_scope_and_its_control_are_read_as_declared() -> None:
    scales = {"readmission_30d": 100.0, "length_of_stay_days": 1.0}
    scope = Scope(facilities=("A",))
    beside = initiative(scope=scope, outcomes=["readmission_30d"], control=Control(facility_id="C"))
    series, control = read_scope_series(beside, "readmission_30d", TABLE, scales=scales)
    assert (series.values, control and control.values) == ((10.0, 12.0), (20.0,))
    other = initiative(scope=scope, outcomes=["readmission_30d"], control=Control(metric="length_of_stay_days"))
    assert read_scope_series(other, "readmission_30d", TABLE, scales=scales)[1] == read_series(
        TABLE, "length_of_stay_days", facilities=["A"]
    )
    alone = initiative(scope=scope, outcomes=["readmission_30d"])
    assert read_scope_series(alone, "readmission_30d", TABLE, scales=scales)[1] is None
    on_a_unit = initiative(scope=Scope(units=("3E",)), outcomes=["readmission_30d"])
    with pytest.raises(InputError, match="the table of values is by facility"):
        read_scope_series(on_a_unit, "readmission_30d", TABLE, scales=scales)


def wavering(n: int, fall: float = 0.0, *, at: int = 12) -> MonthlySeries:
    months = tuple(Month(2024, 11).plus(place) for place in range(n))
    values = tuple(5 + 0.1 * ((7 * place) % 5 - 2) - (fall if place >= at else 0) for place in range(n))
    return MonthlySeries(months, values)


def test_an_initiative_is_judged_as_it_was_declared() -> None:
    declared = initiative(model="level", washout_months=1, worthwhile_effects={"length_of_stay_days": 0.4})
    result = estimate_initiative(declared, "length_of_stay_days", wavering(36, 2.0), better="lower")
    assert (result.model, result.n_before, result.n_washout, result.n_after) == ("level", 12, 1, 23)
    assert result.is_declared_beforehand
    assert result.effects is not None
    assert result.effects.power.worthwhile_effect == 0.4
    assert result.verdict == "improvement"


def test_months_after_an_initiative_was_given_up_are_not_its_effect() -> None:
    given_up = initiative(status="abandoned", closed_on="2026-12-15")
    result = estimate_initiative(given_up, "length_of_stay_days", wavering(36), better="lower")
    assert result.last_month == Month(2026, 11)
    assert result.n_after == 13


def test_only_declared_measures_and_controls_are_judged() -> None:
    series = wavering(30)
    with pytest.raises(InputError, match="does not name 'readmission_30d' as a measure"):
        estimate_initiative(initiative(), "readmission_30d", series, better="lower")
    with pytest.raises(InputError, match="declares no control"):
        estimate_initiative(initiative(), "length_of_stay_days", series, better="lower", control=series)
    beside = initiative(control={"facility_id": "ERHV"})
    with pytest.raises(InputError, match="declares a control"):
        estimate_initiative(beside, "length_of_stay_days", series, better="lower")
