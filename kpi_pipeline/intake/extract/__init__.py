"""From a SQL database to Parquet files in the landing folder: streamed, resumable, counted."""

from kpi_pipeline.intake.extract.config import ExtractConfig, read_extract_config
from kpi_pipeline.intake.extract.run import ExtractedTable, extract_tables

__all__ = ["ExtractConfig", "ExtractedTable", "extract_tables", "read_extract_config"]
