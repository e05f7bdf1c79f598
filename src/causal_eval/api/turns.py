"""Threads for requests: few for those that are short, others for those that may take long; neither waits for the other.

Short requests are done sooner by few threads than by many, which wait for each other at every step. How the service is
must be told while all of these wait for a database that says nothing: that has threads of its own, and an end.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, move_on_after, to_thread
from anyio.lowlevel import RunVar
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

SHORT_THREADS, LONG_THREADS, LOOKING_THREADS = 3, 16, 2
ASKED_AT_ONCE = 8
"""What may be asked of the database, to say how the service is, without an answer yet."""
SHORT = frozenset({
    "list_evaluations", "get_evaluation", "get_scores", "list_reports", "get_report", "list_question_sets",
    "get_question_set", "list_suites", "list_families", "list_domains", "list_providers", "get_provider",
    "list_endpoints", "list_boards", "list_scopes", "get_signing_key", "list_submissions", "get_submission",
    "list_moderation", "list_webhooks", "get_webhook", "list_deliveries", "who_am_i", "list_api_keys", "list_users",
    "get_user", "list_projects", "get_project", "list_members", "list_provider_keys", "list_switches",
    "list_workers", "list_makings", "get_making",
})  # fmt: skip
"""Routes by operation id that read some rows by key or index, and write and compute nothing."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_SHORT = RunVar[CapacityLimiter]("short")
_LONG = RunVar[CapacityLimiter]("long")
_LOOKING = RunVar[CapacityLimiter]("looking")
_SOON = RunVar[CapacityLimiter]("soon")
_unanswered = threading.BoundedSemaphore(ASKED_AT_ONCE)


async def short(work: Callable[[], _T]) -> _T:
    """What *work*, which blocks for a short time, returns."""
    return await to_thread.run_sync(work, limiter=_of(_SHORT, SHORT_THREADS))


async def long(work: Callable[[], _T]) -> _T:
    """The same where it may take long."""
    return await to_thread.run_sync(work, limiter=_of(_LONG, LONG_THREADS))


async def looking(work: Callable[[], _T]) -> _T:
    """The same where nothing is asked that could keep it waiting, for what must be said whatever else hangs."""
    return await to_thread.run_sync(work, limiter=_of(_LOOKING, LOOKING_THREADS))


async def soon(work: Callable[[], _T], *, seconds: float) -> _T | None:
    """What *work* returns; None: not in time, and it is left alone, or too much that was is not back yet."""
    if not _unanswered.acquire(blocking=False):
        return None

    def asking() -> _T:
        try:
            return work()
        finally:
            _unanswered.release()

    with move_on_after(seconds):
        return await to_thread.run_sync(asking, abandon_on_cancel=True, limiter=_of(_SOON, ASKED_AT_ONCE))
    return None


class Turned(APIRoute):
    """A route whose function, where it blocks, is given a thread of the kind that it needs."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        if not inspect.iscoroutinefunction(self.endpoint):
            self.dependant.call = _turned(self.endpoint, short if self.name in SHORT else long)
        return super().get_route_handler()


def _turned(
    blocking: Callable[_P, _T], run: Callable[[Callable[[], _T]], Awaitable[_T]]
) -> Callable[_P, Awaitable[_T]]:
    @functools.wraps(blocking)
    async def turned(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await run(functools.partial(blocking, *args, **kwargs))

    return turned


def _of(place: RunVar[CapacityLimiter], threads: int) -> CapacityLimiter:
    """The limiter of the running loop."""
    try:
        return place.get()
    except LookupError:
        place.set(limiter := CapacityLimiter(threads))
        return limiter
