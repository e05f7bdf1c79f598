"""Answerers that see no causality, and an oracle: what a score must beat to mean anything.

Knows questions and their training sets from disjoint seeds. Must not know providers' networks or the store.
"""
