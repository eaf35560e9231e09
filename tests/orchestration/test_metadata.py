"""The table of figures that Dagster shows beside a report."""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.orchestration.metadata import aggregates_table

FIGURES = """figure_id,metric,facility_id,month,value,unit,denominator,maturity,status,target,variation
a/all/2026-10,a,all,2026-10,4.6666,"days, mean | median",3804,final,ok,4.8,low
a/all/2026-09,a,all,2026-09,9.9,days,3700,final,ok,4.8,low
a/F1/2026-10,a,F1,2026-10,1.1,days,12,final,ok,,
b/all/2026-10,b,all,2026-10,,percent,,final,withheld,,
in_house,,all,2026-10,43589,discharges,,,computed,,
"""


def test_it_shows_each_measures_newest_figure_of_the_whole_system_and_nothing_withheld(tmp_path: Path) -> None:
    file = tmp_path / "figures.csv"
    file.write_text(FIGURES, encoding="utf-8")
    assert str(aggregates_table(file).value).splitlines()[2:] == [
        "| a | 2026-10 | 4.67 | days, mean / median | 3804 | final | ok | 4.8 | low |",
        "| b | 2026-10 |  | percent |  | final | withheld |  |  |",
    ]
