"""Cases solved: a graph or a model with a query in, the answer with its derivation out."""

from __future__ import annotations

from typing import Any

from causal_eval.causal.case import read_case
from causal_eval.causal.derivation import derive
from causal_eval.causal.solve import answer_json, solve


def solved_case(given: Any) -> dict[str, Any]:
    """The answer to the case *given* (JSON as ``causal-eval solve`` takes it), as JSON.

    Raises:
        MalformedCase: it makes no sense; the message names the part.
        CausalError: the mathematics gives no answer.
    """
    case = read_case(given)
    answer = solve(case)
    return {
        "id": case_id(given),
        "answer": answer_json(answer.value, case),
        "method": answer.method,
        "derivation": [
            {
                "id": f"s{number}",
                "rule": line.rule,
                "text": line.text,
                "expression": line.expression,
                "value": line.value,
            }
            for number, line in enumerate(derive(case), 1)
        ],
    }


def case_id(given: Any) -> Any:
    """What the case calls itself."""
    return given.get("id") if isinstance(given, dict) else None
