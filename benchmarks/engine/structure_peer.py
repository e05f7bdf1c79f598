"""The peer of benchmarks/engine/structure.py: runs in its own environment, reads questions, prints seconds."""

from __future__ import annotations

import importlib
import json
import logging
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

nx: Any = importlib.import_module("networkx")  # of its own environment, as dowhy is

LIMIT = 2
"""Seconds that one question may take."""


def separation(graph: Any, asked: dict[str, Any]) -> None:
    """The verdict of networkx."""
    nx.is_d_separator(graph, {asked["x"]}, {asked["y"]}, set(asked["z"]))


def adjustment(graph: Any, asked: dict[str, Any]) -> None:
    """The minimal back-door sets of dowhy."""
    identify, kind = _dowhy()
    names = nx.relabel_nodes(graph, str)
    identify(names, [str(asked["x"])], [str(asked["y"])], list(names), kind)


def _dowhy() -> tuple[Callable[..., object], object]:
    auto_identifier = importlib.import_module("dowhy.causal_identifier.auto_identifier")
    return auto_identifier.identify_backdoor, auto_identifier.BackdoorAdjustment.BACKDOOR_MIN


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def main() -> None:
    """Time every question."""
    logging.disable()
    whole = json.load(sys.stdin)
    ask = {"separation": separation, "adjustment": adjustment}[whole["kind"]]
    if ask is adjustment:
        _dowhy()  # its import is not part of an answer
    signal.signal(signal.SIGALRM, _stop)
    times: list[float | None] = []
    graph, edges = nx.DiGraph(), None
    for asked in whole["questions"]:
        if asked["edges"] != edges:  # one graph serves all questions about it
            graph, edges = nx.DiGraph(), asked["edges"]
            graph.add_nodes_from(range(asked["n"]))
            graph.add_edges_from(edges)
        signal.alarm(LIMIT)
        start = time.process_time()
        try:
            ask(graph, asked)
            times.append(time.process_time() - start)
        except TimeoutError:
            times.append(None)
        signal.alarm(0)
    print(json.dumps(times))


main()
