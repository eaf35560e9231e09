"""Figures and lists that are about the staff, for a declared manager alone and never in the report."""
