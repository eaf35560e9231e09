"""From the columns a hospital has to those of the canonical layout, checked row by row."""
