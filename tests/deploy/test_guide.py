"""docs/guides/deploy.md: what it says instead of the runbook's wrong lines is shown by tests that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_NAMED = re.compile(r"`([a-z_/]+)`: ([^`]+?)(?=; `|$)")


def shown(root: Path) -> Iterator[tuple[str, str]]:
    """File and name of each test that the table names; ``same`` stands for the line above."""
    text = (root / "docs/guides/deploy.md").read_text("utf-8")
    table = [line for line in text.partition("## What to type instead")[2].splitlines() if line.startswith("|")]
    for line in table[2:]:
        named = line.rstrip("| ").rpartition(" | ")[2]
        found = _NAMED.findall(named)
        assert found or named == "same", line
        for file, titles in found:
            for title in titles.split("; "):
                words = re.sub(r"[^a-z0-9 ]", "", title.lower()).split()
                yield file, f"test_{'_'.join(words)}"


def test_every_line_is_shown_by_a_test(root: Path) -> None:
    """Each test that is named is there, under that name."""
    named = set(shown(root))
    lacking = [
        (file, name)
        for file, name in sorted(named)
        if f"def {name}(" not in (root / "tests" / f"{file}.py").read_text("utf-8")
    ]
    assert len(named) > 20
    assert not lacking
