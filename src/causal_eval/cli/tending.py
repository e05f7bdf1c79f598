"""What ``causal-eval db`` works with; imported when one of its commands runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from causal_eval.cli import output
from causal_eval.errors import UsageError
from causal_eval.operations.database.checks import Damage
from causal_eval.operations.database.sessions import Server, Session, connected
from causal_eval.settings import read_duration, read_settings
from causal_eval.store.database import open_store


def check_file(*, json: bool) -> int:
    """Say what SQLite finds broken in its file; how many places."""
    store = open_store(read_settings(os.environ).database_url)
    with store.reading() as connection:
        said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
    store.close()
    for line in said:
        if json:
            output.emit({"event": "damage", "what": "integrity_check", "problem": line})
        else:
            output.say(f"damage: {line}")
    return len(said)


def tell_damages(found: Iterable[Damage], *, json: bool) -> int:
    """Say what is damaged, and what would not be seen; how much is damaged."""
    count = 0
    for one in found:
        count += one.certain
        if json:
            output.emit({"event": "damage", **asdict(one)})
        else:
            output.say(f"{'damage' if one.certain else 'note'}: {one.what}: {one.where}: {one.problem}")
    return count


def show(found: Sequence[Session], *, json: bool) -> None:
    """A line for each of *found*."""
    for one in found:
        if json:
            output.emit({"event": "session", **asdict(one)})
        else:
            waits = f"  waits for {', '.join(map(str, one.blocked_by))}" if one.blocked_by else ""
            query = " ".join(one.query.split())[:80]
            output.say(
                f"{one.pid:>8}  {one.user}@{one.client or 'local'}  {one.application or '-'}  {one.state} for "
                f"{one.in_state:.0f} s{waits}  {query}"
            )


@contextmanager
def server() -> Iterator[Server]:
    """A connection to the server of the settings, by the operator's account where one is set."""
    settings = read_settings(os.environ)
    with connected(settings.operator_database_url or settings.database_url) as server:
        yield server


def seconds(text: str) -> float:
    """The seconds that *text* says."""
    try:
        return 0.0 if text in {"0", "0s"} else read_duration(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time: give 30s, 5m, 1h ...") from error
