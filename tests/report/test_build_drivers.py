"""Page 4: the finding first, net days with intervals, small counts withheld, dollars on three rungs never added."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from kpi_pipeline.core.periods import Month
from kpi_pipeline.core.settings import Settings
from kpi_pipeline.improvement.drivers.collect import Drivers, MixChange, UnitTable
from kpi_pipeline.improvement.drivers.excess_days import ExcessTable, compute_excess_days
from kpi_pipeline.improvement.drivers.opportunity import compute_opportunity
from kpi_pipeline.improvement.drivers.opportunity_result import Capacity, Opportunity
from kpi_pipeline.judgement.judged import judge
from kpi_pipeline.report.build import build_report
from kpi_pipeline.report.forms.pdf import render_html
from kpi_pipeline.report.model import Block, FurtherSection
from kpi_pipeline.report.pages.improving.driver_tables import drg_name
from kpi_pipeline.report.pages.improving.drivers import build_drivers
from kpi_pipeline.report.words.numbers import format_dollars
from tests.report.invented_report import LAST, LOS, READMISSION, report_inputs

Privacy = Any
NAMED = Settings(avoidable_day_reasons={"BED": "No post-acute bed", "PAY": "Payer pending"})


def waits(*rows: tuple[str, str | None, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["reason_code", "responsible_party", "n_stays", "days"])
    return frame.assign(n_persons=frame["n_stays"])


WAITS = waits(
    ("BED", "post-acute provider", 60, 150.0),
    ("LAW", None, 30, 40.0),
    ("PAY", "payer", 50, 90.0),
    ("TEST", "hospital service", 15, 20.0),
)
"""300 days: BED 50%, PAY 30%, LAW 13%, TEST 7%."""


def stays(groups: dict[str, tuple[int, float]], *, cost: float | None = 1000.0) -> pd.DataFrame:
    """Service line → how many stays of how many days on average, half of them a day more, half less; expected are 5."""
    rows = [(line, days + (1 if at % 2 else -1)) for line, (count, days) in groups.items() for at in range(count)]
    return pd.DataFrame(
        {
            "stay_id": range(len(rows)),
            "length_of_stay_days": [days for _, days in rows],
            "drg_arithmetic_mean_days": 5.0,
            "drg_geometric_mean_days": 4.0,
            "service_line": [line for line, _ in rows],
            "drg_code": [line for line, _ in rows],
            "variable_direct_cost": cost,
            "avoidable_days": 1.0,
            "documented_days": 1.0,
        }
    ).astype({"variable_direct_cost": float})


LINES = {"medicine": (100, 6.0), "surgery": (50, 5.0), "oncology": (20, 3.0)}
"""Net days: medicine +100, surgery 0, oncology −40."""


def excess(groups: dict[str, tuple[int, float]], by: str = "service_line") -> ExcessTable:
    return compute_excess_days(stays(groups), by=by)


def opportunity(groups: dict[str, tuple[int, float]] = LINES, **changes: Any) -> Opportunity:
    cost = changes.pop("cost", 1000.0)
    table = stays(groups, cost=cost)
    return compute_opportunity(table, compute_excess_days(table), seed=1, **({"last_day_share": 0.6} | changes))


def amounts(*rows: tuple[str, int, float]) -> pd.DataFrame:
    """Cases that scatter around the mean of their kind by half of it, as lengths of stay do."""
    frame = pd.DataFrame(rows, columns=["category", "n_cases", "numerator"])
    frame["squares"] = 1.25 * frame["numerator"] ** 2 / frame["n_cases"]
    return frame


def units(
    rates: Sequence[tuple[str, float, float]],
    *,
    risks: Sequence[float] | None = None,
    known: Sequence[float] | None = None,
) -> UnitTable:
    """Units of so many events of so many cases; risks: how much more their patients are expected to have; known: the
    share of them whose diagnosis and age are."""
    overall = sum(y for _, y, _ in rates) / sum(n for *_, n in rates)
    rows = [
        (f"U{place}", name, "First", y, n, overall * n * (risks[place] if risks else 1.0), known[place] if known else 1)
        for place, (name, y, n) in enumerate(rates)
    ]
    columns = ["unit_id", "unit_name", "facility_name", "numerator", "denominator", "expected", "share_known"]
    return UnitTable(READMISSION, pd.DataFrame(rows, columns=columns))


def section(
    drivers: dict[str, Any], *, privacy: Privacy = "internal", settings: Settings = NAMED
) -> FurtherSection | None:
    given = Drivers(**({"first_month": Month(2025, 11), "last_month": LAST, "n_discharges": 170} | drivers))
    inputs = report_inputs(months=14, privacy=privacy, settings=settings)
    return build_drivers(judge(replace(inputs, drivers=given)))


def blocks(drivers: dict[str, Any], **more: Any) -> tuple[Block, ...]:
    built = section(drivers, **more)
    assert built is not None
    return built.blocks


def only_block(drivers: dict[str, Any], **more: Any) -> Block:
    (block,) = blocks(drivers, **more)
    return block


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_supplied_leaves_the_page_out() -> None:
    missing = {"waits": "not supplied: avoidable days", "excess": "no DRG with a published mean stay"}
    assert section({"missing": missing}) is None
    assert build_drivers(judge(report_inputs(months=14))) is None


def test_what_was_not_supplied_is_said_in_one_line() -> None:
    built = section({"waits": WAITS, "missing": {"excess": "no DRG with a published mean stay"}})
    assert built is not None
    assert built.lede == (
        "November 2025 to October 2026, Lakeside: 170 discharges. "
        "Not shown: net days against the expected stay (no DRG with a published mean stay)."
    )


def test_the_page_stands_in_the_report_and_in_its_html() -> None:
    given = Drivers(first_month=Month(2025, 11), last_month=LAST, n_discharges=170, waits=WAITS, days_waited=300.0)
    report = build_report(replace(report_inputs(months=14), drivers=given))
    assert [one.name for one in report.further_sections] == ["hospitals", "drivers", "totals"]
    html = render_html(report)
    assert html.count('id="drivers"') == 1
    assert "One reason accounts for 50% of avoidable days" in html


def test_a_report_about_too_few_discharges_has_no_such_page() -> None:
    assert section({"waits": WAITS, "n_discharges": 10}, privacy="board") is None


# ── avoidable days ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_title_counts_the_reasons_that_make_half_of_the_days() -> None:
    one, two = waits(("A", None, 20, 50.0), ("B", None, 20, 50.0)), waits(("A", None, 20, 49.0), ("B", None, 20, 51.0))
    three = waits(*((name, None, 20, days) for name, days in (("A", 40.0), ("B", 35.0), ("C", 25.0))))
    many = waits(*((name, None, 20, 10.0) for name in "ABCDEFGH"))
    titles = [built.title for table in (one, two, three, many) if (built := section({"waits": table}))]
    assert titles == [
        "One reason accounts for 50% of avoidable days",
        "One reason accounts for 51% of avoidable days",
        "Two reasons account for 75% of avoidable days",
        "Avoidable days have many reasons, none of them large",
    ]


def test_bars_have_share_running_total_and_who_could_have_ended_the_wait() -> None:
    bars = only_block({"waits": WAITS, "days_waited": 300.0}).bars
    assert bars is not None
    assert [(bar.label, bar.value_words, bar.beside, bar.strong) for bar in bars.bars] == [
        ("No post-acute bed", "150", ("Post-acute provider", "50%", "50%"), True),
        ("Payer pending", "90", ("Payer", "30%", "80%"), False),
        ("LAW", "40", ("Several or none", "13%", "93%"), False),
        ("TEST", "20", ("Hospital service", "7%", "100%"), False),
    ]


def test_a_party_that_was_never_recorded_is_said_to_be_and_one_name_of_two_parties_has_none() -> None:
    """BED and BED2 are two codes of one reason."""
    table = waits(("BED", "payer", 60, 150.0), ("BED2", "family", 50, 90.0), ("TEST", "", 30, 40.0))
    settings = Settings(avoidable_day_reasons={"BED": "No bed", "BED2": "No bed"})
    bars = only_block({"waits": table}, settings=settings).bars
    assert bars is not None
    assert {(bar.label, bar.beside[0]) for bar in bars.bars} == {
        ("No bed", "Several or none"),
        ("TEST", "Not recorded"),
    }


def test_other_stands_last_however_large_it_is() -> None:
    table = waits(*((f"R{place}", "payer", 20, 10.0 + place) for place in range(12)))
    bars = only_block({"waits": table}).bars
    assert bars is not None
    assert [bar.label for bar in bars.bars] == [*(f"R{place}" for place in range(11, 3, -1)), "Other"]
    assert bars.bars[-1].value_words == "46"  # 10 + 11 + 12 + 13


def test_days_with_two_reasons_are_told() -> None:
    assert only_block({"waits": WAITS, "days_waited": 280.0}).notes == (
        "A day on which a patient waited for two reasons counts under each: 300 days by reason are 280 different days.",
    )
    assert only_block({"waits": WAITS, "days_waited": 300.0}).notes == ()


def test_a_reason_of_few_stays_is_gathered_with_the_next_smallest() -> None:
    """LAW has 4 stays. Alone in Other it would still be one reason of few stays, so TEST goes with it."""
    table = WAITS.assign(n_stays=[60, 4, 50, 15])
    assert [bar.label for bar in only_block({"waits": table}).bars.bars][-1] == "TEST"  # type: ignore[union-attr]
    bars = only_block({"waits": table}, privacy="external").bars
    assert bars is not None
    assert [(bar.label, bar.value_words) for bar in bars.bars] == [
        ("No post-acute bed", "150"), ("Payer pending", "90"), ("Other", "60"),
    ]  # fmt: skip


def test_reasons_of_few_stays_only_are_not_shown() -> None:
    assert section({"waits": waits(("A", None, 4, 9.0), ("B", None, 10, 12.0))}, privacy="board") is None


# ── net days ─────────────────────────────────────────────────────────────────────────────────────────────────


def excess_rows(groups: dict[str, tuple[int, float]], **more: Any) -> dict[str, tuple[str, ...]]:
    block = blocks({"service_lines": excess(groups), "drgs": excess(groups, "drg_code")}, **more)[0]
    return {row[0]: row[1:] for row in block.tables[0].rows}


def test_service_lines_have_net_days_that_may_be_negative_and_outliers_apart() -> None:
    """Beyond 12 days, three times the geometric mean of 4, a stay is an outlier: ten of 13 and ten of 15 days."""
    rows = excess_rows(LINES | {"neurology": (20, 14.0)})
    assert {name: (row[0], row[1], *row[4:]) for name, row in rows.items()} == {
        "Neurology": ("20", "180", "20", "180"),
        "Medicine": ("100", "100", "0", "0"),
        "Surgery": ("50", "0", "0", "0"),
        "Oncology": ("20", "−40", "0", "0"),
        "All": ("190", "240", "20", "180"),
    }
    assert all(" to " in row[2] for row in rows.values())


def test_the_finding_names_who_lies_above_expected_beyond_chance() -> None:
    built = section({"service_lines": excess(LINES), "drgs": excess(LINES, "drg_code")})
    assert built is not None
    assert built.title == built.blocks[0].heading == "Longer than expected beyond chance: medicine"


def test_stays_shorter_than_expected_are_never_days_beyond_need() -> None:
    short = {"medicine": (200, 4.4), "surgery": (200, 4.2)}
    given = {"service_lines": excess(short), "drgs": excess(short, "drg_code"), "opportunity": opportunity(short)}
    built = section(given)
    assert built is not None
    assert built.title == "Stays are shorter than expected, by 280 days in the year"
    text = built.model_dump_json()
    assert "beyond need" not in text
    assert "none: no group lies above expected beyond chance" in text


def test_no_service_line_above_chance_is_said() -> None:
    even = {"medicine": (30, 5.1), "surgery": (30, 4.9)}
    built = section({"service_lines": excess(even), "drgs": excess(even, "drg_code")})
    assert built is not None
    assert built.title == "No service line stays longer than expected beyond chance"


def test_a_service_line_of_few_stays_is_withheld_and_cannot_be_worked_out() -> None:
    """Ten stays in psychiatry; with the total printed, the next smallest line must go too."""
    groups = LINES | {"psychiatry": (10, 6.0)}
    assert excess_rows(groups)["Psychiatry"][:2] == ("10", "10")
    rows = excess_rows(groups, privacy="board")
    assert rows["Psychiatry"][:4] == ("withheld", "withheld", "–", "–")
    assert [name for name, row in rows.items() if row[0] == "withheld"] == ["Psychiatry", "Oncology"]
    assert rows["Medicine"][0] == "100"


def test_few_outliers_are_withheld_with_another_group() -> None:
    groups = {"medicine": (100, 6.0), "surgery": (50, 5.0), "x": (5, 15.0), "y": (15, 15.0)}
    joined = {"x": "medicine", "y": "surgery"}
    table = compute_excess_days(stays(groups).replace({"service_line": joined}))
    block = blocks({"service_lines": table, "drgs": table}, privacy="board")[0]
    rows = {row[0]: row[5:] for row in block.tables[0].rows}
    assert (rows["Medicine"], rows["Surgery"], rows["All"][0]) == (("withheld", "–"), ("withheld", "–"), "20")


def test_small_drgs_are_together_in_other_and_rows_sum_to_all() -> None:
    groups = {f"{number:03d}": (20, 5.0 + number / 10) for number in range(10)}
    block = blocks({"drgs": excess(groups, "drg_code")})[-1]
    rows = block.tables[0].rows
    assert [row[0] for row in rows] == ["009", "008", "007", "006", "005", "Other", "All"]
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1]) == 200
    assert sum(int(row[2]) for row in rows[:-1]) == int(rows[-1][2]) == 90
    assert rows[-2][3] == "–"


def test_a_drg_title_reads_as_a_person_would_write_it() -> None:
    titles = {"291": "HEART FAILURE AND SHOCK WITH MCC", "207": "RESPIRATORY SYSTEM DIAGNOSIS " + "LONG " * 20}
    assert drg_name("291", titles) == "291 Heart failure and shock with MCC"
    assert drg_name("207", titles).endswith("…")
    assert len(drg_name("207", titles)) < 75
    assert drg_name("999", titles) == "999"


# ── mix or rate ──────────────────────────────────────────────────────────────────────────────────────────────


def mix(before: pd.DataFrame, after: pd.DataFrame, *, months_back: int = 0, **more: Any) -> Block:
    return only_block({"mix_change": MixChange(LOS, "service_line", before, after, months_back)}, **more)


def test_years_that_end_before_the_newest_month_say_so() -> None:
    years = [amounts(("medicine", 100, 400.0), ("surgery", 100, 800.0))] * 2
    now, earlier = mix(*years), mix(*years, months_back=2)
    assert "to October 2026" in now.paragraphs[0]
    assert "not in it" not in now.notes[0]
    assert "from September 2025 to August 2026" in earlier.paragraphs[0]
    withheld = {"mix_change": MixChange(LOS, "service_line", *years, 2)}
    assert section(withheld, privacy="board") is None  # there is no other: the years of that copy end with the month
    kept = section(withheld | {"mix_to_date": MixChange(LOS, "service_line", *years)}, privacy="board")
    assert kept is not None
    assert "to October 2026" in kept.blocks[0].paragraphs[0]
    assert "The months after it are not in it: too few of the discharges there are coded yet." in earlier.notes[0]


def test_a_change_is_split_into_mix_and_rate_by_hand() -> None:
    """Before 100 × 4 and 100 × 8 days, mean 6. After 100 × 4 and 300 × 7: mean 6.25.

    Shares ½, ½ → ¼, ¾; mean rates 4 and 7.5. Mix −¼·4 + ¼·7.5 = 0.875; rate 0 − 1 · (½ + ¾)/2 = −0.625.
    """
    block = mix(
        amounts(("medicine", 100, 400.0), ("surgery", 100, 800.0)),
        amounts(("medicine", 100, 400.0), ("surgery", 300, 2100.0)),
    )
    assert block.heading == "Average length of stay: mix and rate since the year before, a change within chance"
    assert "Beyond what chance alone would make (95%): mix and rate." in block.notes[0]
    assert "adds 0.88 days; rate" in block.paragraphs[0]
    assert "takes away 0.63 days. The two parts sum to the change exactly." in block.paragraphs[0]
    assert block.tables[0].rows[-1] == ("All", "200", "400", "6.00", "6.25", "+0.88", "−0.63")


def test_a_heading_has_a_direction_only_beyond_chance() -> None:
    """Ten thousand cases of each kind for every hundred before: chance no longer makes the quarter of a day."""
    half = amounts(("a", 10_000, 40_000.0), ("b", 10_000, 80_000.0))
    opposite = mix(half, amounts(("a", 10_000, 40_000.0), ("b", 30_000, 210_000.0)))
    assert opposite.heading.endswith("0.25 days higher than a year before; mix and rate pull in opposite directions")
    slower = mix(half, amounts(("a", 10_000, 42_000.0), ("b", 10_000, 82_000.0)))
    assert slower.heading.endswith("0.20 days higher than a year before, most of it rate")
    assert "(95%): the change and rate." in slower.notes[0]
    few = mix(amounts(("a", 100, 400.0), ("b", 100, 800.0)), amounts(("a", 100, 420.0), ("b", 100, 820.0)))
    assert few.heading.endswith("a change within chance")
    assert "(95%): none of the three." in few.notes[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_printed_parts_sum_to_the_printed_change(seed: int) -> None:
    days = [100 + 37 * ((seed + 3) * step % 11) for step in range(1, 7)]
    block = mix(
        amounts(("a", 60, days[0]), ("b", 50, days[1]), ("c", 70, days[2])),
        amounts(("a", 40, days[3]), ("b", 90, days[4]), ("c", 75, days[5])),
    )
    said = block.paragraphs[0]
    new, old = (float(text) for text in re.findall(r"(?:was |\()(\d+\.\d\d) days", said))
    parts = [
        float(size) if verb == "adds" else -float(size)
        for verb, size in re.findall(r"(adds|takes away) ([\d.]+)", said)
    ]
    assert sum(parts) == pytest.approx(new - old, abs=1e-9)


def test_kinds_of_few_cases_have_no_figure_of_their_own() -> None:
    """Below 25 cases in a year, and those not coded; Other then has 24 + 10 and 30 + 10 cases."""
    block = mix(
        amounts(("a", 100, 400.0), ("b", 24, 100.0), ("c", 60, 300.0), ("", 10, 70.0)),
        amounts(("a", 100, 420.0), ("b", 30, 130.0), ("c", 70, 300.0), ("", 10, 70.0)),
    )
    assert [row[:3] for row in block.tables[0].rows] == [
        ("C", "60", "70"), ("A", "100", "100"), ("All others", "34", "40"), ("All", "194", "210"),
    ]  # fmt: skip
    assert "1 kind with too few cases" in block.notes[0]


def test_two_totals_that_differ_by_few_stays_are_not_both_printed() -> None:
    """170 discharges, all with a geometric mean; 165 of them with a figure: five stays could be told."""
    year = amounts(("a", 100, 400.0), ("b", 65, 300.0))
    given = {"drgs": excess(LINES, "drg_code"), "mix_change": MixChange(LOS, "service_line", year, year)}
    assert len(blocks(given)[1].tables) == 1
    built = section(given, privacy="board")
    assert built is not None
    assert built.lede == "November 2025 to October 2026, Lakeside."
    assert built.blocks[1].tables == ()


def test_no_change_is_called_none() -> None:
    same = amounts(("a", 100, 400.0), ("b", 100, 800.0))
    assert mix(same, same).heading == "Average length of stay: the same as a year before"


# ── units ────────────────────────────────────────────────────────────────────────────────────────────────────

EVEN = [(f"Ward {place}", 140.0, 1000.0) for place in range(12)]


def test_units_within_the_limits_are_not_named() -> None:
    block = only_block({"units": units(EVEN)})
    assert block.heading == "30-day unplanned readmissions: none of twelve units lies outside the limits"
    assert block.funnel is not None
    assert [mark.label for mark in block.funnel.funnel.marks] == [None] * 12
    assert "Ward" not in block.model_dump_json()


def test_only_units_outside_the_limits_are_named_with_their_side() -> None:
    block = only_block({"units": units([*EVEN, ("High", 300.0, 1000.0), ("Low", 30.0, 1000.0)])})
    assert block.heading == "30-day unplanned readmissions: two of 14 units lie outside the limits"
    assert "High, First (30.0%, above) and Low, First (3.0%, below)" in block.paragraphs[0]
    assert block.funnel is not None
    named = {mark.label: mark.point_class for mark in block.funnel.funnel.marks if mark.label}
    assert named == {"High, First": "concern", "Low, First": "improvement"}


def test_a_unit_of_sicker_patients_is_not_blamed_for_them() -> None:
    rates = [*EVEN, ("Sicker", 300.0, 1000.0)]
    overall = (12 * 140 + 300) / 13_000
    raw = only_block({"units": units(rates)})
    adjusted = only_block({"units": units(rates, risks=[140 / 1000 / overall] * 12 + [300 / 1000 / overall])})
    assert "one of 13 units lies outside" in raw.heading
    assert "none of 13 units lies outside" in adjusted.heading
    assert adjusted.notes[0].startswith("Adjusted for diagnosis group and age")


def test_units_of_few_cases_are_left_out_and_counted() -> None:
    block = only_block({"units": units([*EVEN, ("Tiny", 12.0, 24.0)])})
    assert block.funnel is not None
    assert len(block.funnel.funnel.marks) == 12
    assert "Not shown, for too few cases: 1 unit." in block.notes[0]


def test_a_unit_that_does_not_code_is_left_out_and_counted_since_it_would_be_its_own_yardstick() -> None:
    """Twice the returns, all of them expected: uncoded cases are a group of their own, whose rate is the unit's."""
    rates = [*EVEN, ("Uncoded", 300.0, 1000.0)]
    overall = sum(y for _, y, _ in rates) / sum(n for *_, n in rates)
    alike, own = [1.0] * len(EVEN), 300 / 1000 / overall
    block = only_block({"units": units(rates, risks=[*alike, own], known=[*alike, 0.85])})
    assert block.funnel is not None
    assert len(block.funnel.funnel.marks) == len(EVEN)
    assert "Not shown, since diagnosis or age is missing in more than one case of ten: 1 unit." in block.notes[0]
    assert "too few cases" not in block.notes[0]


def test_a_unit_of_few_returns_is_withheld_with_another() -> None:
    """Ten returns may not be known, and eleven units less than the whole would tell them."""
    block = only_block({"units": units([*EVEN, ("Few", 10.0, 100.0)])}, privacy="external")
    assert block.funnel is not None
    assert len(block.funnel.funnel.marks) == 11
    assert section({"units": units([*EVEN[:3], ("Few", 10.0, 100.0)])}, privacy="external") is None


# ── dollars ──────────────────────────────────────────────────────────────────────────────────────────────────


def dollars(found: Opportunity, **more: Any) -> Block:
    return only_block({"opportunity": found, **more})


def test_three_rungs_by_hand_and_never_a_sum() -> None:
    """One documented day a stay: 0.6 × 1000 ÷ its days; the mean day costs 170 × 1000 ÷ 910: a late one costs $112."""
    block = dollars(opportunity())
    rows = {row[0]: row[1:] for row in block.tables[0].rows}
    own = 0.6 * 1000 * (50 / 5 + 50 / 7 + 25 / 4 + 25 / 6 + 10 / 2 + 10 / 4)
    assert rows["Avoidable days on record"][1] == "170"
    assert rows["Avoidable days on record"][3] == format_dollars(own)
    assert rows["Net days above expected"][0] == "the service lines above it came to the expected stay"
    assert rows["Gap to a comparator"][0] == "no comparator declared"
    assert "they are never added" in block.paragraphs[0]
    assert "declared by the hospital: $112" in block.notes[0]
    assert "Capacity, what a freed bed-day would earn: not declared." in block.notes[0]


def test_an_assumed_price_says_its_range() -> None:
    note = dollars(opportunity(last_day_share=None)).notes[0]
    assert "an assumption from the literature; the intervals let it be 40% to 80%" in note


def test_the_capture_rate_is_printed_beside_the_documented_days() -> None:
    assert "100% have an avoidable day on record (capture rate)" in dollars(opportunity()).notes[0]


def test_a_declared_capacity_is_told_with_its_source() -> None:
    full = Capacity(900.0, 0.5, 91.0, 85.0, "Finance, FY 2027 budget")
    note = dollars(opportunity(capacity=full)).notes[0]
    assert f"freed days would earn {format_dollars(170 * 450)} (avoidable days on record)" in note
    assert "91% of licensed beds occupied, 50% of freed days used again, at $900 each. Source: Finance" in note


def test_a_hospital_with_free_beds_has_no_capacity_value() -> None:
    block = dollars(opportunity(capacity=Capacity(900.0, 0.5, 70.0, 85.0, "Finance")))
    assert "70% of licensed beds were occupied, and freed days are wanted from 85% on" in block.notes[0]


def test_without_costs_no_dollar_is_printed() -> None:
    block = dollars(opportunity(cost=None))
    assert block.heading == "What the days would be worth"
    assert "No variable direct cost was supplied, so no day has a price." in block.notes[0]
    assert "$" not in block.model_dump_json()


def test_amounts_are_no_finer_than_they_are_known() -> None:
    assert [format_dollars(usd) for usd in (8_120.4, 9_999.6, 812_345.0, 25_507_117.0)] == [
        "$8,120", "$10,000", "$812,000", "$25.5 million",
    ]  # fmt: skip


def test_three_months_of_data_are_no_year() -> None:
    short = {"medicine": (100, 2.0), "surgery": (50, 2.0)}
    given = {"service_lines": excess(short), "opportunity": opportunity(), "first_month": Month(2026, 8)}
    excess_block, dollars_block = blocks(given)
    assert (excess_block.heading or "").endswith(" days in the three months")
    assert re.fullmatch(r"Avoidable days on record: \S+ in the three months \(.*\)", dollars_block.heading or "")
    assert dollars_block.tables[0].caption.startswith("Three months; ")
