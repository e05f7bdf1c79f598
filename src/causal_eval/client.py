"""The service from Python: a typed asynchronous client of ``/api/v1``, and one facade for those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Self, TypeVar

import aiohttp

from causal_eval.errors import CausalEvalError

_T = TypeVar("_T")
_Json = dict[str, Any]

PREFIX = "/api/v1"


class Refused(CausalEvalError):
    """The service answered with a problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('title')}: {problem.get('detail')} (request {problem.get('instance')})")
        self.status = int(problem.get("status", 0))
        self.problem = problem


class Client:
    """An open connection to a service; every method raises :class:`Refused` for a problem document."""

    def __init__(self, address: str, key: str = "") -> None:
        self._address = address.rstrip("/")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = aiohttp.ClientSession(headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def create_evaluation(self, order: Mapping[str, Any]) -> _Json:
        """Begin an evaluation: ``answerer``, ``question_set`` and what the OpenAPI document lists beside them."""
        return await self._ask("POST", "/evaluations", body=order)

    async def list_evaluations(self) -> AsyncIterator[_Json]:
        """Every evaluation that is the caller's to see, newest first."""
        async for line in self._pages("/evaluations", {}):
            yield line

    async def get_evaluation(self, evaluation: str) -> _Json:
        """One evaluation and how far it is."""
        return await self._ask("GET", f"/evaluations/{evaluation}")

    async def cancel_evaluation(self, evaluation: str) -> _Json:
        """Stop it."""
        return await self._ask("POST", f"/evaluations/{evaluation}/cancel")

    async def wait(self, evaluation: str, *, every: float = 1.0) -> _Json:
        """The evaluation once it is no longer open."""
        while (found := await self.get_evaluation(evaluation))["status"] == "open":  # noqa: ASYNC110 - what is waited for is elsewhere
            await asyncio.sleep(every)
        return found

    async def list_results(self, evaluation: str, *, mark: str = "") -> AsyncIterator[_Json]:
        """Its questions with their newest verdicts, in the run's order."""
        async for line in self._pages(f"/evaluations/{evaluation}/results", {"mark": mark} if mark else {}):
            yield line

    async def get_scores(self, evaluation: str) -> _Json:
        """Its scores by scope."""
        return await self._ask("GET", f"/evaluations/{evaluation}/scores")

    async def create_question_set(self, order: Mapping[str, Any]) -> _Json:
        """Generate a set: a ``suite``, or ``n`` questions."""
        return await self._ask("POST", "/question-sets", body=order)

    async def list_questions(self, question_set: str) -> AsyncIterator[_Json]:
        """The questions of a set in order."""
        async for line in self._pages(f"/question-sets/{question_set}/questions", {}):
            yield line

    async def solve(self, case: Mapping[str, Any]) -> _Json:
        """The exact answer to a causal query."""
        return await self._ask("POST", "/solve", body=case)

    async def compare_evaluations(self, a: str, b: str) -> _Json:
        """The paired verdict on two evaluations of the same questions."""
        return await self._ask("GET", "/comparisons", query={"a": a, "b": b})

    async def _pages(self, path: str, query: Mapping[str, str]) -> AsyncIterator[_Json]:
        after: str | None = None
        while True:
            page = await self._ask("GET", path, query={**query, **({} if after is None else {"after": after})})
            for line in page["items"]:
                yield line
            if (after := page["next"]) is None:
                return

    async def _ask(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> _Json:
        url = f"{self._address}{PREFIX}{path}"
        async with self._http.request(method, url, json=body, params=query, allow_redirects=False) as answered:
            document: _Json = await answered.json(content_type=None)
            if not answered.ok:
                raise Refused(document)
            return document


def run_sync(work: Coroutine[Any, Any, _T]) -> _T:
    """What *work* gives, for a caller without an event loop."""
    return asyncio.run(work)
