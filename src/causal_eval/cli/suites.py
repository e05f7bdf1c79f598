"""``causal-eval suite``: named selections of questions, and what a set of questions is worth."""

from __future__ import annotations

from pathlib import Path

import causal_eval
from causal_eval.analysis.suites.card import Origin, card
from causal_eval.analysis.suites.page import decimal, page, share
from causal_eval.analysis.suites.validate import FamilyCheck, validate
from causal_eval.cli import output
from causal_eval.errors import VerificationMismatch
from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.questions.catalog import title_of
from causal_eval.questions.file import SetHash, read_questions
from causal_eval.questions.generate import generate
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.questions.suite import NAMED, suite, training

TRAINED_ON = 60
"""Questions a family from which shortcuts learn; whole twin groups of any size add up to it."""


def listed(*, json: bool) -> int:
    """A line for each named suite."""
    for one in NAMED.values():
        label = f"{one.name}@{one.version}"
        if json:
            output.emit({"name": one.name, "version": one.version, "n": one.n, "about": one.about})
        else:
            output.say(f"{label:14}  {one.n:5} questions  {one.about}")
    return 0


def checked(file: Path, *, html: Path | None, json: bool) -> int:
    """Validate the set of *file*; exit 8 where it is not sound.

    Raises:
        MalformedFile: the file cannot be read.
    """
    questions, digest = _read(file)
    checks = _checks(questions)
    for one in checks:
        if json:
            output.emit(_told(one))
        else:
            _say(one)
    bad = [one.family for one in checks if not one.sound]
    if html is not None:
        output.save(page(checks, questions, digest=digest, title=f"What {file.name} is worth"), html)
    if json:
        output.emit({"set": digest, "questions": len(questions), "sound": not bad, "unsound": bad})
    else:
        output.say(f"{'not sound: ' + ', '.join(bad) if bad else 'sound'}: {len(questions)} questions, set {digest}")
    return VerificationMismatch.exit_code if bad else 0


def carded(source: str, *, seed: str, out: Path | None) -> int:
    """Write the data card of a file, or of the named suite with *seed*.

    Raises:
        UnknownName, MalformedFile: neither a suite nor a file that can be read.
    """
    if Path(source).suffix in (".jsonl", ".parquet"):
        questions, digest = _read(Path(source))
        name = Path(source).name
    else:
        questions = list(generate(suite(source, seed)))
        digest, name = _digest(questions), f"{source}@{NAMED[source].version}, seed {seed}"
    text = card(Origin(name, digest, causal_eval.__version__, GENERATOR), _checks(questions), questions)
    if out is None:
        output.say(text.rstrip("\n"))
    else:
        output.save(text, out)
    return 0


def _read(file: Path) -> tuple[list[Question], str]:
    questions = list(read_questions(file))
    return questions, _digest(questions)


def _digest(questions: list[Question]) -> str:
    digest = SetHash()
    for question in questions:
        digest.add(question)
    return digest.hexdigest()


def _checks(questions: list[Question]) -> tuple[FamilyCheck, ...]:
    return validate(questions, _learnt(tuple(sorted({question.family for question in questions}))))


def _learnt(families: tuple[str, ...]) -> Fitted:
    """What shortcuts learn of these families, from seeds that no set uses; of a user's own questions nothing."""
    known = tuple(name for name in families if title_of(name) is not None)
    return fit(generate(training(TRAINED_ON * len(known), families=known))) if known else NOTHING


def _say(one: FamilyCheck) -> None:
    best = one.best
    output.say(
        f"{one.family:18} {one.questions:5} questions {one.clusters:5} clusters  "
        f"{len(one.mismatches)} unproven  {len(one.repeats)} repeats  nearest {decimal(one.nearest):>6}  "
        f"chance {share(one.chance):>6}  best shortcut {best.name} {share(best.score.estimate)} "
        f"(to {share(best.score.high)})  {one.words:.0f} words, grade {one.grade}"
        f"{'' if one.sound else '  NOT SOUND'}"
    )
    for line in one.mismatches[:3]:
        output.note(line)
    for first, second in one.repeats[:3]:
        output.note(f"{second} asks what {first} asks, in other words")


def _told(one: FamilyCheck) -> dict[str, object]:
    return {
        "family": one.family, "questions": one.questions, "units": one.units, "clusters": one.clusters,
        "levels": {str(level): count for level, count in one.levels.items()}, "mismatches": list(one.mismatches),
        "repeats": [list(pair) for pair in one.repeats], "nearest": None if one.nearest is None else str(one.nearest),
        "commonest": str(one.commonest), "chance": float(one.chance), "sound": one.sound, "words": one.words,
        "grade": one.grade,
        "shortcuts": [
            {"name": blind.name, "score": blind.score.estimate, "low": blind.score.low, "high": blind.score.high,
             "limit": blind.limit, "pays": blind.pays}
            for blind in one.shortcuts
        ],
    }  # fmt: skip
