"""What a fault makes of a request: an error with its status, or a reply that is not what it should be."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.wire import Problem, Said, Wire

REFUSED = "I can't help with that."
OTHER_NAME = "another-name-1"
FILTERED = Problem(400, "content_filter", "Output blocked by content filtering policy.")
PROBLEMS = MappingProxyType(
    {
        Mode.RATE_LIMIT: Problem(429, "rate_limit_error", "Rate limit reached: slow down."),
        Mode.RATE_LIMIT_BARE: Problem(429, "rate_limit_error", "Rate limit reached: slow down."),
        Mode.RATE_LIMIT_DATE: Problem(429, "rate_limit_error", "Rate limit reached: slow down."),
        Mode.QUOTA: Problem(429, "insufficient_quota", "You exceeded your current quota."),
        Mode.SERVER_ERROR: Problem(500, "server_error", "The server had an error."),
        Mode.OVERLOADED: Problem(503, "overloaded_error", "Overloaded."),
        Mode.BAD_REQUEST: Problem(400, "invalid_request_error", "The request is not valid."),
        Mode.UNAUTHORIZED: Problem(401, "authentication_error", "Incorrect API key provided."),
        Mode.FORBIDDEN: Problem(403, "permission_error", "This key has no access to the model."),
        Mode.NOT_FOUND: Problem(404, "not_found_error", "The model does not exist."),
        Mode.TOO_LARGE: Problem(413, "request_too_large", "The request is too large."),
        Mode.UNPROCESSABLE: Problem(422, "unprocessable", "The request cannot be processed."),
    }
)
UNPAID = frozenset(PROBLEMS) | {Mode.BAD_GATEWAY, Mode.REDIRECT, Mode.RESET, Mode.STALE}
"""Modes in which nothing is generated; after every other one a provider would send a bill."""
_FINISHES = {
    Mode.EMPTY: "empty",
    Mode.TRUNCATION: "length",
    Mode.REFUSAL: "refusal",
    Mode.CONTENT_FILTER: "content_filter",
}


def problem_of(mode: Mode, wire: Wire) -> Problem | None:
    """The error that *mode* is on *wire*; None: it is none."""
    problem = PROBLEMS.get(mode)
    if mode is Mode.CONTENT_FILTER and FILTERED.kind in wire.statuses:
        problem = FILTERED
    return problem and replace(problem, status=wire.statuses.get(problem.kind, problem.status))


def twisted(said: Said, fault: Fault) -> Said:
    """What is said when *fault* has its way."""
    text = said.text
    match fault.mode:
        case Mode.OTHER_NAME:
            return replace(said, model=OTHER_NAME)
        case Mode.REFUSAL:
            text = REFUSED
        case Mode.TRUNCATION | Mode.CONTENT_FILTER:
            text = text[: len(text) // 2]
        case Mode.EMPTY:
            text = ""
        case Mode.UNCLOSED_THINK:
            text = f"<think>\nLet me see. {text}"
        case Mode.DUPLICATED:
            text = f"{text}\n\n{text}"
        case Mode.BIG:
            text += "." * max(0, fault.size - len(text.encode()))
    return replace(said, text=text, finish=_FINISHES.get(fault.mode, said.finish))
