"""The examples of the reference page are asked, and it has one for every kind of its groups."""

from __future__ import annotations

import json
import re
from pathlib import Path

from causal_eval.causal.calculator import calculate, verify
from causal_eval.causal.kinds import (
    adjustment,
    amenable,
    coefficients,
    direct,
    instruments,
    optimal,
    recover,
    selection,
    structure,
)

GROUPS = (adjustment, amenable, coefficients, direct, instruments, optimal, recover, selection, structure)


def test_every_example_holds(root: Path) -> None:
    """Each object on the page has the answer that stands in it, verified."""
    page = (root / "docs" / "reference" / "solve-sets.md").read_text("utf-8")
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    for case in examples:
        reply = calculate(case)
        assert reply.answer == case["answer"], case
        verify(case, reply)
    assert {case["query"]["kind"] for case in examples} == {kind.name for group in GROUPS for kind in group.KINDS}
