"""ATE, PN, PS and PNS of a 6-node model, each exact: python -m benchmarks.engine.speed [ROUNDS]."""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from fractions import Fraction

from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case, Kind, Query
from causal_eval.causal.scm import Table, binary
from causal_eval.causal.solve import solve
from causal_eval.seeds import Stream

EDGES = ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (1, 5), (4, 5))
KINDS = (Kind.ATE, Kind.PN, Kind.PS, Kind.PNS)


def _table(stream: Stream, parents: int) -> Table:
    """Twentieths, none of them zero, whose noise keeps ranks."""
    keys = itertools.product((0, 1), repeat=parents)
    tops = {key: Fraction(stream.between(1, 19), 20) for key in keys}
    return Table({key: (1 - p, p) for key, p in tops.items()}, threshold=True)


def seconds(rounds: int) -> list[float]:
    """Of processor time for all four, of one model after another."""
    graph, found = Graph.build(6, EDGES), []
    for seed in range(rounds):
        stream = Stream("benchmarks/speed", seed)
        scm = binary(graph, *[_table(stream, graph.parents[node].bit_count()) for node in range(6)])
        cases = [Case(tuple("ABCDEF"), graph, scm, Query(kind, x=(1,), y=(5,))) for kind in KINDS]
        start = time.process_time()
        for case in cases:
            solve(case)
        found.append(time.process_time() - start)
    return found


def main() -> None:
    """The median."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    sys.stdout.write(f"ATE + PN + PS + PNS, 6 nodes: {statistics.median(seconds(rounds)) * 1e6:.0f} us\n")


if __name__ == "__main__":
    main()
