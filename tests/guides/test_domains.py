"""The guide to domains tells what is there."""

from __future__ import annotations

import re
from pathlib import Path

from causal_eval.questions.story import domains, load

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "domains.md"


def test_the_guide_lists_every_domain() -> None:
    """Each with what it is about and how many quantities it has, and no other."""
    told = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert told == [(name, load(name).units, str(len(load(name).variables))) for name in domains()]
