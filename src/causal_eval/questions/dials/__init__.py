"""One question several times, with one thing turned: distractors, a wrong claim, size, names, how exact an answer is.

A dial is a module that turns a drawn twin group into *settings* of it; all settings are one cluster, and the ``twin``
of each question ends in the dial and its setting (:mod:`causal_eval.questions.dials.label`). No dial knows a family's
algorithm: what a setting asks is proven like any other question.
"""
