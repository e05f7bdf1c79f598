"""Questions of all families, made, written to a file, read again and proven: python -m benchmarks.mixed [N] [SEED].

A disagreement of the solvers stops the making. Says how many of the file do not verify from their prompts alone (facts,
sufficiency, both solvers, steps, mistakes, id), and how many clusters ask what another one asks.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.certify import stated, verify
from causal_eval.questions.file import read_questions, write_jsonl
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.shape import shape_of


def main(n: int, seed: str) -> None:
    """Make *n* questions of *seed* and prove every one from the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mixed.jsonl"
        began = time.process_time()
        digest = write_jsonl(generate(Plan(n=n, seed=seed)), path)
        made = time.process_time() - began
        print(f"{digest}: {n} questions made in {made:.0f} s of processor time ({n / made:.0f}/s), no disagreement")
        began = time.process_time()
        broken, repeated, families = proven(path)
        took = time.process_time() - began
    print(f"{families.total()} read and proven again in {took:.0f} s: {len(broken)} mismatches, {repeated} repeats")
    print(", ".join(f"{name} {count}" for name, count in sorted(families.items())))
    print("\n".join(broken))


def proven(path: Path) -> tuple[list[str], int, Counter[str]]:
    """What does not verify, clusters that ask the same as an earlier one, and the questions of each family."""
    broken: list[str] = []
    families: Counter[str] = Counter()
    shapes: Counter[str] = Counter()
    for _, cluster in itertools.groupby(read_questions(path), key=lambda question: question.cluster):
        members = list(cluster)
        families.update(question.family for question in members)
        told = []
        for question in members:
            assert question.certificate is not None, "the private file has proofs"
            try:
                verify(question)
                told.append(stated(question, question.certificate))
            except VerificationMismatch as error:
                broken.append(str(error))
        if len(told) == len(members):
            n = len(members[0].certificate.names) if members[0].certificate else 0
            shapes[f"{members[0].family} {shape_of(told, n)}"] += 1
    return broken, shapes.total() - len(shapes), families


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, sys.argv[2] if len(sys.argv) > 2 else "mixed")
