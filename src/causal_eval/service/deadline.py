"""A limit of time on what one thread computes: Python cannot end a thread, but it can raise an error inside it.

Limits on sizes are checked before work begins; this one holds for what they let through. The engine itself knows no
clock: its loops stay free of it, and no loop can be forgotten.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import Event, Thread, get_ident
from typing import TypeVar

from causal_eval.errors import TooLarge

SOLVE_SECONDS = 20.0
"""What one request may take; the slowest case within the limits on sizes takes 7.4 s on an idle core."""
SMALLER_CASE = "ask about fewer nodes or values, or run `causal-eval solve` yourself"
_AGAIN = 0.25
"""Seconds until the error is raised once more, should a finaliser have swallowed it."""


Done = TypeVar("Done")


class _OutOfTime(BaseException):
    """Nothing but :func:`within` may catch it."""


def within(seconds: float, work: Callable[[], Done], *, instead: str = SMALLER_CASE) -> Done:
    """What *work* gives, unless it takes longer; what already runs in one call of C ends with that call.

    *instead* is what to do then.

    It is a function, not a context: the error may come at any step, so all steps have to lie inside one ``try``.

    Raises:
        TooLarge: it did not end by itself; the message names the limit.
    """
    left = Event()
    watch = Thread(target=_ring, args=(get_ident(), seconds, left), name="deadline", daemon=True)
    try:
        watch.start()
        try:
            return work()
        finally:
            _leave(watch, left)
    except _OutOfTime:
        _leave(watch, left)
        raise TooLarge(
            f"not answered within {seconds:g} s, which is what one request may take; {instead}, which takes any time"
        ) from None


def _ring(thread: int, seconds: float, left: Event) -> None:
    """Raise the error in *thread* after *seconds*, and again until it has *left*."""
    wait = seconds
    while not left.wait(wait):
        _raise_in(thread, _OutOfTime)
        wait = _AGAIN


def _leave(watch: Thread, left: Event) -> None:
    """Nothing is raised in this thread any more, and nothing waits to be."""
    while True:
        try:
            left.set()
            watch.join()
            _raise_in(get_ident(), None)
        except _OutOfTime:
            continue
        return


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Have *error* raised in *thread* at its next step; None: take back what was not raised yet."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), None if error is None else ctypes.py_object(error)
    )
