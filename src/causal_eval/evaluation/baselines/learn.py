"""What the trained shortcuts learn: family by family, when a question of it is first asked."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.questions.catalog import title_of
from causal_eval.questions.generate import generate
from causal_eval.questions.suite import training

Learn = Callable[[str], Fitted]
"""A family's name -> what is known of it."""

PER_FAMILY = 36
"""Questions that are learnt from; whole twin groups of any size add up to it."""
NOTHING = Fitted({}, {}, {})

_TURN = threading.Lock()
"""Of several who ask at once, one learns and the others wait: it takes seconds of a core."""


def learnt(family: str) -> Fitted:
    """What shortcuts know of *family*, from seeds that no run asks; the same in every process.

    Of a user's own questions, which no family made, nothing is known.
    """
    with _TURN:
        return _learnt(family)


@functools.cache
def _learnt(family: str) -> Fitted:
    return NOTHING if title_of(family) is None else fit(generate(training(PER_FAMILY, families=(family,))))
