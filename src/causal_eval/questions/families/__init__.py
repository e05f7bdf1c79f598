"""One file per task family; each states facts, the case they decide, and the classic mistakes.

A family knows the causal engine and facts. It must not know names, wording, files or runs.
"""
