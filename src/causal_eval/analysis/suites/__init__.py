"""What a set of questions is worth before anybody answers it: proofs, balance, guessing, shortcuts, repeats.

Knows questions, their scoring and the shipped shortcuts. Must not know answers of models, the store or providers.
"""
