"""Bring it back: backups that are sealed, verified and copied, restores beside what is there, and their tests.

A backup is a folder: a signed manifest, and files that are sealed in pieces. Beside the backups of a PostgreSQL server
of one's own lies its log of changes (``wal``), by which any moment since the oldest of them can be restored.

It knows the store, and PostgreSQL's own programs. It must not know the service, the stack or a terminal: it works
when none of them does, and what else must hold in a restored database is handed in (``check``).
"""
