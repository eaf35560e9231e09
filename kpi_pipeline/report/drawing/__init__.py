"""Positions on paper: charts, icons, fonts and colours."""
