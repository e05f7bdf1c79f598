"""Six ways of printing the same facts, each with its inverse reader; none knows a family, a domain or a form by name.

A renderer is a module with ``write`` and ``read``; :mod:`causal_eval.questions.render` is the door to them.
"""
