"""A ledger that holds on to outcomes while a disk is full: what was paid is kept when there is room again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from causal_eval.errors import StoreFull
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.ledger import Part, SqlLedger


class PatientLedger(SqlLedger):
    """Tries again; who waits for an outcome to be kept begins no call, so that few wait.

    With verdicts, too: they can be given again, but what fails ends every call that the shard has open.
    """

    def __init__(
        self, store: Store, evaluation: Evaluation, *, part: Part, bear: Callable[[StoreFull], Awaitable[None]]
    ) -> None:
        super().__init__(store, evaluation, part=part)
        self._bear = bear
        """Waits a while, or raises: nobody waits any longer."""

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        """Store outcomes, and verdicts on earlier ones, as soon as that can be done."""
        while True:
            try:
                return await super().keep(attempts, judged)
            except StoreFull as error:
                await self._bear(error)

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """Store verdicts as soon as that can be done."""
        while True:
            try:
                return await super().judge(verdicts)
            except StoreFull as error:
                await self._bear(error)
