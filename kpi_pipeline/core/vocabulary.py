"""Words that several rooms share, each defined once: which way is better, who reads, and the whole system."""

from __future__ import annotations

from typing import Literal

Better = Literal["lower", "higher", "neither"]
"""Which way of a figure is good; `neither` where no direction is."""

Privacy = Literal["internal", "board", "external"]
"""Who reads a report: board and external withhold small numbers."""

ReportForm = Literal["html", "xlsx", "brief"]
"""What a report may also be written as, beside its PDF: a page for a browser, a workbook, a board brief of one page."""

FORM_ENDINGS: dict[ReportForm, str] = {"html": ".html", "xlsx": ".xlsx", "brief": ".brief.pdf"}
"""What the name of each form ends in, after the name that all files of a report share."""

CHARTS_OF_KIND = {
    "proportion": frozenset({"p", "p_prime", "i_prime", "xmr", "run"}),
    "rate": frozenset({"u", "u_prime", "i_prime", "xmr", "run"}),
    "ratio": frozenset({"i_prime", "xmr", "run"}),
    "mean": frozenset({"xmr", "xbar", "s", "i_prime", "run"}),
    "geometric_mean": frozenset({"xmr", "run"}),
    "median": frozenset({"xmr", "run"}),
    "percentile": frozenset({"xmr", "run"}),
    "survival_median": frozenset({"xmr", "run"}),
    "count": frozenset({"c", "xmr", "run", "g", "t"}),
}
"""The control charts that fit each kind of measure."""

WHOLE_SYSTEM = "all"
"""The facility_id of figures over all facilities; no facility may bear it."""
