"""Every figure of a report as rows: those of its pages, of its measures by month, and what was restated."""
