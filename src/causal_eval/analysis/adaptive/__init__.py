"""Fewer questions for the same precision: hardness follows from a question's dials, and the next are chosen by it.

No calibration on real models exists yet: what is shown here is shown on simulated respondents.
"""
