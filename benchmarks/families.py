"""What each family is like, written into the package: python -m benchmarks.families [QUESTIONS] [FAMILY ...].

Per family: the worth of guessing (evaluation/chance.json), what shortcuts score (analysis/suites/recorded.json), how
many distinct twin groups each difficulty makes (questions/distinct.json), and questions made per second here.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import causal_eval
from causal_eval.analysis.suites.validate import shortcuts
from causal_eval.evaluation.baselines.fit import fit
from causal_eval.evaluation.chance import chance
from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.distinct import at_least
from causal_eval.questions.family import Kind
from causal_eval.questions.generate import Plan, generate, shape
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.questions.suite import training
from causal_eval.seeds import Stream

PACKAGE = Path(causal_eval.__path__[0])
CHANCE = PACKAGE / "evaluation" / "chance.json"
RECORDED = PACKAGE / "analysis" / "suites" / "recorded.json"
DISTINCT = PACKAGE / "questions" / "distinct.json"
DRAWS = 400
"""Twin groups drawn per family and difficulty to count distinct ones."""
MORE = 2000
SECONDS = 10.0
"""After which no more are drawn."""
FEW = 40
LEVELS = range(1, 6)


def main(n: int, names: list[str]) -> None:
    """Measure the families *names* on *n* questions each of seeds of their own, and write what was found."""
    for name in names:
        began = time.process_time()
        questions = list(generate(Plan(n=n, seed="\x00chance", families=(name,))))
        rate = n / (time.process_time() - began)
        worth = {**chance(questions), **chance(on_demand(name, n))}
        put(CHANCE, "chance", {f"{name}/{kind}": f"{float(one):.4f}" for (_, kind), one in worth.items()}, of=name)
        blind = shortcuts(questions, fit(generate(training(n // 2, families=(name,)))))
        scores = {
            one.name: {"score": round(one.score.estimate, 4), "high": round(one.score.high, 4),
                       "limit": round(one.limit, 4)}
            for one in blind
            if one.score.estimate is not None and one.score.high is not None
        }  # fmt: skip
        put(RECORDED, "shortcuts", {name: scores}, of=name)
        put(DISTINCT, "distinct", {f"{name}/{level}": distinct(name, level) for level in LEVELS}, of=name)
        put(DISTINCT, "kinds", few(name), of=name)
        paying = [f"{one.name} {one.score.estimate:.3f} (to {one.score.high:.3f})" for one in blind if not one.cleared]
        print(f"{name:16} {rate:6.0f} questions/s  chance {max(map(float, worth.values())):.4f}  over: {paying}")


def on_demand(name: str, n: int) -> Iterator[Question]:
    """About *n* questions of each kind of the family that no mix holds, since its weight is 0."""
    for kind in family(name).kinds:
        if not kind.weight:
            yield from generate(Plan(n - n % kind.size, "\x00chance", kinds=(f"{name}/{kind.name}",)))


def distinct(name: str, level: int, kind: Kind | None = None) -> int:
    """Distinct twin groups of the family at this level, over its kinds or of *kind* alone, at least.

    Where some of the first draws repeat, more are drawn, and what is counted then counts.
    """
    found, shapes = family(name), []
    of, began = name if kind is None else f"{name}/{kind.name}", time.process_time()
    for index in range(MORE):
        group = found.draw(Stream("distinct", of, level, index), kind or found.kinds[index % len(found.kinds)], level)
        shapes.append(shape(name, group.members, group.n))
        is_plenty = len(shapes) >= DRAWS and len(set(shapes)) == len(shapes)
        if is_plenty or time.process_time() - began > SECONDS:
            break
    return max(at_least(shapes[:DRAWS]), len(set(shapes)))


def few(name: str) -> dict[str, object]:
    """The same of the family's kinds that have so few at a level that some of forty draws repeat."""
    found: dict[str, object] = {}
    for kind, level in itertools.product(family(name).kinds, LEVELS):
        drawn = [family(name).draw(Stream("few", name, level, number), kind, level) for number in range(FEW)]
        if len({shape(name, group.members, group.n) for group in drawn}) < FEW:
            found[f"{name}/{kind.name}/{level}"] = distinct(name, level, kind)
    return found


def put(path: Path, field: str, found: dict[str, object], *, of: str) -> None:
    """Put what was found of the family *of* in place of what stands there."""
    whole = json.loads(path.read_text("utf-8")) if path.exists() else {}
    kept = {key: value for key, value in whole.get(field, {}).items() if key.partition("/")[0] != of}
    table = {**whole, "generator": GENERATOR, field: dict(sorted((kept | found).items()))}
    path.write_text(json.dumps(table, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, sys.argv[2:] or list(FAMILIES))
