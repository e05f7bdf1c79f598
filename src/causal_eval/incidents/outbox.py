"""What is to be sent, kept until it was: nothing is lost, whoever is killed, and what may come twice says so.

A letter is begun and recorded as sent in two transactions, with the sending between them. Who is killed there leaves
one that was begun: it is sent again, marked as a possible repeat, by the same key. There is no limit to how often it is
tried, since nobody else knows of it; the wait between two tries has one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from causal_eval.incidents.book import Rows, number_of

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds until the second try, doubled each time, and the most that it becomes."""
LEASE = 60.0
"""Nobody else takes what was begun less long ago: longer than any sender takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something to send; nothing secret is in it, the target is a name or a mailbox."""

    key: str
    """The same key twice is one letter."""
    incident: str | None
    channel: str
    target: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A letter that is being sent."""

    id: int
    letter: Letter
    made_at: float
    tries: int
    """This one counted."""
    repeat: bool
    """It may have arrived before."""

    @property
    def token(self) -> str:
        """What whoever gets it knows it by: the same at every try, and fit for a header whatever the key holds."""
        return token_of(self.letter.key)


def token_of(key: str) -> str:
    """The name of the letter with that key outside."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def put(rows: Rows, letter: Letter, *, at: float) -> bool:
    """Have *letter* sent; False: it is there already, sent or not."""
    made = rows.execute(
        "INSERT INTO outbox (key, incident, channel, target, subject, body, made_at, next_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        (
            letter.key, None if letter.incident is None else number_of(letter.incident), letter.channel, letter.target,
            letter.subject, letter.body, at, at,
        ),
    )  # fmt: skip
    return made.rowcount == 1


def take(rows: Rows, *, at: float, limit: int = 20) -> list[Waiting]:
    """The letters that wait longest, begun by this: nobody else takes them for the time of a lease.

    Who has to act is told before the public is, however many of it there are.
    """
    query = (
        "SELECT * FROM outbox WHERE sent_at IS NULL AND next_at <= ? "
        "ORDER BY key LIKE 'subscriber-%', next_at, id LIMIT ?"
    )
    found = rows.execute(query, (at, limit)).fetchall()
    rows.executemany(
        "UPDATE outbox SET begun_at = ?, tries = tries + 1, next_at = ? WHERE id = ?",
        [(at, at + LEASE, row["id"]) for row in found],
    )
    return [
        Waiting(
            id=row["id"], made_at=row["made_at"], tries=row["tries"] + 1, repeat=row["begun_at"] is not None,
            letter=Letter(
                key=row["key"], incident=None if row["incident"] is None else f"INC-{row['incident']}",
                channel=row["channel"], target=row["target"], subject=row["subject"], body=row["body"],
            ),
        )
        for row in found
    ]  # fmt: skip


def done(rows: Rows, number: int, *, at: float) -> None:
    """It was sent."""
    rows.execute("UPDATE outbox SET sent_at = ?, fault = '' WHERE id = ?", (at, number))


def failed(rows: Rows, number: int, *, fault: str, at: float, perhaps: bool = False) -> float:
    """It was not sent, or *perhaps* it was and nobody said so; when it is tried again."""
    tries = rows.execute("SELECT tries FROM outbox WHERE id = ?", (number,)).fetchone()["tries"]
    again = at + wait_after(tries)
    # What surely never arrived cannot come twice: it is no longer begun.
    rows.execute(
        "UPDATE outbox SET next_at = ?, fault = ?, begun_at = CASE WHEN ? THEN begun_at END WHERE id = ?",
        (again, fault, int(perhaps), number),
    )
    return again


def wait_after(tries: int) -> float:
    """Seconds between that many tries and the next."""
    doublings = min(tries - 1, 30)  # far beyond the longest wait, and still a small number
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** max(0, doublings)))


def resume(rows: Rows, *, at: float) -> int:
    """Who sent before is gone: what it had begun is taken up at once; how many letters that are."""
    return rows.execute(
        "UPDATE outbox SET next_at = ? WHERE sent_at IS NULL AND begun_at IS NOT NULL", (at,)
    ).rowcount  # fmt: skip


def waiting(rows: Rows) -> int:
    """How many letters were not sent yet."""
    count: int = rows.execute("SELECT count(*) AS count FROM outbox WHERE sent_at IS NULL").fetchone()["count"]
    return count
