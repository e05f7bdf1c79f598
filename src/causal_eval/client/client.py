"""The client put together: every route of the service, and waiting for what workers do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from causal_eval.client.board import Board
from causal_eval.client.contamination import Contamination
from causal_eval.client.diagnosing import Diagnosing
from causal_eval.client.effects import Effects
from causal_eval.client.evaluations import Evaluation, Evaluations, Report
from causal_eval.client.incidents import Incidents
from causal_eval.client.looking import Looking
from causal_eval.client.operating import Operating
from causal_eval.client.people import People
from causal_eval.client.projects import Projects
from causal_eval.client.providers import Providers
from causal_eval.client.questions import Making, Questions
from causal_eval.client.statements import Statements

_T = TypeVar("_T")


class Client(
    Evaluations, Statements, Questions, Board, Projects, People, Operating, Incidents, Effects, Looking, Diagnosing,
    Contamination, Providers,
):  # fmt: skip
    """A service at an address; every method is called like the operation of the OpenAPI document that it asks.

    Methods raise what ``client.refusals`` draws. What is asked again after a broken connection does nothing twice. Open
    it by ``async with``.
    """

    async def wait(self, evaluation: str, *, every: float = 1.0) -> Evaluation:
        """The evaluation once it is no longer open; what has not changed is not sent again meanwhile."""
        while (found := await self.get_evaluation(evaluation)).status == "open":  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(every)
        return found

    async def wait_for_report(self, report: str, *, every: float = 0.5) -> Report:
        """The report once it is written, or could not be."""
        while (found := await self.get_report(report)).status == "open":  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(every)
        return found

    async def wait_for_making(self, making: str, *, every: float = 1.0) -> Making:
        """The making once it is done, or could not be."""
        while (found := await self.get_making(making)).status == "open":  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(every)
        return found


def run_sync(work: Coroutine[Any, Any, _T]) -> _T:
    """What *work* gives, for a caller without an event loop."""
    return asyncio.run(work)
