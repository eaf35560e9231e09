"""The life of a month's issues, as `kpi issue` and Dagster call it: the desk, drafting, approving, publishing.

A front door without logic: what is behind it lies in `issue_desk`, `issue_draft` and `issue_publication`.
"""

from __future__ import annotations

from kpi_pipeline.delivery.register import open_issues
from kpi_pipeline.pipeline.issuing.issue_desk import IssueDesk, archive_folder, open_desk
from kpi_pipeline.pipeline.issuing.issue_draft import Drafted, draft_month, obstacles_of, override_gate, standing_issues
from kpi_pipeline.pipeline.issuing.issue_publication import Published, approve_month, publish_month

__all__ = [
    "Drafted",
    "IssueDesk",
    "Published",
    "approve_month",
    "archive_folder",
    "draft_month",
    "obstacles_of",
    "open_desk",
    "open_issues",
    "override_gate",
    "publish_month",
    "standing_issues",
]
