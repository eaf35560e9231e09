"""Rebases in the journal: recorded only when they hide nothing, once each, and withdrawn with their history kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi_pipeline.core.errors import CheckError, InputError, WarehouseError
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.declared.rebases import Rebase
from kpi_pipeline.journal import (
    current_rebases,
    open_journal,
    propose_rebase,
    read_report_decisions,
    record_rebase,
    withdraw_rebase,
)
from kpi_pipeline.metrics.values import MetricValues
from kpi_pipeline.report.words.charts.rebases import rebase_cautions
from kpi_pipeline.state.journal import Journal, state_url
from tests.report.invented_report import LOS, METRICS, Ratio, report_inputs, step

NOW = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)
KEY = "length_of_stay_days:all:2025-11"


def stored(ratio: Ratio) -> MetricValues:
    """36 months to October 2026 of one measure at hospital A."""
    inputs = report_inputs({LOS: ratio}, metrics={LOS: METRICS[LOS]})
    return MetricValues("3fa9c27b", inputs.values, inputs.exclusions)


SHORTER = stored(step(5.3, 4.8, 12))
LONGER = stored(step(4.8, 5.3, 12))
RECENT = stored(step(5.3, 4.8, 7))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(state_url(tmp_path / "hospital.duckdb")) as opened:
        yield opened


def propose(values: MetricValues = SHORTER, first: str = "2025-11", **changed: Any) -> Rebase:
    asked: dict[str, Any] = {
        "metric": LOS,
        "why": "Daily rounds on all medical units",
        "by": "Quality committee",
        "facility_id": "all",
        "trial": False,
    }
    asked |= changed
    metric = asked.pop("metric")
    return propose_rebase(metric, first, decided_on=date(2026, 11, 4), values=values, metrics=METRICS, **asked)


def record(journal: Journal, rebase: Rebase, values: MetricValues = SHORTER) -> list[str]:
    """What the person is told to be careful about."""
    checks = record_rebase(
        journal, rebase, values=values, metrics=METRICS, rules="frozen-2026", frozen_months=24, at=NOW
    )
    return [caution for check in checks for caution in rebase_cautions(check)]


def test_a_lasting_improvement_with_twelve_months_is_recorded(journal: Journal) -> None:
    assert record(journal, propose()) == []
    (one,) = current_rebases(journal)
    assert (one.key, one.reason, one.decided_by) == (KEY, "Daily rounds on all medical units", "Quality committee")
    assert (one.decided_on, one.trial) == (date(2026, 11, 4), False)


def test_a_deterioration_is_not_hidden_even_on_trial(journal: Journal) -> None:
    for trial in (False, True):
        with pytest.raises(CheckError, match="new limits would hide a deterioration") as caught:
            record(journal, propose(LONGER, trial=trial), LONGER)
        assert caught.value.exit_code == 6
        assert str(caught.value).startswith(f"rebase {KEY}: is refused: ")
    assert current_rebases(journal) == ()


def test_too_few_months_are_refused_unless_on_trial(journal: Journal) -> None:
    with pytest.raises(CheckError, match="The new phase has 7 points, and rule set frozen-2026 needs 12"):
        record(journal, propose(RECENT, "2026-04"), RECENT)
    assert record(journal, propose(RECENT, "2026-04", trial=True), RECENT) == [
        "Trial limits from 7 points; compute them again at 12."
    ]
    assert current_rebases(journal)[0].trial


def test_where_nothing_changed_there_is_nothing_to_rebase_to(journal: Journal) -> None:
    steady = stored(step(5.0, 5.0, 12))
    with pytest.raises(CheckError, match="there is no change to rebase to"):
        record(journal, propose(steady), steady)


@pytest.mark.parametrize("first", ["2023-11", "2026-11"])
def test_a_month_without_figures_before_or_from_it_is_refused(journal: Journal, first: str) -> None:
    with pytest.raises(
        CheckError, match="needs figures before and after its first month; figures go from 2023-11 to 2026-10"
    ):
        record(journal, propose(first=first))


def test_a_rebase_that_undoes_the_ground_of_a_later_one_is_refused(journal: Journal) -> None:
    record(journal, propose())
    with pytest.raises(CheckError, match=rf"rebase {KEY}: is refused: The old phase would keep 1 points"):
        record(journal, propose(first="2025-10"))


def test_the_same_month_again_needs_a_withdrawal_first_and_history_keeps_all(journal: Journal) -> None:
    record(journal, propose())
    with pytest.raises(InputError, match="is on record already"):
        record(journal, propose(why="Another reason"))
    withdraw_rebase(journal, KEY, by="Director", at=NOW)
    assert current_rebases(journal) == ()
    record(journal, propose(why="Another reason"))
    history = journal.history("rebase", KEY)
    assert [(one.recorded_by, one.is_retired) for one in history] == [
        ("Quality committee", False),
        ("Director", True),
        ("Quality committee", False),
    ]
    assert current_rebases(journal)[0].reason == "Another reason"


def test_withdrawing_what_is_not_there_names_what_is(journal: Journal) -> None:
    record(journal, propose())
    with pytest.raises(InputError) as caught:
        withdraw_rebase(journal, "los:all:2025-11", by="", at=NOW)
    assert [fault.where for fault in caught.value.faults] == ["--by", "rebase"]
    assert KEY in str(caught.value)


def test_everything_wrong_with_a_request_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        propose(metric="los", first="2025-13", why=" ", by="MRN 4711", facility_id="Z")
    assert [fault.where for fault in caught.value.faults] == ["--by", "--why", "metric", "--facility", "--from"]
    assert "4711" not in str(caught.value)


def test_a_report_gets_the_rebases_on_record(tmp_path: Path) -> None:
    warehouse = tmp_path / "hospital.duckdb"
    with open_journal(state_url(warehouse)) as journal:
        record(journal, propose())
    assert [one.key for one in read_report_decisions(warehouse, settings=Settings()).rebases] == [KEY]


def test_a_rebase_of_another_version_of_the_program_is_named(journal: Journal) -> None:
    journal.write("rebase", KEY, {"metric": LOS}, by="Director", at=NOW)
    with pytest.raises(WarehouseError, match=f"state: rebase {KEY}, version 1: from is missing"):
        current_rebases(journal)
