"""What drives days and dollars, as far as the reader may know it: one part a module, all withheld here.

Not here: how it is computed (`improvement.drivers`), its words and tables (`report.pages`).
"""

from kpi_pipeline.judgement.drivers.judge import JudgedDrivers, has_waits_by_party, judge_drivers

__all__ = ["JudgedDrivers", "has_waits_by_party", "judge_drivers"]
