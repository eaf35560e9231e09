"""Statistical process control as health services use it: pure functions of a series, on numpy and scipy.

`evaluate_chart` is the one calculation behind chart, table, icons and sentences.
No SQL, no files, no clock, and nothing of ours but the error classes.
"""

from kpi_pipeline.core.vocabulary import Better
from kpi_pipeline.signals.chance.multiplicity import (
    FalseSignals,
    Pattern,
    expected_false_signals,
    own_pattern,
    run_as_rare,
)
from kpi_pipeline.signals.chance.seasonality import (
    MonthIndex,
    SameMonth,
    SeasonalAdjustment,
    adjust_for_season,
    compare_same_month,
    fit_month_index,
)
from kpi_pipeline.signals.chart_choice import chart_uses
from kpi_pipeline.signals.evaluate import evaluate_chart
from kpi_pipeline.signals.funnel import FunnelLimits, FunnelPoint, FunnelResult, evaluate_funnel, funnel_limits
from kpi_pipeline.signals.lines.cusum import CusumResult, RiskAdjustedCusum, risk_adjusted_cusum, tabular_cusum, vlad
from kpi_pipeline.signals.lines.subgroups import Subgroups, summarise_subgroups
from kpi_pipeline.signals.reading.rule_sets import RULE_SETS, find_rule_set
from kpi_pipeline.signals.reading.western_electric import nelson_flags, western_electric_flags
from kpi_pipeline.signals.rebase import RebaseCheck, RebaseDecision, check_rebase
from kpi_pipeline.signals.rephase import MedianPhase, rephase_runs
from kpi_pipeline.signals.result_tables import result_as_dict, result_rows
from kpi_pipeline.signals.series_table import evaluate_table
from kpi_pipeline.signals.types import (
    Assurance,
    Chart,
    ChartResult,
    Constant,
    LimitsKind,
    Onset,
    Phase,
    Point,
    PointClass,
    RuleHit,
    RuleSet,
    Signal,
    TargetShare,
    Variation,
)

__all__ = [
    "RULE_SETS",
    "Assurance",
    "Better",
    "Chart",
    "ChartResult",
    "Constant",
    "CusumResult",
    "FalseSignals",
    "FunnelLimits",
    "FunnelPoint",
    "FunnelResult",
    "LimitsKind",
    "MedianPhase",
    "MonthIndex",
    "Onset",
    "Pattern",
    "Phase",
    "Point",
    "PointClass",
    "RebaseCheck",
    "RebaseDecision",
    "RiskAdjustedCusum",
    "RuleHit",
    "RuleSet",
    "SameMonth",
    "SeasonalAdjustment",
    "Signal",
    "Subgroups",
    "TargetShare",
    "Variation",
    "adjust_for_season",
    "chart_uses",
    "check_rebase",
    "compare_same_month",
    "evaluate_chart",
    "evaluate_funnel",
    "evaluate_table",
    "expected_false_signals",
    "find_rule_set",
    "fit_month_index",
    "funnel_limits",
    "nelson_flags",
    "own_pattern",
    "rephase_runs",
    "result_as_dict",
    "result_rows",
    "risk_adjusted_cusum",
    "run_as_rare",
    "summarise_subgroups",
    "tabular_cusum",
    "vlad",
    "western_electric_flags",
]
