"""``causal-eval suite``: named selections of questions, and what a set of questions is worth."""

from __future__ import annotations

from pathlib import Path

from causal_eval.analysis.suites.checked import as_json, check_set
from causal_eval.analysis.suites.page import decimal, share
from causal_eval.analysis.suites.validate import FamilyCheck
from causal_eval.cli import output
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.file import read_questions
from causal_eval.questions.generate import generate
from causal_eval.questions.story import own
from causal_eval.questions.suite import NAMED, suite


def listed(*, json: bool) -> int:
    """A line for each named suite."""
    for one in NAMED.values():
        label = f"{one.name}@{one.version}"
        if json:
            output.emit({"name": one.name, "version": one.version, "n": one.n, "about": one.about})
        else:
            output.say(f"{label:14}  {one.n:5} questions  {one.about}")
    return 0


def checked(file: Path, *, html: Path | None, json: bool, words: list[Path] | None = None) -> int:
    """Validate the set of *file*, told in shipped words or those of *words*; exit 8 where it is not sound.

    Raises:
        MalformedFile: the file cannot be read.
    """
    found = check_set(read_questions(file), own=[own(path) for path in words or ()])
    for one in found.checks:
        if json:
            output.emit(as_json(one))
        else:
            _say(one)
    bad, n = found.unsound, len(found.questions)
    if html is not None:
        output.save(found.page(f"What {file.name} is worth"), html)
    if json:
        output.emit({"set": found.digest, "questions": n, "sound": not bad, "unsound": bad})
    else:
        output.say(f"{'not sound: ' + ', '.join(bad) if bad else 'sound'}: {n} questions, set {found.digest}")
    return VerificationMismatch.exit_code if bad else 0


def carded(source: str, *, seed: str, out: Path | None, words: list[Path] | None = None) -> int:
    """Write the data card of a file (told in shipped words or those of *words*), or of the named suite with *seed*.

    Raises:
        UnknownName, MalformedFile: neither a suite nor a file that can be read.
    """
    if Path(source).suffix in (".jsonl", ".parquet"):
        found, name = (
            check_set(read_questions(Path(source)), own=[own(path) for path in words or ()]),
            Path(source).name,
        )
    else:
        found = check_set(generate(suite(source, seed)))
        name = f"{source}@{NAMED[source].version}, seed {seed}"
    text = found.card(name)
    if out is None:
        output.say(text.rstrip("\n"))
    else:
        output.save(text, out)
    return 0


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
