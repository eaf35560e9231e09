"""A drivers page as it may stand between the exceptions and the small multiples, with invented numbers."""

from __future__ import annotations

from kpi_pipeline.report.model import Bar, Bars, CaptionedChart, Column, FurtherSection, Table
from tests.support.sample_series import AVOIDABLE_DAYS


def build_further_sections() -> tuple[FurtherSection, ...]:
    causes = (("Post-acute bed not available", 142, "64%", "64%"), ("Payer authorisation pending", 80, "36%", "100%"))
    return (
        FurtherSection(
            name="drivers",
            title="One cause explains two thirds of the avoidable days",
            lede="October 2026, all facilities.",
            bars=(
                Bars(
                    caption="222 avoidable days by cause; the dark bar is the vital one",
                    alt="Post-acute beds make up 64% of avoidable days.",
                    value_heading="Avoidable days",
                    beside_headings=("Share", "Running total"),
                    bars=tuple(
                        Bar(label=label, value=days, value_words=str(days), beside=(share, total), strong=days > 100)
                        for label, days, share, total in causes
                    ),
                ),
            ),
            charts=(CaptionedChart(caption="The days themselves", chart=AVOIDABLE_DAYS.chart("Avoidable days rose.")),),
            tables=(
                Table(
                    caption="Service lines, October 2026",
                    columns=(Column(heading="Service line"), Column(heading="Cases", numeric=True)),
                    rows=(("Hospital medicine", "612"), ("Cardiology", "218")),
                ),
            ),
            paragraphs=("Counted per stay, each day once.",),
        ),
    )
