"""Both solvers on random cases of every kind: python -m benchmarks.engine.agree ROUNDS [FIRST] > counts.json.

A round is a case of each kind, all with one seed. Kinds whose second solver takes long (RARE) join every few rounds.
A case that both solvers refuse alike counts as refused; as open where one gives up: the second because there is too
much to go through, the first because it takes a table for open that another part of the model happens to settle.
The first disagreement is printed and ends the run.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.engine.cases import KINDS, Asked, drawn

from causal_eval.causal.calculator import answered_again, calculate, names_of_kinds
from causal_eval.causal.kinds.table import KINDS as TABLE
from causal_eval.errors import CausalError, MalformedCase, NotDetermined, TooLarge

RARE = {
    "recoverable": 5,
    "linear_coefficients_identified": 20,
    "estimand_equivalent": 5,
    "is_estimand": 5,
}
"""Kind -> it is asked once in so many rounds."""


def outcome(solve: Callable[[Asked], Any], case: Asked) -> Any:
    """The answer, or the name of the error."""
    try:
        found = solve(case)
    except (CausalError, MalformedCase) as error:
        return type(error)
    answer = getattr(found, "answer", found)
    kind = TABLE.get(case["query"]["kind"])
    return answer if kind is None else kind.part(answer)


def compared(kind: str, seed: int) -> str:
    """What became of the case: agreed, refused, open, or none.

    Raises:
        SystemExit: the solvers differ.
    """
    try:
        case = drawn(kind, seed)
    except LookupError:
        return "none"
    one, other = outcome(calculate, case), outcome(answered_again, case)
    if TooLarge in (one, other) or one is NotDetermined:
        return "open"
    if one != other:
        sys.exit(f"{kind}, seed {seed}: {one} and {other}\n{json.dumps(case)}")
    return "refused" if isinstance(one, type) else "agreed"


def main() -> None:
    """Go through the rounds; counts go to standard output after each hundred."""
    rounds, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    assert set(KINDS) == set(names_of_kinds())
    os.nice(10)
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in sorted(KINDS)}
    for seed in range(first, first + rounds):
        for kind in (kind for kind in counts if not seed % RARE.get(kind, 1)):
            counts[kind][compared(kind, seed)] += 1
        if (seed + 1) % 100 == 0 or seed + 1 == first + rounds:
            whole = {"first": first, "rounds": seed + 1 - first, "counts": counts}
            sys.stdout.write(json.dumps(whole) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
