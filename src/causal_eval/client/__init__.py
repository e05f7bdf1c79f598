"""The service from Python: a typed asynchronous client of ``/api/v1``.

Knows the routes as the OpenAPI document has them, what they take and give, and what to do when a connection breaks. It
must not know the service itself: no database, no rule, nothing but HTTP. ``Client`` has a method for each operation,
called like it; results and orders stand in the module of their noun (``client.evaluations``, ``client.board`` ...).
"""

from causal_eval.client.client import Client, run_sync
from causal_eval.client.evaluations import CallOptions, EvaluationOrder
from causal_eval.client.questions import SetOrder
from causal_eval.client.refusals import Conflict, Invalid, NotFound, Refused, Unreachable

__all__ = [
    "CallOptions",
    "Client",
    "Conflict",
    "EvaluationOrder",
    "Invalid",
    "NotFound",
    "Refused",
    "SetOrder",
    "Unreachable",
    "run_sync",
]
