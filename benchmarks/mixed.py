"""Questions of all families, made, written, read again and proven: python -m benchmarks.mixed [N] [SEED] [JOBS].

A disagreement of the solvers stops the making. Says how many of the file do not verify from their prompts alone (facts,
sufficiency, both solvers, steps, mistakes, id), and how many clusters ask what another one asks. With a file in place
of N it proves that one.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.certify import stated, verify
from causal_eval.questions.file import read_questions, write_jsonl
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.shape import shape_of


def main(n: int, seed: str, jobs: int) -> None:
    """Make *n* questions of *seed* and prove every one from the file, in so many processes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mixed.jsonl"
        began = time.process_time()
        digest = write_jsonl(generate(Plan(n=n, seed=seed)), path)
        made = time.process_time() - began
        print(f"{digest}: {n} questions made in {made:.0f} s of processor time ({n / made:.0f}/s), no disagreement")
        prove(path, jobs)


def prove(path: Path, jobs: int) -> None:
    """Say of the questions in the file what does not verify, and how many clusters ask what another one asks."""
    clusters = (list(one) for _, one in itertools.groupby(read_questions(path), key=lambda question: question.cluster))
    parts = iter(lambda: list(itertools.islice(clusters, 100)), [])
    took, broken = 0.0, list[str]()
    families, shapes = Counter[str](), Counter[str]()
    with ProcessPoolExecutor(jobs) as pool:
        for found in pool.map(proven, parts):
            took += found.seconds
            broken += found.broken
            shapes.update(found.shapes)
            families.update(found.families)
    repeats = shapes.total() - len(shapes)
    print(f"{families.total()} read and proven again in {took:.0f} s: {len(broken)} mismatches, {repeats} repeats")
    print(", ".join(f"{name} {count}" for name, count in sorted(families.items())))
    print("\n".join(broken))


class Proven(NamedTuple):
    """What was found of some clusters."""

    seconds: float
    """Of processor time."""
    broken: list[str]
    """What does not verify."""
    shapes: list[str]
    """One a cluster."""
    families: list[str]
    """One a question."""


def proven(clusters: Sequence[Sequence[Question]]) -> Proven:
    """Verify every question from its prompt."""
    began = time.process_time()
    broken, shapes = list[str](), list[str]()
    for members in clusters:
        told, n = [], 0
        for question in members:
            assert question.certificate is not None, "the private file has proofs"
            n = len(question.certificate.names)
            try:
                verify(question)
                told.append(stated(question, question.certificate))
            except VerificationMismatch as error:
                broken.append(str(error))
        if len(told) == len(members):
            shapes.append(f"{members[0].family} {shape_of(told, n)}")
    families = [question.family for members in clusters for question in members]
    return Proven(time.process_time() - began, broken, shapes, families)


if __name__ == "__main__":
    if sys.argv[1:2] and not sys.argv[1].isdigit():
        prove(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    else:
        given = [*sys.argv[1:], *("20000", "mixed", "1")[len(sys.argv) - 1 :]]
        main(int(given[0]), given[1], int(given[2]))
