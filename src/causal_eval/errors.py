"""The one tree of errors; each says what happened and what to do, and carries the exit code of its kind.

CausalEvalError                      1
├── UsageError                       2   a setting, flag or argument cannot be taken
│   ├── UnknownName                  2   no such family, domain, provider, run ...; the nearest names are suggested
│   ├── MalformedFile                2   a file's line and field that cannot be read
│   └── MalformedCase                2   a graph, model or query of ``solve`` that makes no sense
│       └── WrongNode                2   one node of it makes none; it is named
├── CausalError                      1   the mathematics says no
│   ├── NotDetermined                1   models that fit what is stated disagree on the answer
│   ├── NotIdentifiable              1   no formula over what is observed exists
│   └── TooLarge                     1   exact enumeration would not end
├── NotAllowed                       2   who asks may not do this
│   └── NotLoggedIn                  2   nobody has said who asks
├── TooSoon                          2   asked too often; the message says how long to wait
├── Conflict                         2   what is there is in a state, or was used in a way, that forbids this
│   └── Fenced                       2   another worker has the shard by now, or it was stopped: nothing was written
├── ReadOnlyMode                     2   nothing may be changed at the moment; the message says why
├── VerificationMismatch             8   a stored answer, hash or step is not what is re-derived
│   └── SolversDisagree              8   two exact solvers give different answers: a bug, never data
├── TooManyUnscored                  4   more errored or unparsed samples than the limit allows
├── OperationFailed                  1   what was to be done to the running system did not come about
├── SentinelAway                     1   who keeps incidents does not answer; nothing was done, or it is not known
├── BudgetReached                    5   a cost or time cap was reached; the partial run is saved
├── ProviderRefused                  6   the provider refuses us: key, permission, quota, unknown model
├── ProviderDown                     7   the provider cannot be reached or answers only errors; resumable
│   └── ProviderPaused               7   the provider is switched off by a setting; nothing was asked; resumable
├── StoreError                       2   the database cannot be used
│   ├── StoreReadOnly                2
│   ├── StoreFull                    2
│   ├── StoreLocked                  2
│   ├── StoreNewer                   2   written by a later version of this program
│   └── StoreBehind                  2   written by an earlier version, and migrated only when somebody says so
└── Interrupted                    130   stopped by the user; resumable
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

MOST_NAMED = 40
"""Known names that an error lists: it stays one line that a person reads."""


class CausalEvalError(Exception):
    """Something this program knows how to explain."""

    exit_code = 1

    @property
    def kind(self) -> str:
        """The class name, as it stands in ``--json`` errors."""
        return type(self).__name__


class UsageError(CausalEvalError):
    """A setting, flag or argument cannot be taken."""

    exit_code = 2


class UnknownName(UsageError):
    """No such name; the nearest known names are suggested."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        super().__init__(f"unknown {what} {name!r}: {_hint(names, near)}")

    @classmethod
    def as_said(cls, message: str) -> UnknownName:
        """The error that another process has raised with this message."""
        found = cls.__new__(cls, message)
        found.args = (message,)
        return found


def _hint(names: list[str], near: list[str]) -> str:
    if near:
        return f"did you mean {', '.join(near)}?"
    if not names:
        return "none is there"
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"known: {', '.join(names[:MOST_NAMED])}{more}"


class MalformedFile(UsageError):
    """A file cannot be read: the message names file, line and field."""

    def __init__(self, path: str, problem: str, *, line: int | None = None, field: str | None = None) -> None:
        place = path if line is None else f"{path}:{line}"
        where = f"{place}: field {field!r}" if field else place
        super().__init__(f"{where}: {problem}")
        self.path, self.line, self.field = path, line, field


class MalformedCase(UsageError):
    """A graph, model or query makes no sense; the message names the offending part."""


class WrongNode(MalformedCase):
    """Something is wrong with one node, which the solver knows by its number; ``{}`` in *problem* stands for it."""

    def __init__(self, node: int, problem: str, *, name: str | None = None) -> None:
        super().__init__(problem.replace("{}", f"node {node}" if name is None else repr(name), 1))
        self.node, self.problem = node, problem

    def of(self, name: str) -> WrongNode:
        """The same, by the name of the node."""
        return WrongNode(self.node, self.problem, name=name)


class CausalError(CausalEvalError):
    """The mathematics gives no answer."""

    def __init__(self, message: str, certificate: object = None) -> None:
        super().__init__(message)
        self.certificate = certificate
        """What shows it, in JSON, where it was made: two models that fit what is stated and disagree."""


class NotDetermined(CausalError):
    """Models that fit everything stated disagree on the answer."""


class NotIdentifiable(CausalError):
    """No formula over observed quantities equals the query."""


class TooLarge(CausalError):
    """Exact enumeration would not end in reasonable time."""


class NotAllowed(CausalEvalError):
    """Who asks may not do this; the message names the right that is missing, and who has it."""

    exit_code = 2


class NotLoggedIn(NotAllowed):
    """Nobody has said who asks, or not so that it can be believed."""


class TooSoon(CausalEvalError):
    """Asked too often."""

    exit_code = 2

    def __init__(self, what: str, *, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        """Whole seconds until it is worth while to try again."""
        super().__init__(f"{what}: try again in {self.wait} s")


class Conflict(CausalEvalError):
    """What is there is in a state, or was used in a way, that forbids this."""

    exit_code = 2


class Fenced(Conflict):
    """Another worker has claimed the shard since, or it was stopped: what was to be written was not."""


class ReadOnlyMode(CausalEvalError):
    """Nothing may be changed at the moment."""

    exit_code = 2


class VerificationMismatch(CausalEvalError):
    """What is stored is not what is re-derived."""

    exit_code = 8


class SolversDisagree(VerificationMismatch):
    """Two independent exact solvers give different answers; the build must stop."""


class TooManyUnscored(CausalEvalError):
    """More errored or unparsed samples than the limit allows."""

    exit_code = 4


class OperationFailed(CausalEvalError):
    """What was to be done to the running system did not come about; the message says how it stands, and what helps."""


class SentinelAway(CausalEvalError):
    """Who keeps incidents does not answer; the message says what to do instead."""


class BudgetReached(CausalEvalError):
    """A cap was reached; the partial run is saved and resumable."""

    exit_code = 5

    def __init__(self, message: str, *, cap: str = "") -> None:
        super().__init__(message)
        self.cap = cap
        """The flag that set it."""


class ProviderRefused(CausalEvalError):
    """The provider refuses us: key, permission, quota or unknown model."""

    exit_code = 6


class ProviderDown(CausalEvalError):
    """The provider cannot be reached or answers only errors; the run is resumable."""

    exit_code = 7


class ProviderPaused(ProviderDown):
    """A setting switches the provider off; nothing was asked of it, and the run is resumable."""


class StoreError(CausalEvalError):
    """The database cannot be used."""

    exit_code = 2


class StoreReadOnly(StoreError):
    """The database or its folder cannot be written."""


class StoreFull(StoreError):
    """No space is left for the database."""


class StoreLocked(StoreError):
    """Another process holds the database for too long."""


class StoreNewer(StoreError):
    """The database was written by a later version of this program."""


class StoreBehind(StoreError):
    """The database was written by an earlier version of this program, and is migrated only when somebody says so."""


class Interrupted(CausalEvalError):
    """Stopped by the user; the same command goes on where it stopped."""

    exit_code = 130
