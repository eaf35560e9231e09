"""No sentence says more than its licence: what a report is about to print is held against what was judged.

`book` is what was judged, by measure and place; `texts` finds what a report says of which measure; `rules` are the six
ways to say too much: direction, size, maturity, denominator, place, period. The rules read words and numbers as a
reader does and know nothing of the functions that wrote them. Not here: the words (`report.words`).
"""

from kpi_pipeline.report.licence.linter import refuse_unlicensed, unlicensed

__all__ = ["refuse_unlicensed", "unlicensed"]
