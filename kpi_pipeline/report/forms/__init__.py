"""The report's forms: PDF, figures.csv, chart files."""
