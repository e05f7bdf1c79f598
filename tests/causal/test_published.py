"""Published cases of every file: how many of each kind, and those about numbers and actual causes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.causal.cases import graph_of

from causal_eval.causal.calculator import answered_again, calculate, verify

FILES = sorted((Path(__file__).parent / "published").glob("*.json"))
NUMBERS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "published" / "numbers.json").read_text("utf-8"))


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """The case as ``solve`` takes it."""
    graph = case["whole"] if "whole" in case else graph_of(**case["graph"])
    return {"graph": graph, "query": case["query"]} | ({"scm": case["scm"]} if "scm" in case else {})


@pytest.mark.parametrize("case", NUMBERS, ids=[case["id"] for case in NUMBERS])
def test_a_published_number_comes_out(case: dict[str, Any]) -> None:
    """From both solvers, and where a peer or a printed figure says otherwise, not that."""
    whole = asked(case)
    reply, again = calculate(whole), answered_again(whole)
    verify(whole, reply)
    for answer in (reply.answer, again):
        found = answer[case["field"]] if isinstance(answer, dict) else answer
        assert found == case["expected"] != case.get("peer")


def test_there_are_many_and_each_says_where_it_was_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """At least 150, with different names; the count of each kind is printed."""
    cases = [case for file in FILES for case in json.loads(file.read_text("utf-8"))]
    assert len(cases) >= 150
    assert len({case["id"] for case in cases}) == len(cases)
    for case in cases:
        assert case["source"]["package"], case["id"]
        assert case.get("recalled") or case["source"].get("file"), case["id"]
    with capsys.disabled():
        counts = Counter(case["query"]["kind"] for case in cases)
        print(f"{len(cases)} published cases:", ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))  # noqa: T201
