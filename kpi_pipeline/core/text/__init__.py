"""Text that reaches a page, a terminal or a sheet: what is printable, plurals, dates, numbers."""
