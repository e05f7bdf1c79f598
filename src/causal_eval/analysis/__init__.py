"""What a run means: scores with clustered intervals, paired comparisons, tables, charts and reports.

Knows observations (one frozen row per question and sample) and what they say about an answerer. Must not know who
answered how (providers) or where rows are kept (store): everything here is a pure function over frozen values.
"""
