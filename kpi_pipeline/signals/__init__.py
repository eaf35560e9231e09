"""Statistical process control as health services use it: pure functions of a series, on numpy and scipy.

`evaluate_chart` is the one calculation behind chart, table, icons and sentences.
No SQL, no files, no clock, and nothing of ours but the error classes.
"""

from kpi_pipeline.signals.cusum import CusumResult, RiskAdjustedCusum, risk_adjusted_cusum, tabular_cusum, vlad
from kpi_pipeline.signals.evaluate import evaluate_chart
from kpi_pipeline.signals.funnel import FunnelLimits, FunnelPoint, FunnelResult, evaluate_funnel, funnel_limits
from kpi_pipeline.signals.rephase import MedianPhase, rephase_runs
from kpi_pipeline.signals.rule_sets import RULE_SETS, find_rule_set
from kpi_pipeline.signals.subgroups import Subgroups, summarise_subgroups
from kpi_pipeline.signals.types import (
    Assurance,
    Better,
    Chart,
    ChartResult,
    Constant,
    LimitsKind,
    Phase,
    Point,
    PointClass,
    RuleHit,
    RuleSet,
    Signal,
    Variation,
)
from kpi_pipeline.signals.western_electric import nelson_flags, western_electric_flags

__all__ = [
    "RULE_SETS",
    "Assurance",
    "Better",
    "Chart",
    "ChartResult",
    "Constant",
    "CusumResult",
    "FunnelLimits",
    "FunnelPoint",
    "FunnelResult",
    "LimitsKind",
    "MedianPhase",
    "Phase",
    "Point",
    "PointClass",
    "RiskAdjustedCusum",
    "RuleHit",
    "RuleSet",
    "Signal",
    "Subgroups",
    "Variation",
    "evaluate_chart",
    "evaluate_funnel",
    "find_rule_set",
    "funnel_limits",
    "nelson_flags",
    "rephase_runs",
    "risk_adjusted_cusum",
    "summarise_subgroups",
    "tabular_cusum",
    "vlad",
    "western_electric_flags",
]
