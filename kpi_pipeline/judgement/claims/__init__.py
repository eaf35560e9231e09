"""Claims that are followed up: what earlier issues said of a measure, and what became of it.

A coloured icon is a claim: (measure, place, side, first issue). It is kept until it is settled, and a later issue says
what became of it. Not here: sentences (`report.words.claims`), where claims are kept (`delivery.claims`).
"""
