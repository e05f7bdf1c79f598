"""Write the worth of guessing per (family, kind) into the package: python benchmarks/chance.py [N]."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import causal_eval.evaluation
from causal_eval.evaluation.chance import chance
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR


def main(n: int) -> None:
    """Find it on *n* questions of a seed of its own, to four digits.

    The best constant number is found on as many questions of effect alone: of few answers its worth would be luck.
    """
    found = chance(generate(Plan(n=n, seed="\x00chance")))
    found |= chance(generate(Plan(n=n, seed="\x00chance", families=("effect",))))
    table = {f"{family}/{kind}": f"{float(worth):.4f}" for (family, kind), worth in sorted(found.items())}
    (folder,) = causal_eval.evaluation.__path__
    text = json.dumps({"generator": GENERATOR, "questions": n, "chance": table}, indent=2)
    Path(folder, "chance.json").write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)
