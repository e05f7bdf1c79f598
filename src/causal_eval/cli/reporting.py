"""What is shown of stored runs: the table on stdout (or JSON lines) and the HTML report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import chain, combinations, islice
from pathlib import Path
from typing import Any

import causal_eval
from causal_eval.analysis.compare import Comparison, compare
from causal_eval.analysis.numbers import points
from causal_eval.analysis.profile import BASELINE, Profile, profile
from causal_eval.analysis.reports.data import ExampleCard, ReportData
from causal_eval.analysis.reports.examples import example_card
from causal_eval.analysis.reports.html import compile_template, render
from causal_eval.analysis.tables import ScoreRow, score_rows
from causal_eval.cli import output
from causal_eval.cli.display import score_table
from causal_eval.evaluation.chance import chance, shipped
from causal_eval.providers.prices import FREE, Prices, load_list, sold_by_list
from causal_eval.providers.provider import Reply
from causal_eval.scoring.verdict import SCORER, Mark
from causal_eval.service.answering import Call, usual_elicitation
from causal_eval.service.pricing import pricer
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, summarize
from causal_eval.store.observations import observations
from causal_eval.store.rescore import kept_attempts
from causal_eval.store.suites import StoredSet, load_set, set_questions

EXAMPLES = 6
"""Example cards per report."""
LOOKED_AT = 400
"""Stored replies that examples are chosen from."""
LARGEST_GUESSED = 2_000
LARGEST_COMPARED = 20_000
"""Questions; a comparison holds every unit of both sides in memory."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """An answerer with a large share of missing or unparsed answers."""

    answerer: str
    evaluation: str
    share: float


@dataclass(frozen=True, slots=True)
class _Shown:
    """How and with what beside it a table is shown."""

    path: Path | None
    """The report's."""
    prices: str
    json: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What was shown."""

    profile: Profile
    evaluations: tuple[Evaluation, ...]

    def unscored(self, limit: float) -> Iterator[Unscored]:
        """Answerers of whose answers more than *limit* are missing, ungraded or unparsed."""
        for one, evaluation in zip(self.profile.answerers, self.evaluations, strict=True):
            outcomes = one.overall.outcomes
            bad = sum(outcomes.marks[mark] for mark in (Mark.MISSING, Mark.UNGRADED, Mark.UNPARSED))
            share = bad / max(1, sum(outcomes.marks.values()))
            if share > limit:
                yield Unscored(one.answerer, evaluation.id, share)


def prepare(evaluation: Evaluation) -> None:
    """Do ahead of time what :func:`present` needs and no reply changes: the report's template, the table of prices."""
    compile_template()
    if sold_by_list(evaluation.spec.answerer, evaluation.spec.endpoint):
        load_list(evaluation.spec.answerer, datetime.now(UTC))


def present(
    store: Store, evaluations: Sequence[Evaluation], *, report: Path | None, json: bool, prices: Prices | None = None
) -> Result:
    """Show the table of *evaluations* (of one question set); their report goes to the file or folder *report*."""
    prices = prices or Prices()
    question_set = load_set(store, evaluations[0].spec.question_set)
    found = profile(
        chain.from_iterable(observations(store, one, price=pricer(one.spec, prices)) for one in evaluations)
    )
    guessing = _guessing(store, question_set)
    comparisons = _comparisons(store, evaluations)
    rows = score_rows(found, guessing)
    path = None if report is None else _report_path(report, evaluations)
    if path is not None:
        cached = {f"Cached replies of {one.id}": said for one, said in _cached(store, evaluations)}
        page = render(
            ReportData(
                title="Causal evaluation of " + ", ".join(_asked(evaluations)),
                profile=found,
                facts=(*_facts(question_set, evaluations, prices), *cached.items()),
                command=_command(question_set, evaluations),
                chance=guessing,
                comparisons=comparisons,
                examples=tuple(_examples(store, evaluations)),
            )
        )
        _write(page, path)
    _show(rows, comparisons, evaluations=evaluations, shown=_Shown(path, _priced_by(evaluations, prices), json))
    if not json:
        for one, said in _cached(store, evaluations):
            output.say(f"{one.spec.answerer}: {said}")
    return Result(found, tuple(evaluations))


def _write(page: str, path: Path) -> None:
    """The whole page under its name, or nothing."""
    with output.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(page, "utf-8")
        part.replace(path)


def _cached(store: Store, evaluations: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, str]]:
    """What came from the cache, in words, of each run of which something did."""
    for one in evaluations:
        summary = summarize(store, one)
        if summary.cached.count:
            yield one, str(summary.cached)


def _priced_by(evaluations: Sequence[Evaluation], prices: Prices) -> str:
    """Which tables of prices the costs are from; empty where every answerer is free."""
    return "" if all(one.spec.answerer.startswith(FREE) for one in evaluations) else prices.version


def _guessing(store: Store, question_set: StoredSet) -> Mapping[tuple[str, str], Fraction]:
    """What guessing is worth: known for generated questions, found for a user's own unless there are very many."""
    if question_set.generator:
        return shipped()
    return chance(set_questions(store, question_set.digest)) if question_set.count <= LARGEST_GUESSED else {}


def _show(
    rows: Sequence[ScoreRow],
    comparisons: Sequence[Comparison],
    *,
    evaluations: Sequence[Evaluation],
    shown: _Shown,
) -> None:
    if shown.json:
        for one in evaluations:
            scores = [_score(row) for row in rows if row.answerer == one.spec.answerer]
            line = {"evaluation": one.id, "answerer": one.spec.answerer, "scores": scores}
            output.emit({"event": "done", **line, **({"prices": shown.prices} if shown.prices else {})})
        for comparison in comparisons:
            output.emit({"event": "comparison", **_difference(comparison)})
        if shown.path is not None:
            output.emit({"event": "report", "path": str(shown.path)})
        return
    score_table(rows)
    for comparison in comparisons:
        output.say(f"\n{comparison_line(comparison)}")
    output.say("\n" + "\n".join(f"{one.id}  {one.spec.answerer}" for one in evaluations))
    if shown.prices:
        output.say(f"prices {shown.prices}")
    if shown.path is not None:
        output.say(f"report {shown.path}")


def comparison_line(comparison: Comparison) -> str:
    """The paired verdict in one sentence."""
    gap = comparison.difference
    interval = "" if gap.low is None or gap.high is None else f" [{points(gap.low)}, {points(gap.high)}]"
    line = (
        f"{comparison.a} against {comparison.b}: {comparison.finding.value}, "
        f"difference {points(gap.estimate)}{interval} "
        f"(paired, {gap.n} units in {gap.clusters} clusters)"
    )
    if comparison.needed is not None and comparison.finding.value.startswith("cannot"):
        line += f"; about {comparison.needed.units} units would show a gap of this size"
    return line


def _comparisons(store: Store, evaluations: Sequence[Evaluation]) -> tuple[Comparison, ...]:
    """All pairs of models; a single model is compared with each shortcut baseline."""
    models = [one for one in evaluations if not one.spec.answerer.startswith(BASELINE)]
    shortcuts = [one for one in evaluations if one not in models and not one.spec.answerer.endswith("/oracle")]
    pairs = (
        list(combinations(models, 2))
        if len(models) > 1
        else [(model, other) for model in models for other in shortcuts]
    )
    return tuple(
        compare(observations(store, a), observations(store, b))
        for a, b in pairs
        if max(a.planned, b.planned) <= LARGEST_COMPARED
    )


def _examples(store: Store, evaluations: Sequence[Evaluation]) -> Iterator[ExampleCard]:
    """A few judged replies of the first model, each of another family and kind, wrong ones first."""
    models = [one for one in evaluations if not one.spec.answerer.startswith(BASELINE)] or list(evaluations)
    seen: set[tuple[str, str]] = set()
    kept = [one for one in islice(kept_attempts(store, models[0]), LOOKED_AT) if one.verdict is not None]
    for one in sorted(kept, key=lambda one: one.verdict is not None and one.verdict.mark is Mark.CORRECT):
        question = one.attempt.ask.question
        if (question.family, question.kind) in seen or one.verdict is None:
            continue
        seen.add((question.family, question.kind))
        outcome = one.attempt.outcome
        reply = outcome.text if isinstance(outcome, Reply) else ""
        yield example_card(question, answerer=models[0].spec.answerer, reply=reply, verdict=one.verdict)
        if len(seen) == EXAMPLES:
            return


def _report_path(report: Path, evaluations: Sequence[Evaluation]) -> Path:
    if report.suffix == ".html":
        return report.absolute()
    return (report / f"{evaluations[0].id}.html").absolute()


def _asked(evaluations: Sequence[Evaluation]) -> list[str]:
    models = [one.spec.answerer for one in evaluations if not one.spec.answerer.startswith(BASELINE)]
    return models or [one.spec.answerer for one in evaluations]


def _facts(question_set: StoredSet, evaluations: Sequence[Evaluation], prices: Prices) -> tuple[tuple[str, str], ...]:
    first = evaluations[0].spec
    priced_by = _priced_by(evaluations, prices)
    return (
        ("Question set", f"{question_set.hash} ({question_set.name}, {question_set.count} questions)"),
        ("Generator", question_set.generator or "none: a user's own file"),
        ("Seed of the order", first.seed),
        ("Samples per question", str(first.epochs)),
        ("Scorer", SCORER),
        ("Program", f"causal-eval-bench {causal_eval.__version__}"),
        *((("Prices", priced_by),) if priced_by else ()),
        *((f"Run {one.id}", _told(one)) for one in evaluations),
    )


def _told(one: Evaluation) -> str:
    spec = one.spec
    said = [spec.answerer, f"begun {one.created_at:%Y-%m-%d %H:%M} UTC"]
    if spec.elicitation:
        said.append(f"asked by {spec.elicitation}")
    if spec.endpoint:
        said.append(f"at {spec.endpoint}")
    if spec.temperature is not None:
        said.append(f"temperature {spec.temperature:g}")
    said.extend(f"{name} {value}" for name, value in spec.params)
    return ", ".join(said)


def _command(question_set: StoredSet, evaluations: Sequence[Evaluation]) -> str:
    spec = evaluations[0].spec
    if spec.answerer.startswith("demo/"):
        return f"causal-eval demo --n {question_set.count}"
    models = " ".join(f"--model {one.spec.answerer}" for one in evaluations)
    suite, _, _ = question_set.name.partition("/")
    asked = (
        f"--suite {suite}"
        if question_set.generator and "/" in question_set.name
        else f"--questions {question_set.name}"
    )
    limit = "" if spec.limit is None else f" --limit {spec.limit}"
    epochs = "" if spec.epochs == 1 else f" --epochs {spec.epochs}"
    given = "".join(f" -M {shlex.quote(f'{name}={value}')}" for name, value in _params(evaluations))
    return f"causal-eval eval {models} {asked} --seed {spec.seed}{limit}{epochs}{given}{_sampling(evaluations)}"


def _params(evaluations: Sequence[Evaluation]) -> Iterable[tuple[str, str]]:
    """The model arguments of the command: every answerer that takes any has the same."""
    return next((one.spec.params for one in evaluations if one.spec.params), ())


def _sampling(evaluations: Sequence[Evaluation]) -> str:
    """The flags of sampling and asking that are not the defaults; baselines have none."""
    asked = [one.spec for one in evaluations if one.spec.max_tokens is not None]
    if not asked:
        return ""
    spec, usual = asked[0], Call()
    way = spec.elicitation.partition("@")[0]
    given = {
        "temperature": None if spec.temperature is None else f"{spec.temperature:g}",
        "max-tokens": None if spec.max_tokens == usual.max_tokens else str(spec.max_tokens),
        "elicitation": None if way == usual_elicitation(spec.answerer) else way,
    }
    return "".join(f" --{name} {value}" for name, value in given.items() if value is not None)


def _score(row: ScoreRow) -> Mapping[str, Any]:
    return {
        "scope": row.scope.label, "score": row.score, "low": row.low, "high": row.high, "chance": row.chance,
        "against_chance": row.against.value, "strict": row.strict, "units": row.units, "clusters": row.clusters,
        "unparsed": row.unparsed, "abstained": row.abstained, "missing": row.missing, "ungraded": row.ungraded,
        "excluded": row.excluded, "cost": None if row.cost is None else float(row.cost), "time_ms": row.time_ms,
        "cached": row.cached,
    }  # fmt: skip


def _difference(comparison: Comparison) -> Mapping[str, Any]:
    gap, wanted = comparison.difference, comparison.needed
    return {
        "a": comparison.a, "b": comparison.b, "finding": comparison.finding.value, "difference": gap.estimate,
        "low": gap.low, "high": gap.high, "units": gap.n, "clusters": gap.clusters,
        "units_needed": None if wanted is None else wanted.units,
    }  # fmt: skip
