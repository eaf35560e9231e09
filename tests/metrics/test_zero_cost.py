"""A cost of nothing, where the settings say that it is one, counts in every measure of cost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kpi_pipeline.core.settings import Settings
from kpi_pipeline.metrics.cases import query_cases
from kpi_pipeline.metrics.declaration import load_metrics
from tests.support.landings import tables_of

COSTS = ("total_cost", "direct_cost", "variable_direct_cost")
NEED_MORE = {"high_cost_outliers", "total_cost_drg_index", "total_cost_risk_index"}
"""What a year before, or a risk model, must tell of; here there is neither."""


def test_a_cost_of_nothing_is_not_below_zero(tmp_path: Path) -> None:
    header = "encounter_id,person_id,facility_id,encounter_type,admitted_at,discharged_at,drg_code," + ",".join(COSTS)
    row = "A,P,Mercy,acute inpatient,2026-01-05,2026-01-08,291,0,0,0"
    files = {"encounters.csv": f"{header}\n{row}\n", "landing.yaml": "complete_through: 2026-09-30"}
    measures = {name: one for name, one in load_metrics().items() if "negative_cost" in one.exclusions}
    assert measures.keys() > NEED_MORE
    with tables_of(tmp_path, files, settings=Settings(zero_cost_is_not_costed=False)) as connection:
        for name, metric in measures.items():
            (case,) = query_cases(connection, metric).to_dict("records")
            reason = case["exclusion_reason"]
            assert reason != "negative_cost", name
            assert pd.isna(reason) == (name not in NEED_MORE), name
            assert name in NEED_MORE or case["numerator"] == 0, name
