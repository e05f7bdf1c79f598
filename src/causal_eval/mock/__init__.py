"""A server that speaks the wire formats of the large APIs, answers from a table and fails on command.

For our own tests and for users who want to see how their harness takes a 429 or a reset. Knows wire formats, faults and
replies by prompt hash. Must not know questions: who has them compiles the table.
"""
