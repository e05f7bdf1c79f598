"""What is told of stored evaluations: scores, comparisons and the data of a report, gathered for whoever shows them."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations, islice

import causal_eval
from causal_eval.analysis.calibration.calibrate import Calibration
from causal_eval.analysis.compare import Comparison, compare
from causal_eval.analysis.diagnosis.diagnose import Diagnosis, diagnose_seen
from causal_eval.analysis.numbers import count
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import BASELINE, Profile, profile
from causal_eval.analysis.profiling.portrait import CausalProfile, Rows, causal_profile
from causal_eval.analysis.reports.data import ExampleCard, ReportData
from causal_eval.analysis.reports.examples import example_card
from causal_eval.analysis.scores import TRAITS, Table, score_tables
from causal_eval.analysis.tables import ScoreRow, score_rows
from causal_eval.analysis.twins.metrics import Metric, twin_metrics
from causal_eval.analysis.twins.seen import Seen
from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.baselines.learn import Learn
from causal_eval.evaluation.chance import chance, shipped
from causal_eval.evaluation.elicit import Confidence
from causal_eval.providers.prices import FREE, Prices
from causal_eval.providers.provider import Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import SCORER, Mark
from causal_eval.service.answering import Call, usual_elicitation
from causal_eval.service.calibrating import calibration_of
from causal_eval.service.pricing import pricer
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, summarize
from causal_eval.store.observations import answers_seen, observations
from causal_eval.store.rescore import kept_attempts
from causal_eval.store.suites import StoredSet, load_set, set_questions

EXAMPLES = 6
"""Example cards per report."""
LOOKED_AT = 400
"""Stored replies that examples are chosen from."""
LARGEST_GUESSED = 2_000
MOST_PROFILED = 50_000
"""Answers of a run that a report's diagnosis and profile rest on: all that a report with every question can have."""
MOST_HELD = 2_000
"""Answers whose questions are held while a profile is made: of more, they are read three times."""
LARGEST_COMPARED = 20_000
"""Questions; a comparison holds every unit of both sides in memory."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is told of evaluations of one question set."""

    question_set: StoredSet
    evaluations: tuple[Evaluation, ...]
    profile: Profile
    rows: tuple[ScoreRow, ...]
    comparisons: tuple[Comparison, ...]
    chance: Mapping[tuple[str, str], Fraction]
    """(family, kind) -> what guessing is worth; empty: not known."""
    priced_by: str
    """Which tables of prices the costs are from; empty where every answerer is free."""


def gather(store: Store, evaluations: Sequence[Evaluation], *, prices: Prices) -> Gathered:
    """Scores and comparisons of *evaluations* (of one question set), from their rows as they are now."""
    question_set = load_set(store, evaluations[0].spec.question_set)
    found = profile(
        chain.from_iterable(observations(store, one, price=pricer(one.spec, prices)) for one in evaluations)
    )
    guessing = _guessing(store, question_set)
    return Gathered(
        question_set, tuple(evaluations), found, tuple(score_rows(found, guessing)), _comparisons(store, evaluations),
        guessing, _priced_by(evaluations, prices),
    )  # fmt: skip


def scores_by(store: Store, evaluation: Evaluation, *, by: str) -> Table:
    """Every interval of its scores, by a trait of the questions.

    Raises:
        UnknownName: there is no such trait.
    """
    if by not in TRAITS:
        raise UnknownName("trait", by, TRAITS)
    guessing = _guessing(store, load_set(store, evaluation.spec.question_set))
    return score_tables(observations(store, evaluation), by=by, chance=guessing)[evaluation.spec.answerer]


def twins_told(store: Store, evaluation: Evaluation) -> tuple[Metric, ...]:
    """What its answers to linked questions tell: every metric, those without an answer too."""
    return twin_metrics(answers_seen(store, evaluation))[evaluation.spec.answerer]


def diagnosed(store: Store, evaluation: Evaluation) -> Diagnosis:
    """Which mistakes its wrong answers are."""
    return diagnose_seen(answers_seen(store, evaluation))[evaluation.spec.answerer]


def profiled(
    store: Store, evaluation: Evaluation, *, published: Evaluation | None = None, learn: Learn | None = None
) -> CausalProfile:
    """What its answerer can do, and what follows, from all its answers.

    Args:
        store: where its answers are.
        evaluation: whose.
        published: its answerer's run on questions that were published before.
        learn: what shortcuts know; None: only those that need to know nothing.

    Raises:
        UsageError: *published* is another answerer's, or asked the same set.
    """
    if published is not None:
        check_fresh(published, than=evaluation)
    old = None if published is None else observations(store, published)
    rows = functools.partial(answers_seen, store, evaluation)
    if _answers(evaluation) <= MOST_HELD:
        return causal_profile(evaluation.spec.answerer, _held(rows), published=old, learn=learn)
    alone = functools.partial(observations, store, evaluation)
    return causal_profile(evaluation.spec.answerer, rows, published=old, learn=learn, observed=alone)


def _portrait(store: Store, evaluation: Evaluation, *, known: Mapping[str, Question]) -> CausalProfile:
    """Of a report: :func:`profiled` from the first :data:`MOST_PROFILED` answers; *known* questions are not read."""

    def rows() -> Iterator[Seen]:
        return islice(answers_seen(store, evaluation, known=known), MOST_PROFILED)

    def alone() -> Iterator[Observation]:
        return islice(observations(store, evaluation), MOST_PROFILED)

    if known or _answers(evaluation) <= MOST_HELD:
        return causal_profile(evaluation.spec.answerer, _held(rows))
    return causal_profile(evaluation.spec.answerer, rows, observed=alone)


def _held(rows: Rows) -> Rows:
    """The same rows, read once."""
    return functools.partial(iter, list(rows()))


def check_fresh(published: Evaluation, *, than: Evaluation) -> None:
    """Refuse two evaluations that tell no gap between *published* questions and fresher ones *than* these.

    Raises:
        UsageError: they are of two answerers, or asked the same set.
    """
    if published.spec.answerer != than.spec.answerer:
        raise UsageError(f"published: {published.id} is of {published.spec.answerer}, not {than.spec.answerer}")
    if published.spec.question_set == than.spec.question_set:
        raise UsageError(f"published: {published.id} asked the same set as {than.id}: ask fresh questions")


def report_data(
    store: Store, found: Gathered, *, examples: int = EXAMPLES, known: Mapping[str, Question] | None = None
) -> ReportData:
    """Everything that a report says of what was gathered: facts, the command that repeats it, examples.

    *known*: questions by id that have been read already.
    """
    evaluations = found.evaluations
    told = {f"Cached replies of {one.id}": said for one, said in cached(store, evaluations)}
    models = [one for one in evaluations if not one.spec.answerer.startswith(BASELINE)]
    told |= {f"Diagnosis and profile of {one.id}": _part(one) for one in models if _answers(one) > MOST_PROFILED}
    return ReportData(
        title="Causal evaluation of " + ", ".join(_asked(evaluations)),
        profile=found.profile,
        facts=(*_facts(found), *told.items()),
        command=_command(found.question_set, evaluations),
        chance=found.chance,
        comparisons=found.comparisons,
        examples=tuple(islice(_examples(store, evaluations), examples)),
        portraits=tuple(_portrait(store, one, known=known or {}) for one in models),
        calibrations=tuple(one for one in _calibrations(store, models) if one.counts.stated),
    )


def _calibrations(store: Store, evaluations: Iterable[Evaluation]) -> Iterator[Calibration]:
    """Of those that were asked how sure they are."""
    return (calibration_of(store, one) for one in evaluations if one.spec.elicitation == Confidence().label)


def _answers(evaluation: Evaluation) -> int:
    return evaluation.planned * evaluation.spec.epochs


def _part(evaluation: Evaluation) -> str:
    return (
        f"from the first {count(MOST_PROFILED)} of {count(_answers(evaluation))} answers, whose clusters come in "
        f"random order; causal-eval profile {evaluation.id} takes all"
    )


def cached(store: Store, evaluations: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, str]]:
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


def _asked(evaluations: Sequence[Evaluation]) -> list[str]:
    models = [one.spec.answerer for one in evaluations if not one.spec.answerer.startswith(BASELINE)]
    return models or [one.spec.answerer for one in evaluations]


def _facts(found: Gathered) -> tuple[tuple[str, str], ...]:
    first, question_set = found.evaluations[0].spec, found.question_set
    return (
        ("Question set", f"{question_set.hash} ({question_set.name}, {question_set.count} questions)"),
        ("Generator", question_set.generator or "none: a user's own file"),
        ("Seed of the order", first.seed),
        ("Samples per question", str(first.epochs)),
        ("Scorer", SCORER),
        ("Program", f"causal-eval-bench {causal_eval.__version__}"),
        *((("Prices", found.priced_by),) if found.priced_by else ()),
        *((f"Run {one.id}", _told(one)) for one in found.evaluations),
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
        sure = " --confidence" if spec.elicitation == Confidence().label else ""
        return f"causal-eval demo --n {question_set.count}{sure}"
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
