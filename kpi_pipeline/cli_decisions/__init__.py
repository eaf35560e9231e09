"""The commands on what people decided: `kpi initiative …` and `kpi rebase …`. What may be recorded is `decisions`'."""

from kpi_pipeline.cli_decisions.initiatives import initiative_app
from kpi_pipeline.cli_decisions.rebases import rebase_app

__all__ = ["initiative_app", "rebase_app"]
