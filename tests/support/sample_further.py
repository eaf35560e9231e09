"""A drivers page as it may stand between the exceptions and the small multiples, with invented numbers."""

from __future__ import annotations

from kpi_pipeline.report.model import (
    Bar,
    Bars,
    Block,
    CaptionedChart,
    CaptionedFunnel,
    Column,
    Funnel,
    FunnelCurve,
    FunnelMark,
    FurtherSection,
    Table,
)
from tests.support.sample_series import AVOIDABLE_DAYS

_FUNNEL = Funnel(
    alt="Funnel of readmissions by unit: 4 East lies above the limits.",
    size_heading="Index discharges",
    unit="%",
    tick_suffix="%",
    centre=13.9,
    centre_label="Overall 13.9%",
    marks=(
        FunnelMark(size=420, value=13.1),
        FunnelMark(size=1_180, value=19.0, point_class="concern", label="4 East"),
    ),
    curve=(
        FunnelCurve(size=400, lower_95=10.7, upper_95=17.4, lower_998=9.0, upper_998=19.6),
        FunnelCurve(size=1_250, lower_95=12.0, upper_95=15.9, lower_998=11.0, upper_998=17.1),
    ),
)


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
            blocks=(
                Block(
                    heading="One of two units lies outside the limits",
                    paragraphs=("Outside the 99.8% limits: 4 East (19.0%, above).",),
                    funnel=CaptionedFunnel(caption="Readmissions by unit", funnel=_FUNNEL),
                    notes=("Not adjusted for the patients' risk.",),
                ),
            ),
        ),
    )
