"""The warehouse: one DuckDB file of stays and their facts, built apart and swapped in. No measure logic."""
