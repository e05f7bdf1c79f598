"""Faults on purpose: each is injected into a stack that was started for it, detected, mended, and proven harmless.

It knows the stack, signals and what Prometheus says. It must not act on anything that it did not start itself, and no
program that serves anybody has a hook for it.
"""
