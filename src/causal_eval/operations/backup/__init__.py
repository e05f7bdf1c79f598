"""Bring it back: backups that are sealed, verified and copied, restores beside what is there, and their tests.

A backup is a folder: a signed manifest, and files that are sealed in pieces. Beside the backups of a PostgreSQL server
of one's own lies its log of changes (``wal``), by which any moment since the oldest of them can be restored.
"""
