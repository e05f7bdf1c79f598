"""Routes that answer one row by its key, without what FastAPI does for a route that takes more: that costs as much."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.turns import Turned, short
from causal_eval.api.who import visit

ONE_ROW = frozenset({"get_evaluation", "get_question_set", "get_report", "get_submission"})
"""Routes by operation id whose function takes the visit, names in the path and the request, and answers itself."""


class Direct(Turned):
    """A route that finds out who asks and what the path names, and calls its function, where that is all it takes."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[object, object, Response]]:
        """What answers a request."""
        return self._answer if self.name in ONE_ROW else super().get_route_handler()

    async def _answer(self, request: Request) -> Response:
        """The same answers and refusals as FastAPI's, in the same order."""
        caller = await visit(request)
        named, wrong = self._named(request)
        if wrong:
            raise RequestValidationError(wrong)
        work = functools.partial(self.endpoint, visit=caller, request=request, **named)
        # a row of a file is there before a thread would have been asked for it; readers of a file wait for nobody
        answer: Response = work() if not caller.service.store.is_postgresql else await short(work)
        return answer

    def _named(self, request: Request) -> tuple[dict[str, object], list[object]]:
        named: dict[str, object] = {}
        wrong: list[object] = []
        for field in self.dependant.path_params:
            named[field.name], faults = field.validate(
                request.path_params[field.alias], named, loc=("path", field.alias)
            )
            wrong += faults or []
        return named, wrong
