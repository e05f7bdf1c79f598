"""``--batch``: what is said of batches that are still open."""

from __future__ import annotations

from causal_eval.errors import UsageError
from causal_eval.store.batches import open_orders
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation


def refuse_open(store: Store, evaluation: Evaluation) -> None:
    """Nothing is open of *evaluation*.

    Raises:
        UsageError: a batch is, and what it holds would be paid a second time.
    """
    if count := len(open_orders(store, evaluation)):
        raise UsageError(
            f"{evaluation.id}: {_batches(count)} not collected yet: add --batch to wait for what was ordered, "
            f"or type `causal-eval resume {evaluation.id} --cancel-batches`"
        )


def where_it_stopped(store: Store, evaluation: Evaluation) -> str:
    """What to type after Ctrl-C."""
    if count := len(open_orders(store, evaluation)):
        return (
            f"what was ordered goes on at the provider ({_batches(count)} not collected yet): `causal-eval resume "
            f"{evaluation.id} --batch` waits for it, `causal-eval resume {evaluation.id} --cancel-batches` stops it"
        )
    return f"`causal-eval resume {evaluation.id}` or the same command goes on where it stopped"


def _batches(count: int) -> str:
    return f"{count} batch{'es' if count > 1 else ''} of this run {'are' if count > 1 else 'is'}"
