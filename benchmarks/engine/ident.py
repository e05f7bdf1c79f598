"""Verdicts on effects beside causaleffect's: PEERS=FOLDER python -m benchmarks.engine.ident [ROUNDS].

FOLDER is a virtual environment with causaleffect, made for this and thrown away; where it is not there the reason is
printed and ours is measured alone. Ours and theirs take turns, round by round, on the same questions, and every verdict
is compared.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from causal_eval.causal.calculator import calculate
from causal_eval.causal.graph import Graph
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.identify import identifiable
from causal_eval.seeds import Stream

PEER = Path(__file__).with_name("ident_peer.py")


class Asked(NamedTuple):
    """Is P(y | do x) identifiable?"""

    graph: Graph
    x: int
    y: int

    def written(self) -> dict[str, object]:
        """As the peer reads it."""
        both = self.graph.bidirected_edges()
        return {"directed": self.graph.edges(), "bidirected": both, "x": self.x, "y": self.y}


class Verdicts(NamedTuple):
    """What was said, and the mean seconds of a question."""

    said: list[bool]
    seconds: float


def drawn(n: int, count: int) -> list[Asked]:
    """Random graphs in which X causes Y and every node has an edge."""
    stream, found = Stream("benchmarks/ident", n), list[Asked]()
    while len(found) < count:
        order = stream.shuffled(range(n))
        pairs = [(one, other) for place, one in enumerate(order) for other in order[place + 1 :]]
        directed = [pair for pair in pairs if stream.chance(5, 2 * n)]
        g = Graph.build(n, directed, bidirected=[pair for pair in pairs if stream.chance(3, 2 * n)])
        x, y = stream.sample(range(n), 2)
        alone = any(not (g.parents[node] | g.children[node] | g.bidirected[node]) for node in range(n))
        if not alone and g.descendants(1 << x) >> y & 1:
            found.append(Asked(g, x, y))
    return found


def ours(questions: list[Asked]) -> Verdicts:
    """Every verdict by ID on masks."""
    start = time.process_time()
    said = [identifiable(one.graph, 1 << one.x, y=1 << one.y) for one in questions]
    return Verdicts(said, (time.process_time() - start) / len(questions))


def whole(questions: list[Asked]) -> float:
    """Mean seconds of a whole answer: formula tried on exact models, or hedge and two models."""
    start = time.process_time()
    for one in questions:
        names = [f"V{node}" for node in range(one.graph.n)]
        query = {"kind": "effect", "X": [names[one.x]], "Y": [names[one.y]]}
        calculate({"graph": write_graph(names, one.graph), "query": query})
    return (time.process_time() - start) / len(questions)


def theirs(questions: list[Asked]) -> Verdicts:
    """Every verdict in the peer's process.

    Raises:
        LookupError: there is no such peer.
    """
    folder = os.environ.get("PEERS")
    if not folder:
        raise LookupError("PEERS names no virtual environment with causaleffect")
    asked = json.dumps([one.written() for one in questions])
    done = subprocess.run(
        [Path(folder) / "bin" / "python", PEER], input=asked, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1])
    said, seconds = json.loads(done.stdout.splitlines()[-1])
    return Verdicts(said, seconds / len(questions))


def main(rounds: int) -> None:
    """Graphs of three sizes."""
    for n in (6, 10, 20):
        questions = drawn(n, 200)
        each, peer, ratios, differ = [], [], [], 0
        for _ in range(rounds):
            mine = ours(questions)
            each.append(mine.seconds)
            try:
                other = theirs(questions)
            except LookupError as error:
                print(f"no peer: {error}")
                break
            peer.append(other.seconds)
            ratios.append(other.seconds / mine.seconds)
            differ = sum(one != two for one, two in zip(mine.said, other.said, strict=True))
        yes = sum(ours(questions).said)
        line = f"{n:2} nodes, {yes} of {len(questions)} identifiable: verdict {1e6 * statistics.median(each):.1f} us"
        line += f", whole answer {1e3 * whole(questions):.1f} ms"
        if ratios:
            line += (
                f"; peer's verdict {1e6 * statistics.median(peer):.0f} us: {statistics.median(ratios):.0f} times ours"
            )
            line += f", {differ} verdicts differ"
        print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
