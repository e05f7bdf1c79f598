"""Before the money is spent: where the error of a score comes from, and how many questions a statement takes.

Knows observations and what compare makes of them. Must not know what anything costs: a price is a number here.
"""
