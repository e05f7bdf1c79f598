"""Backups on a schedule: one round after another, whatever went wrong in the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from causal_eval.backups import wal
from causal_eval.backups.check import Check
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.restore import try_restore
from causal_eval.backups.state import read_state
from causal_eval.backups.take import back_up, kind_of
from causal_eval.errors import CausalEvalError

AGAIN_SECONDS = 600.0
"""After a failure it is tried again sooner."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """A backup every so many seconds, each tested; in between the log is sealed."""

    keeping: Keeping
    interval: float
    test: bool
    further: Check
    say: Callable[[str], None]

    def once(self) -> None:
        """Do what is due; what fails is said, and noted for whoever watches."""
        try:
            wal.sweep(self.keeping)
            if self._is_due():
                self.say(f"backup {back_up(self.keeping).manifest.name} made")
            if self.test and (name := self._untested()):
                self.say(try_restore(self.keeping, name, further=self.further))
        except CausalEvalError as error:
            self.say(str(error))

    def _is_due(self) -> bool:
        """By what was last done, so that a restart changes nothing; a dump between two bases is none of them."""
        state, now = read_state(self.keeping.folder), self.keeping.clock()
        if state.last_failure_at is not None and now - state.last_failure_at < min(AGAIN_SECONDS, self.interval):
            return False
        made_at = state.made_at.get(kind_of(self.keeping))
        return made_at is None or now - made_at >= self.interval

    def _untested(self) -> str:
        """The last backup, if nobody has tried to restore it: the process that made it may have been ended before."""
        state = read_state(self.keeping.folder)
        if state.last_success_at is None or (state.restore_test_at or 0.0) >= state.last_success_at:
            return ""
        return state.last_backup
