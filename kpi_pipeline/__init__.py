"""A hospital case-management director's monthly report, from landing folder to PDF."""

__version__ = "0.1.0"
