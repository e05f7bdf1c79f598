"""The PostgreSQL of a stack: made once, with checksums, reserved slots, an account for app and workers."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psycopg
from psycopg import sql

from causal_eval.backups.wal import archive_command
from causal_eval.errors import OperationFailed
from causal_eval.operations.stack.files import SUPERUSER, read_secret
from causal_eval.operations.stack.plan import DATABASE, ROLE, Plan
from causal_eval.operations.stack.programs import account, run_as

CONNECTIONS = 300
HANDED_ON = 30
"""Seconds after which the log of changes is handed on, full or not: what is later, a lost disk takes along."""
RESERVED = 5
"""Of the connections: for whoever repairs what app and workers have used up."""
_MOMENT = 0.1


def make_cluster(plan: Plan) -> None:
    """Make the data folder, unless it is there.

    Raises:
        OperationFailed: PostgreSQL does not make it.
    """
    folder = plan.root / "postgres"
    if (folder / "data" / "PG_VERSION").exists():
        _write_settings(plan)
        return
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)  # before a password lies in it
    words, part = folder / "password", folder / "data.part"
    shutil.rmtree(part, ignore_errors=True)  # of one who was killed in the middle
    words.write_text(read_secret(plan, SUPERUSER), "utf-8")
    for path in (folder, words):
        _give(path, plan.programs.servant)
    shape = ("-E", "UTF8", "--locale=C.UTF-8", "--data-checksums")
    login = ("-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={words}")
    _run(plan, f"{plan.programs.postgres}/initdb", "-D", str(part), *shape, *login)
    words.unlink()
    with (part / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("include_if_exists = '../stack.conf'\ninclude_if_exists = '../archive.conf'\n")
    part.rename(folder / "data")
    _write_settings(plan)


def make_database(plan: Plan, *, patience: float = 60.0) -> None:
    """Wait until PostgreSQL answers; make account, database and extensions, unless they are there.

    Raises:
        OperationFailed: it does not answer within *patience* seconds.
    """
    with _reached(plan, patience) as connection:
        connection.autocommit = True
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone()
        password = read_secret(plan, ROLE).encode()
        # the server is told what it keeps, so that no log of a statement can show the password
        kept = connection.pgconn.encrypt_password(password, ROLE.encode(), b"scram-sha-256").decode()
        verb = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if found else "CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(verb.format(sql.Identifier(ROLE), sql.Literal(kept)))
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(ROLE)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            names = sql.Identifier(DATABASE), sql.Identifier(ROLE)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
    with connect(plan, DATABASE) as connection:
        for extension in ("pg_stat_statements", "amcheck"):
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def connect(plan: Plan, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """The database as its superuser, over one of the reserved connections."""
    return psycopg.connect(
        host="127.0.0.1", port=plan.ports["postgres"], dbname=database, user=SUPERUSER,
        password=read_secret(plan, SUPERUSER), connect_timeout=3, application_name="causal-eval stack",
    )  # fmt: skip


def url_with_password(plan: Plan) -> str:
    """The database as app and workers reach it; for this process's own memory alone."""
    return plan.database_url().replace(f"{ROLE}@", f"{ROLE}:{read_secret(plan, ROLE)}@", 1)


def _reached(plan: Plan, patience: float) -> psycopg.Connection[tuple[object, ...]]:
    deadline = time.monotonic() + patience
    while True:
        try:
            return connect(plan)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                said = " ".join(str(error).split())
                raise OperationFailed(f"PostgreSQL does not answer ({said}): read {plan.logs}/postgres.log") from error
        time.sleep(_MOMENT)


def _write_settings(plan: Plan) -> None:
    path = plan.root / "postgres" / "stack.conf"
    path.write_text(
        f"""listen_addresses = '127.0.0.1'
port = {plan.ports["postgres"]}
unix_socket_directories = ''
max_connections = {CONNECTIONS}
superuser_reserved_connections = {RESERVED}
shared_buffers = 128MB
shared_preload_libraries = 'pg_stat_statements'
track_activity_query_size = 16kB
log_line_prefix = '%m [%p] %q%u@%d %a '
log_min_duration_statement = 1s
log_lock_waits = on
""",
        "utf-8",
    )
    _give(path, plan.programs.servant)
    _write_archiving(plan)


def _write_archiving(plan: Plan) -> None:
    """Have the server hand on its log, whenever something was written, or not."""
    path = plan.root / "postgres" / "archive.conf"
    lines = [
        "archive_mode = on",
        f"archive_timeout = {HANDED_ON}",
        f"archive_command = '{archive_command(plan.spool)}'",
    ]
    path.write_text("".join(f"{line}\n" for line in lines) if plan.backups else "", "utf-8")
    plan.spool.mkdir(mode=0o700, exist_ok=True)
    for one in (path, plan.spool):
        _give(one, plan.programs.servant)


def _give(path: Path, servant: str) -> None:
    user, group = account(servant)
    if user is not None and group is not None:
        os.chown(path, user, group)


def _run(plan: Plan, *command: str) -> None:
    done = run_as(plan.programs.servant, *command, folder=f"{plan.root}/postgres")
    if done.returncode:
        raise OperationFailed(f"{command[0]} failed: {' '.join(done.stdout.split())[-400:]}")
