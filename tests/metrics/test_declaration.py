"""A metric file that does not agree with itself is refused when it is read, each fault with its line."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from kpi_pipeline.core.errors import DefinitionError
from kpi_pipeline.core.vocabulary import CHARTS_OF_KIND
from kpi_pipeline.metrics.declaration import Kind, load_metric, load_metrics
from kpi_pipeline.signals import chart_uses

SHIPPED = Path(__file__).parent.parent.parent / "sql" / "metrics" / "length_of_stay_days.sql"


def faults_with(folder: Path, **changed: str) -> list[str]:
    """What is refused of the shipped file with some of its lines changed; a new field follows `kind`."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    for field, value in changed.items():
        places = [number for number, line in enumerate(lines) if line.startswith(f"{field}:")]
        if places:
            lines[places[0]] = f"{field}: {value}"
        else:
            lines.insert(6, f"{field}: {value}")
    path = folder / "trial.sql"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_metric(path)
    return [str(fault).replace(str(folder) + "/", "") for fault in caught.value.faults]


def test_a_chart_that_does_not_fit_the_kind_is_refused_with_its_line(tmp_path: Path) -> None:
    assert faults_with(tmp_path, chart="p_prime", chart_scale="linear") == [
        "trial.sql:11: chart: 'p_prime' does not go with kind 'mean'; use one of i_prime, run, s, xbar, xmr"
    ]


def test_every_disagreement_is_told_at_once(tmp_path: Path) -> None:
    changed = {"kind": "proportion", "per": "100", "late_data_exclusions": "[not_costed]"}
    faults = faults_with(tmp_path, **changed, exclusions="{insufficient_followup: x y}", chart="p")
    text = "\n".join(faults)
    for part in (
        ": exclusions: may not declare insufficient_followup",
        ": unit: a proportion has unit percent, got 'days'",
        ": late_data_exclusions: names 'not_costed', which exclusions do not declare",
        ": per: belongs to kind rate, got kind 'proportion'",
        ": chart_scale: log belongs to chart xmr, got chart 'p'",
    ):
        assert part in text
    assert len(faults) == 5
    assert all(fault.startswith("trial.sql:") for fault in faults)


@pytest.mark.parametrize(
    ("details", "fault"),
    [
        ({"a": "nothing"}, "a.sql: told_with names 'nothing', which is not a metric."),
        ({"a": "b", "b": "a"}, "a.sql: is told with 'a' in a circle. Remove one told_with."),
    ],
)
def test_a_detail_leads_to_a_measure_that_is_no_told_with_it(
    details: dict[str, str], fault: str, tmp_path: Path
) -> None:
    lines = SHIPPED.read_text(encoding="utf-8").replace("balancing: [readmission_30d]\n", "").splitlines()
    for name in ("a", "b"):
        extra = [f"told_with: {details[name]}"] if name in details else []
        (tmp_path / f"{name}.sql").write_text("\n".join([*lines[:4], *extra, *lines[4:]]) + "\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_metrics(tmp_path)
    assert str(caught.value.faults[0]) == f"{tmp_path}/{fault}"


def test_a_field_of_the_wrong_type_is_named_with_its_line(tmp_path: Path) -> None:
    assert faults_with(tmp_path, decimals="many")[0].startswith("trial.sql:13: decimals must be a valid integer")


def test_what_comes_from_stays_cannot_say_that_it_counts_no_patients(tmp_path: Path) -> None:
    (fault,) = faults_with(tmp_path, counts_patients="false")
    assert fault.startswith("trial.sql: counts_patients is false, but the cases come from stays.")


def test_only_what_counts_no_patients_can_say_that_its_cases_are_all_there_is(tmp_path: Path) -> None:
    (fault,) = faults_with(tmp_path, is_sample="false")
    assert fault.endswith("is_sample: may be false only where counts_patients is false")


def test_every_kind_has_charts_and_signals_can_draw_each() -> None:
    assert CHARTS_OF_KIND.keys() == set(get_args(Kind))
    for kind, charts in CHARTS_OF_KIND.items():
        for chart in charts:
            assert chart_uses(chart, kind=kind)  # type: ignore[arg-type]


def test_a_plain_share_is_printed_in_percent_and_only_an_index_as_a_number_without_unit() -> None:
    assert [
        name for name, metric in load_metrics().items() if metric.unit == "index" and not name.endswith("_index")
    ] == []
