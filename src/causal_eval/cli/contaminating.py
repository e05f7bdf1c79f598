"""``causal-eval reveal``, ``compare-sets`` and ``memorisation``: whether a set was known before it was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli import output

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Run = Annotated[str, typer.Argument(help="An evaluation's id, or an unambiguous beginning of it.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(reveal)
    app.command(name="compare-sets")(compare_sets)
    app.command()(memorisation)


def reveal(
    secret_file: Annotated[Path, typer.Argument(metavar="SECRET_FILE", help="The secret, now no longer one.")],
    commitment: Annotated[Path, typer.Option("--commitment", "-c", help="What was published: NAME.commitment.json.")],
    json: Json = False,
) -> int:
    """Prove that a keyed set follows from its secret and from the plan that was committed to; exit 8 if not."""
    from causal_eval.cli.questions import secret_in
    from causal_eval.questions import commitment as committing

    found = committing.read_commitment(_content(commitment), path=str(commitment))
    set_hash = committing.reveal(found, secret_in(secret_file))
    if json:
        output.emit({"commitment": found.commitment, "set": set_hash, "n": found.plan.n, "revealed": True})
    else:
        output.say(f"commitment {found.commitment} is met: {found.plan.n} questions, set {set_hash}")
    return 0


def compare_sets(
    one: Annotated[Path, typer.Argument(help="A question file with certificates.")],
    other: Annotated[Path, typer.Argument(help="Another, that shares no question with it.")],
    seed: Annotated[str, typer.Option(help="Decides the permutations.")] = "0",
    json: Json = False,
) -> int:
    """Test whether two sets are of one distribution, by permutation; exit 1 if they are shown not to be."""
    from causal_eval.analysis.alike import alike
    from causal_eval.questions.file import read_questions

    found = alike(read_questions(one), read_questions(other), seed=seed)
    if json:
        features = {feature.feature: feature.p for feature in found.features}
        output.emit({"clusters": found.clusters, "features": features, "p": found.p, "differ": found.differ})
        return int(found.differ)
    for feature in found.features:
        output.say(f"{feature.feature:12}  p {feature.p:.3f}")
    verdict = "they differ" if found.differ else "no difference is shown"
    output.say(f"all together  p {found.p:.3f}: {verdict} ({found.clusters[0]} and {found.clusters[1]} clusters)")
    return int(found.differ)


def memorisation(published: Run, fresh: Run, json: Json = False) -> int:
    """Compare a model's score on published questions with that on fresh ones: the memorisation gap, clustered."""
    from dataclasses import asdict

    from causal_eval.cli.opening import opened
    from causal_eval.service.contamination import gap_between
    from causal_eval.store.evaluations import find_evaluation

    with opened() as store:
        old, new = (find_evaluation(store, beginning) for beginning in (published, fresh))
        found = gap_between(store, old, new).gap
    if json:
        output.emit({"answerer": old.spec.answerer, **asdict(found), "finding": found.said})
        return 0
    for name, run, score in (("published", old, found.published), ("fresh", new, found.fresh)):
        said = _shown(score.estimate, score.low, score.high)
        output.say(f"{name:9}  {said}  {score.n} units in {score.clusters} clusters  {run.id}")
    output.say(f"gap        {_shown(found.estimate, found.low, found.high)}  {old.spec.answerer}: {found.said}")
    return 0


def _shown(estimate: float | None, low: float | None, high: float | None) -> str:
    """In points of a hundred."""
    ends = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return ("none" if estimate is None else f"{100 * estimate:.1f}") + ends


def _content(path: Path) -> bytes:
    from causal_eval.errors import MalformedFile

    try:
        return path.read_bytes()
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror})") from error
