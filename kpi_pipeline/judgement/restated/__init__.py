"""Restatement: figures that were shown and are others now, each change split by cause, exactly.

Pure: case lists and causes in, a ledger out. Not here: where earlier case lists come from (`pipeline.restatement`).
"""
