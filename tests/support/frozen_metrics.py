"""Eleven metric declarations that never change: tests of judgement, report and wording stand on these, not on `sql/`.

So a metric added, retired or given other words breaks no test of how measures are judged and told. They carry targets,
which the shipped metrics do not.
"""

from __future__ import annotations

from pathlib import Path

from kpi_pipeline.metrics.declaration import load_metrics

FROZEN_METRICS = load_metrics(Path(__file__).parent / "metrics")
