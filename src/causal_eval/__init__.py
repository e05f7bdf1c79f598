"""Causal Eval Bench: causal questions with proof, runs that lose nothing, answers about models."""

__version__ = "0.1.0"
