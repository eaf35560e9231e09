"""Improvement: what was tried, whether it worked, what drives a figure, and what it would be worth to change it.

Pure functions of tables and series, and one YAML file of initiatives; only `drivers.queries` asks the warehouse.
No clock, no words for the reader, and no patient in any result. Funnels of units are
`kpi_pipeline.signals.evaluate_funnel`; rebasing a chart is `kpi_pipeline.signals.check_rebase`.
"""

from kpi_pipeline.declared.initiative_file import read_initiatives, render_initiatives, write_initiatives
from kpi_pipeline.declared.initiatives import Control, Cycle, Initiative, Registry, Scope
from kpi_pipeline.improvement.drivers.decomposition import (
    Amount,
    CategoryChange,
    CostChange,
    CostPart,
    RatioChange,
    decompose_cost,
    decompose_ratio,
)
from kpi_pipeline.improvement.drivers.excess_days import ExcessDays, ExcessTable, compute_excess_days
from kpi_pipeline.improvement.drivers.opportunity import compute_opportunity
from kpi_pipeline.improvement.drivers.opportunity_result import Capacity, Capture, Comparator, Opportunity, Rung
from kpi_pipeline.improvement.drivers.pareto import Pareto, ParetoRow, compute_pareto
from kpi_pipeline.improvement.effects.effect_result import (
    Caution,
    EffectPoint,
    EffectResult,
    Effects,
    Obstacle,
    Verdict,
)
from kpi_pipeline.improvement.effects.effect_size import EffectSize, LateDayPrice, compute_effect_size
from kpi_pipeline.improvement.effects.extreme_start import ExtremeStart
from kpi_pipeline.improvement.effects.initiative_effects import estimate_initiative, read_scope_series
from kpi_pipeline.improvement.effects.interrupted_series import estimate_effect
from kpi_pipeline.improvement.effects.monthly_series import MonthlySeries, read_series
from kpi_pipeline.improvement.effects.power import Power
from kpi_pipeline.improvement.estimates import Estimate

__all__ = [
    "Amount",
    "Capacity",
    "Capture",
    "CategoryChange",
    "Caution",
    "Comparator",
    "Control",
    "CostChange",
    "CostPart",
    "Cycle",
    "EffectPoint",
    "EffectResult",
    "EffectSize",
    "Effects",
    "Estimate",
    "ExcessDays",
    "ExcessTable",
    "ExtremeStart",
    "Initiative",
    "LateDayPrice",
    "MonthlySeries",
    "Obstacle",
    "Opportunity",
    "Pareto",
    "ParetoRow",
    "Power",
    "RatioChange",
    "Registry",
    "Rung",
    "Scope",
    "Verdict",
    "compute_effect_size",
    "compute_excess_days",
    "compute_opportunity",
    "compute_pareto",
    "decompose_cost",
    "decompose_ratio",
    "estimate_effect",
    "estimate_initiative",
    "read_initiatives",
    "read_scope_series",
    "read_series",
    "render_initiatives",
    "write_initiatives",
]
