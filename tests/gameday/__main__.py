"""``python -m tests.gameday NAME ...|all [--scorecard FILE]``: drills, those with tools that are never shipped too."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.gameday.rows import ALL

from causal_eval.cli import drilling
from causal_eval.errors import CausalEvalError


def main(words: list[str]) -> int:
    """Carry out what *words* say."""
    card = None
    if "--scorecard" in words:
        at = words.index("--scorecard")
        card, words = Path(words[at + 1]), words[:at] + words[at + 2 :]
    try:
        return drilling.drill(words or ["all"], card, json=False, known=ALL)
    except CausalEvalError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
