"""The part of docs/reference/solve.md that shows every kind: ``python -m tests.docs.solving`` writes it anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from causal_eval.service.examples import Example, groups

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "solve.md"
MARK = "<!-- Below: written by `python -m tests.docs.solving` from src/causal_eval/service/examples.json. -->\n"


def shown() -> str:
    """Every group with its kinds."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for group in groups():
        yield f"\n## {group.title}\n"
        for one in group.examples:
            yield from (f"### `{one.kind}`\n", f"{one.says}\n", "```json", _written(one), "```\n")


def _written(one: Example) -> str:
    parts = one.case | {"answer": one.answer}
    lines = [f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in parts.items()]
    return "{" + ",\n ".join(lines) + "}"


def main() -> None:
    """Write the page anew."""
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page[: page.index(MARK) + len(MARK)] + shown(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
