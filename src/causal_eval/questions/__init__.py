"""What is asked: questions generated from causal models, each with its answer and proof.

Knows stories, phrases, families, generation and verification. Must not know providers, runs, the network or the clock.
"""
