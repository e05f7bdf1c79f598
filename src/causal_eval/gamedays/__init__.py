"""Game days: faults of the matrix played from injection to review, by people who follow the runbook.

It knows drills, the stack that they act on, and incidents. It must not know the service, routes, HTML or a terminal;
who starts a stack for it is the command line.
"""
