"""Graph answers beside networkx and dowhy: PEERS=FOLDER python -m benchmarks.engine.structure [ROUNDS].

FOLDER is a virtual environment with networkx and dowhy, made for this and thrown away; where a peer is not there the
reason is printed and ours is measured alone. Ours and theirs take turns, round by round, on the same questions.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from causal_eval.causal.adjust import minimal_adjustment_sets
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.separation import separated
from causal_eval.seeds import Stream

EACH = 20
"""Questions of separation about one graph."""

PEER = Path(__file__).with_name("structure_peer.py")


class Asked(NamedTuple):
    """A graph, and two nodes with a set that may separate them."""

    graph: Graph
    x: int
    y: int
    z: int

    def written(self) -> dict[str, object]:
        """As the peer reads it."""
        return {"n": self.graph.n, "edges": self.graph.edges(), "x": self.x, "y": self.y, "z": bits(self.z)}


def drawn(n: int, count: int, *, confounded: bool) -> list[Asked]:
    """Questions about random graphs with about three edges a node; *confounded*: something must be adjusted for."""
    stream, found = Stream("benchmarks/structure", n), list[Asked]()
    while len(found) < count:
        order = stream.shuffled(range(n))
        pairs = [(one, other) for place, one in enumerate(order) for other in order[place + 1 :]]
        g = Graph.build(n, [pair for pair in pairs if stream.chance(6, n - 1)])
        if not confounded:
            found += [_any(g, stream) for _ in range(EACH)]
            continue
        x, y = order[n // 3], order[-1 - n // 10]
        if minimal_adjustment_sets(g, 1 << x, 1 << y) not in ((), ((),)):
            found.append(Asked(g, x, y, 0))
    return found[:count]


def _any(g: Graph, stream: Stream) -> Asked:
    x, y, *rest = stream.shuffled(range(g.n))
    return Asked(g, x, y, sum(1 << node for node in rest if stream.chance(1, 4)))


def ours(kind: str, questions: list[Asked]) -> list[float]:
    """Seconds of each question."""
    ask: Callable[[Asked], object] = _separation if kind == "separation" else _sets
    times = []
    for asked in questions:
        minimal_adjustment_sets.cache_clear()
        start = time.process_time()
        ask(asked)
        times.append(time.process_time() - start)
    return times


def _separation(asked: Asked) -> bool:
    return separated(asked.graph, 1 << asked.x, 1 << asked.y, asked.z)


def _sets(asked: Asked) -> tuple[tuple[int, ...], ...]:
    return minimal_adjustment_sets(asked.graph, 1 << asked.x, 1 << asked.y)


def theirs(kind: str, questions: list[Asked]) -> list[float | None]:
    """Seconds of each question in the peer's process; None where it did not finish in time.

    Raises:
        LookupError: there is no such peer.
    """
    folder = os.environ.get("PEERS")
    if not folder:
        raise LookupError("PEERS names no virtual environment with networkx and dowhy")
    asked = json.dumps({"kind": kind, "questions": [one.written() for one in questions]})
    done = subprocess.run(
        [Path(folder) / "bin" / "python", PEER], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    times: list[float | None] = json.loads(done.stdout.splitlines()[-1])
    return times


def compare(kind: str, n: int, *, count: int, rounds: int) -> None:
    """Print the median of ours, of theirs, and of the ratios of the rounds."""
    questions = drawn(n, count, confounded=kind == "adjustment")
    each, peer, ratios, late = [], [], [], 0
    for _ in range(rounds):
        mine = ours(kind, questions)
        each.append(statistics.mean(mine))
        try:
            other = theirs(kind, questions)
        except LookupError as error:
            print(f"no peer: {error}")
            break
        both = [(one, two) for one, two in zip(mine, other, strict=True) if two is not None]
        late = len(other) - len(both)
        peer.append(statistics.mean(two for _, two in both) if both else 0.0)
        ratios.append(sum(two for _, two in both) / sum(one for one, _ in both) if both else 0.0)
    line = f"{kind:10} {n:2} nodes: {1e6 * statistics.median(each):8.1f} us a question"
    if kind == "adjustment":
        sets = [len(_sets(asked)) for asked in questions]
        line += f", {1e6 * statistics.median(each) * count / max(1, sum(sets)):.1f} us a set ({sum(sets)} sets)"
    if ratios:
        line += f"; peer {1e6 * statistics.median(peer):.0f} us: {statistics.median(ratios):.1f} times ours"
        line += f", {late} of {count} not in time" if late else ""
    print(line)


def main(rounds: int) -> None:
    """Separation on three sizes, then all minimal adjustment sets."""
    for n in (6, 10, 20, 40):
        compare("separation", n, count=400, rounds=rounds)
    for n in (10, 20, 40):
        compare("adjustment", n, count=10, rounds=rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
