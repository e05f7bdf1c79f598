"""Cases solved: a graph or a model with a query in, the answer with its derivation out."""

from __future__ import annotations

from typing import Any

from causal_eval.causal.calculator import calculate, verify
from causal_eval.service.deadline import SOLVE_SECONDS, within


def solved_at_a_door(given: Any) -> dict[str, Any]:
    """The answer to the case *given* for somebody who waits: as :func:`solved_case`, within 20 s.

    Raises:
        MalformedCase, CausalError: as :func:`solved_case`; TooLarge also where it takes longer.
    """
    return within(SOLVE_SECONDS, lambda: solved_case(given))


def solved_case(given: Any, *, check: bool = False) -> dict[str, Any]:
    """The answer to the case *given* (JSON as ``causal-eval solve`` takes it), as JSON.

    Raises:
        MalformedCase: it makes no sense; the message names the part.
        CausalError: the mathematics gives no answer.
        VerificationMismatch: with *check*, the second solver, a step or the certificate says something else.
    """
    reply = calculate(given)
    if check:
        verify(given, reply)
    written = {
        "id": case_id(given),
        "answer": reply.answer,
        "method": reply.method,
        "derivation": [
            {
                "id": f"s{number}",
                "rule": line.rule,
                "text": line.text,
                "expression": line.expression,
                "value": line.value,
            }
            for number, line in enumerate(reply.derivation, 1)
        ],
    }
    return written if reply.certificate is None else written | {"certificate": reply.certificate}


def case_id(given: Any) -> Any:
    """What the case calls itself."""
    return given.get("id") if isinstance(given, dict) else None
