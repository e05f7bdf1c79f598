"""The peer of benchmarks/engine/effect.py: runs in its own environment, reads models, prints answers and seconds."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
import warnings
from typing import Any

pgmpy: dict[str, Any] = {  # of its own environment
    name: importlib.import_module(f"pgmpy.{name}") for name in ("models", "inference", "factors.discrete")
}


def network(asked: dict[str, Any]) -> Any:
    """The Bayesian network of a model; made before anything is timed."""
    made = pgmpy["models"].DiscreteBayesianNetwork()
    made.add_nodes_from(asked["tops"])
    made.add_edges_from(asked["edges"])
    for node, tops in asked["tops"].items():
        parents = asked["parents"][node]
        rows = [[1 - top for top in tops], tops]
        made.add_cpds(pgmpy["factors.discrete"].TabularCPD(node, 2, rows, parents, [2] * len(parents)))
    return made


def by_adjustment(made: Any, asked: dict[str, Any]) -> Any:
    """As its guide has it: the query with ``do``."""
    inference = pgmpy["inference"].CausalInference(made)
    return inference.query([asked["y"]], do={asked["x"]: 1}, show_progress=False)


def by_surgery(made: Any, asked: dict[str, Any]) -> Any:
    """The mutilated network, then variable elimination."""
    inference = pgmpy["inference"].VariableElimination(made.do([asked["x"]]))
    return inference.query([asked["y"]], evidence={asked["x"]: 1}, show_progress=False)


def main() -> None:
    """Time both of its ways."""
    warnings.simplefilter("ignore")
    logging.disable()
    questions = json.load(sys.stdin)
    made = [network(asked) for asked in questions]
    found = {}
    for ask in (by_adjustment, by_surgery):
        ask(made[0], questions[0])  # the first query loads what it needs
        start = time.process_time()
        said = [float(ask(one, asked).values[1]) for one, asked in zip(made, questions, strict=True)]
        found[ask.__name__] = [said, time.process_time() - start]
    print(json.dumps(found))


main()
