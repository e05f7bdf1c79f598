"""P(y | do x) of 6-node binary models beside pgmpy: PEERS=FOLDER python -m benchmarks.engine.effect [ROUNDS].

FOLDER is a virtual environment with pgmpy, made for this and thrown away; where it is not there the reason is printed
and ours is measured alone. Ours and theirs take turns on the same models, each asked once; a model is there as an
object on both sides before the clock starts, and ours is compiled while it runs.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.query import Case, Kind, Query
from causal_eval.causal.scm import Scm, Table, binary
from causal_eval.causal.second import solver as second
from causal_eval.causal.solve import solve
from causal_eval.seeds import Stream

NAMES = tuple("ABCDEF")
PEER = Path(__file__).with_name("effect_peer.py")


class Said(NamedTuple):
    """P(y | do x) of every model, and mean seconds."""

    values: Sequence[Fraction | float]
    seconds: float


def drawn(count: int) -> list[Case]:
    """Random models of six nodes with one to three parents, twentieths, and an effect that reaches three nodes on."""
    stream = Stream("benchmarks/effect")
    return [_drawn(stream) for _ in range(count)]


def _drawn(stream: Stream) -> Case:
    order = stream.shuffled(range(6))
    pairs = [(one, other) for place, one in enumerate(order) for other in order[place + 1 :]]
    chain = set(itertools.pairwise(order))
    graph = Graph.build(6, [pair for pair in pairs if pair in chain or stream.chance(1, 4)])
    tables = [_table(stream, graph.parents[node].bit_count()) for node in range(6)]
    query = Query(Kind.DO, event=((order[-1], 1),), do=((order[2], 1),))
    return Case(NAMES, graph, binary(graph, *tables), query)


def _table(stream: Stream, parents: int) -> Table:
    tops = {key: Fraction(stream.between(1, 19), 20) for key in itertools.product((0, 1), repeat=parents)}
    return Table({key: (1 - top, top) for key, top in tops.items()})


def ours(cases: list[Case]) -> Said:
    """By the engine's front door, each model compiled anew."""
    start = time.process_time()
    values = [solve(case).value for case in cases]
    return Said(values, (time.process_time() - start) / len(cases))


def again(cases: list[Case]) -> float:
    """Mean seconds of the same question to models that are compiled."""
    ready = [(Worlds(_model(case)), case.query) for case in cases]
    for worlds, query in ready:
        worlds.probability(query.event, do=query.do)
    start = time.process_time()
    for worlds, query in ready:
        worlds.probability(query.event, do=query.do)
    return (time.process_time() - start) / len(cases)


def theirs(cases: list[Case]) -> dict[str, Said]:
    """By both of the peer's ways, in its process.

    Raises:
        LookupError: there is no such peer.
    """
    folder = os.environ.get("PEERS")
    if not folder:
        raise LookupError("PEERS names no virtual environment with pgmpy")
    asked = json.dumps([_written(case) for case in cases])
    done = subprocess.run(
        [Path(folder) / "bin" / "python", PEER], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout.splitlines()[-1])
    return {way: Said(values, seconds / len(cases)) for way, (values, seconds) in found.items()}


def _model(case: Case) -> Scm:
    assert case.scm is not None
    return case.scm


def _written(case: Case) -> dict[str, object]:
    """As the peer reads it."""
    parents = {name: [NAMES[parent] for parent in bits(case.graph.parents[at])] for at, name in enumerate(NAMES)}
    tops = {}
    for name, mechanism in zip(NAMES, _model(case).mechanisms, strict=True):
        assert isinstance(mechanism, Table)
        tops[name] = [float(mechanism.rows[key][1]) for key in sorted(mechanism.rows)]
    edges = [(NAMES[one], NAMES[other]) for one, other in case.graph.edges()]
    ends = {"x": NAMES[case.query.do[0][0]], "y": NAMES[case.query.event[0][0]]}
    return {"edges": edges, "parents": parents, "tops": tops, **ends}


def main(rounds: int) -> None:
    """The medians of the rounds, and how far the peer's answers are from the exact ones."""
    cases = drawn(200)
    mine, ready = [], []
    peer: dict[str, list[Said]] = {}
    for _ in range(rounds):
        mine.append(ours(cases))
        ready.append(again(cases))
        try:
            found = theirs(cases)
        except LookupError as error:
            print(f"no peer: {error}")
            break
        for way, said in found.items():
            peer.setdefault(way, []).append(said)
    exact = mine[0].values == [second.solve(case) for case in cases]
    own = statistics.median(said.seconds for said in mine)
    print(f"ours {1e6 * own:.1f} us, compiled {1e6 * statistics.median(ready):.1f} us; second solver alike: {exact}")
    for way, answers in peer.items():
        ratio = statistics.median(one.seconds / said.seconds for one, said in zip(answers, mine, strict=True))
        off = max(
            float(abs(Fraction(str(one)) - Fraction(str(two))))
            for one, two in zip(mine[0].values, answers[0].values, strict=True)
        )
        median = 1e6 * statistics.median(said.seconds for said in answers)
        print(f"pgmpy {way}: {median:.0f} us, {ratio:.1f} times ours; at most {off:.1g} from the exact answer")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
