"""What is kept: question sets, evaluations, raw outcomes and verdicts, in SQLite (WAL) through SQLAlchemy Core.

Knows the frozen values of the library rooms and saves and loads them. It must not know rules: what is right, what a
score is, whom to ask. Raw outcomes and verdicts are append-only and apart, so scoring again adds rows and rewrites
none.
"""
