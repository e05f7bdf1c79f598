"""A second exact solver, written against the definitions: it shares no code with the first.

It knows the frozen values of graph, model, query and case (their fields, not their methods) and must not know anything
else of the package.
"""

from causal_eval.causal.second.solver import solve

__all__ = ["solve"]
