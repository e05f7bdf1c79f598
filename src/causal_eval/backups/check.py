"""Is a restored database what it must be: the sums of its rows, their hashes, the counts beside them, the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from causal_eval.errors import VerificationMismatch
from causal_eval.store import audit, invariants
from causal_eval.store.database import bare_store, migrate_store, open_store
from causal_eval.store.fingerprints import TableSum, differences, table_sums
from causal_eval.store.tallies import untrue

MOST_SAID = 5

Check = Callable[[str], Sequence[str]]
"""What else a door asks of the database at a URL: a line for each thing that does not hold."""


def nothing(url: str) -> Sequence[str]:
    """No further check."""
    del url
    return ()


def sums_at(url: str) -> list[TableSum]:
    """The sums of the database at *url*, of whatever version it is."""
    store = bare_store(url)
    try:
        with store.reading() as connection:
            return table_sums(connection)
    finally:
        store.close()


def check_same(before: Sequence[TableSum], after: Sequence[TableSum], *, what: str) -> None:
    """See that two databases hold the same rows.

    Raises:
        VerificationMismatch: they do not.
    """
    _refuse(differences(before, after), what)


def check_sound(url: str, *, further: Check = nothing) -> None:
    """See that what is in the database at *url* is as it must be; one of an earlier version is migrated for that.

    Raises:
        VerificationMismatch: it is not.
    """
    migrate_store(url)
    _refuse([*_faults(url), *further(url)], url.rpartition("/")[2])


def _faults(url: str) -> Iterator[str]:
    store = open_store(url)
    try:
        with store.reading() as connection:
            for one in invariants.doubled(connection):
                yield f"sample {one.sample} of question {one.question} has more than one outcome in {one.evaluation}"
            for key in invariants.foreign(connection):
                yield f"attempt {key} is of another answerer than its evaluation's"
            yield from invariants.changed_outcomes(connection)
            for digest in invariants.changed_questions(connection):
                yield f"question {digest} has another hash"
            for name in untrue(connection):
                yield f"the counts of {name} are not the counts of its rows"
            for entry in audit.broken_links(connection):
                yield f"audit entry {entry} was changed, or what came before it was taken away"
    finally:
        store.close()


def _refuse(faults: Sequence[str], what: str) -> None:
    if faults:
        more = f" and {len(faults) - MOST_SAID} more" if len(faults) > MOST_SAID else ""
        said = "; ".join(faults[:MOST_SAID])
        raise VerificationMismatch(
            f"{what} is not what it must be: {said}{more}: nothing was swapped; use another backup"
        )
