"""What each family is like, written into the package: python -m benchmarks.families [QUESTIONS] [FAMILY ...].

Per family: the worth of guessing (evaluation/chance.json), what shortcuts score (analysis/suites/recorded.json), how
many distinct twin groups each difficulty makes (questions/distinct.json), and questions made per second here.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import causal_eval
from causal_eval.analysis.suites.validate import shortcuts
from causal_eval.evaluation.baselines.fit import fit
from causal_eval.evaluation.chance import chance
from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.distinct import estimated
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR
from causal_eval.questions.shape import shape_of
from causal_eval.questions.suite import training
from causal_eval.seeds import Stream

PACKAGE = Path(causal_eval.__path__[0])
CHANCE = PACKAGE / "evaluation" / "chance.json"
RECORDED = PACKAGE / "analysis" / "suites" / "recorded.json"
DISTINCT = PACKAGE / "questions" / "distinct.json"
DRAWS = 400
"""Twin groups drawn per family and difficulty to count distinct ones."""


def main(n: int, names: list[str]) -> None:
    """Measure the families *names* on *n* questions each of seeds of their own, and write what was found."""
    for name in names:
        began = time.process_time()
        questions = list(generate(Plan(n=n, seed="\x00chance", families=(name,))))
        rate = n / (time.process_time() - began)
        worth = chance(questions)
        put(CHANCE, "chance", {f"{name}/{kind}": f"{float(one):.4f}" for (_, kind), one in worth.items()}, of=name)
        blind = shortcuts(questions, fit(generate(training(n // 2, families=(name,)))))
        scores = {
            one.name: {"score": round(one.score.estimate, 4), "high": round(one.score.high, 4),
                       "limit": round(one.limit, 4)}
            for one in blind
            if one.score.estimate is not None and one.score.high is not None
        }  # fmt: skip
        put(RECORDED, "shortcuts", {name: scores}, of=name)
        put(DISTINCT, "distinct", {f"{name}/{level}": distinct(name, level) for level in range(1, 6)}, of=name)
        paying = [f"{one.name} {one.score.estimate:.3f} (to {one.score.high:.3f})" for one in blind if not one.cleared]
        print(f"{name:16} {rate:6.0f} questions/s  chance {max(map(float, worth.values())):.4f}  over: {paying}")


def distinct(name: str, level: int) -> int:
    """Distinct twin groups of the family at this level, over its kinds."""
    found, shapes = family(name), []
    for index in range(DRAWS):
        kind = found.kinds[index % len(found.kinds)]
        group = found.draw(Stream("distinct", name, level, index), kind, level)
        shapes.append(f"{kind.name} {shape_of(group.members, group.n)}")
    return estimated(shapes)


def put(path: Path, field: str, found: dict[str, object], *, of: str) -> None:
    """Put what was found of the family *of* in place of what stands there."""
    whole = json.loads(path.read_text("utf-8")) if path.exists() else {}
    kept = {key: value for key, value in whole.get(field, {}).items() if key.partition("/")[0] != of}
    table = {"generator": GENERATOR, field: dict(sorted((kept | found).items()))}
    path.write_text(json.dumps(table, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, sys.argv[2:] or list(FAMILIES))
