"""Late, few and compared figures: the short form of tables in docs/simulations.md, by the same functions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.judgement_simulation import late_table, mix_table, placebo_table, window_table


def rows(table: Iterator[str]) -> dict[str, list[float]]:
    """The numbers of each row by its words."""
    found: dict[str, list[float]] = {}
    for line in list(table)[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        numbers = [float(cell.replace(",", "")) for cell in cells if cell.replace(".", "").replace(",", "").isdigit()]
        found[" | ".join(cells[:2])] = numbers
    return found


def test_denials_counted_in_one_window_make_no_improvement() -> None:
    found = list(rows(window_table(40)).values())
    so_far, fixed = found[0], found[1]
    assert so_far[-3] > 10  # improvements of stable hospitals, in percent, while the newest month lacks a quarter
    assert so_far[-1] > 20
    assert fixed[-3] < 5
    assert fixed[-1] == 0


def test_months_whose_long_stays_are_not_costed_are_not_final() -> None:
    found = [row for words, row in rows(late_table(40)).items() if words.startswith("20 and 4")]
    before, now = found
    assert before[0] > 10 > now[0]
    assert before[-1] > 1.5 > 1 > now[-1]


def test_a_control_that_moved_is_no_improvement_of_a_measure_that_did_not() -> None:
    found = rows(placebo_table(20))
    improvement, _, _, only_the_control, told = found["does nothing | rises by 2 sigma"]
    assert improvement <= 10
    assert only_the_control > 30
    assert told > 70
    assert found["falls by 2 sigma | rises by 2 sigma"][0] > 70


@pytest.mark.parametrize("truth", ["nothing changed", "lighter cases"])
def test_the_heading_of_mix_and_rate_names_what_is_there(truth: str) -> None:
    claimed, wrong, mix, rate = rows(mix_table(60))[f"{truth} | 10,000"][-4:]
    if truth == "nothing changed":
        assert claimed <= 12
    else:
        assert (claimed, wrong, rate) == (100, 0, 0)
        assert mix > 90
