"""The peer of benchmarks/engine/ident.py: runs in its own environment, reads questions, prints verdicts and seconds."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

causaleffect: Any = importlib.import_module("causaleffect")  # of its own environment


def main() -> None:
    """Time every verdict; graphs are made before."""
    questions = json.load(sys.stdin)
    graphs = []
    for asked in questions:
        edges = [f"V{one}->V{other}" for one, other in asked["directed"]]
        edges += [f"V{one}<->V{other}" for one, other in asked["bidirected"]]
        graphs.append(causaleffect.createGraph(edges))
    said = []
    start = time.process_time()
    for asked, graph in zip(questions, graphs, strict=True):
        found = causaleffect.ID({f"V{asked['y']}"}, {f"V{asked['x']}"}, graph)
        said.append(type(found).__name__ == "Probability" and not getattr(found, "hedge", None))
    seconds = time.process_time() - start
    print(json.dumps([said, seconds]))


main()
