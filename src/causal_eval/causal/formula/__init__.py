"""Formulas over what is observed: a tree, its text, and its exact value in a model.

Knows the room's graphs and models; it must not know queries, kinds of query or how a formula was found.
"""

from causal_eval.causal.formula.text import latex, read_formula, written
from causal_eval.causal.formula.tree import Formula
from causal_eval.causal.formula.value import Laws, value_of

__all__ = ["Formula", "Laws", "latex", "read_formula", "value_of", "written"]
