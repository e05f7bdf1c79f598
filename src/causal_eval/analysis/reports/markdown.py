"""The report as GitHub-flavoured Markdown: what a pull request, a wiki or a notebook shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from causal_eval.analysis import statements
from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.diagnosis.diagnose import Diagnosis
from causal_eval.analysis.marks import escaped, fenced, table
from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level, money, p_value, percent, points
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.beside import NOTE, Named, beside_blocks
from causal_eval.analysis.reports.data import QuestionCard, ReportData
from causal_eval.analysis.reports.diagnosing import HEAD, RULE, cause_rows, sentences
from causal_eval.analysis.reports.profiling import Block, advice_lines, blocks
from causal_eval.analysis.reports.sections import Section, why_sections
from causal_eval.analysis.reports.ticket import Ticket
from causal_eval.analysis.reports.view import View
from causal_eval.scoring.verdict import Mark

_HEAD = ("part", "score", "interval", "strict", "chance", "against chance", "units", "clusters", "without score")


def markdown(data: ReportData) -> str:
    """The report; equal data give equal text. Foreign text cannot become a mark, a link or HTML."""
    parts = [f"# {escaped(data.title)}", *_verdict(data), *_run(data), *_scores(data), *_outcomes(data)]
    for comparison in data.comparisons:
        parts += comparison_parts(comparison)
    for section in why_sections(data):
        parts += _section(section)
    if data.questions:
        parts.append("## Questions")
        parts += [part for card in data.questions for part in _question(card)]
    parts.append(f"{escaped(data.canary)}")
    return "\n\n".join(parts) + "\n"


def comparison_parts(found: Comparison) -> Iterator[str]:
    """The paired comparison of two runs, its difference by part."""
    yield f"## {escaped(found.a)} against {escaped(found.b)}"
    yield f"{escaped(statements.comparison(found))}."
    rows = [("overall", found.difference, p_value(found.evidence.sign_flip.p), found.finding.value)]
    rows += [
        (one.scope.label, one.difference, f"{p_value(one.holm)} (Holm)", one.finding.value) for one in found.scopes
    ]
    yield table(
        ("part", "difference", "interval", "p", "finding", "units", "clusters"),
        (
            (escaped(scope), points(gap.estimate), ends(gap), p, finding, count(gap.n), count(gap.clusters))
            for scope, gap, p, finding in rows
        ),
    )


def diagnosis_parts(found: Diagnosis) -> Iterator[str]:
    """The statements and the table of causes."""
    yield "\n".join(f"- {escaped(sentence)}" for sentence in sentences(found))
    if found.misses:
        yield table(HEAD, (tuple(map(escaped, row)) for row in cause_rows(found)))
        yield escaped(RULE)


def profile_parts(found: CausalProfile) -> Iterator[str]:
    """The tables and what follows from them; the diagnosis is a part of its own."""
    yield from _tables(blocks(found))
    yield "\n".join(f"- {escaped(line)}" for line in advice_lines(found))


def _section(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    yield "\n".join(f"- {escaped(line)}" for line in section.said)
    yield from _tables(section.tables)
    if section.note:
        yield escaped(section.note)


def _tables(found: Iterable[Block]) -> Iterator[str]:
    for title, head, rows in found:
        yield f"**{escaped(title)}**"
        yield table(tuple(map(escaped, head)), (tuple(map(escaped, row)) for row in rows))


def beside_parts(found: Named) -> Iterator[str]:
    """Several profiles side by side, then what follows for each."""
    yield f"{escaped(NOTE)}."
    yield from _tables(beside_blocks(found))
    for name, one in found.items():
        yield f"**{escaped(name)}**"
        yield "\n".join(f"- {escaped(line)}" for line in advice_lines(one))


def _verdict(data: ReportData) -> Iterator[str]:
    view = View(data)
    said = [statements.headline(one, data.chance) for one in view.subjects]
    said += [words for one in view.subjects for words in statements.warnings(one)]
    yield "\n".join(f"- {escaped(words)}." for words in said)


def _run(data: ReportData) -> Iterator[str]:
    yield "## This run"
    yield table(("what", "value"), ((escaped(label), escaped(value)) for label, value in data.facts))
    if data.command:
        yield fenced(data.command, "sh")
    if data.tickets:
        yield "Each result has a hash and the command that computes it again:"
        yield table(
            ("answerer", "question set", "result", "command"),
            ((escaped(one.answerer), one.question_set, one.hash, f"`{one.command}`") for one in data.tickets),
        )


def _scores(data: ReportData) -> Iterator[str]:
    view = View(data)
    yield "## Scores"
    yield f"Per cent of questions answered right; intervals of {level(data.profile.level)}, clustered by causal model."
    for one in data.profile.answerers:
        yield f"### {escaped(one.answerer)}{_ticket(data.tickets, one.answerer)}"
        rows = []
        for standing in (one.overall, *one.rungs, *one.families):
            reading = view.reading(one, standing)
            rows.append(
                (
                    escaped(standing.scope.label), hundredths(standing.score.estimate), ends(standing.score),
                    hundredths(standing.strict.estimate), hundredths(reading.chance), reading.against.value,
                    count(standing.score.n), count(standing.score.clusters), count(standing.excluded),
                )
            )  # fmt: skip
        yield table(_HEAD, rows)


def _ticket(tickets: Iterable[Ticket], answerer: str) -> str:
    found = next((one.hash for one in tickets if one.answerer == answerer), "")
    return f" ({found})" if found else ""


def _outcomes(data: ReportData) -> Iterator[str]:
    marks = View(data).marks
    yield "## Outcomes and cost"
    yield table(
        ("answerer", "asked", *(mark.value for mark in marks), "unparsed all wrong", "unparsed all right", "cost"),
        (
            (
                escaped(one.answerer), count(one.overall.outcomes.asked),
                *(count(one.overall.outcomes.marks[mark]) for mark in marks), percent(one.overall.bounds.low),
                percent(one.overall.bounds.high),
                escaped(money(None if one.overall.outcomes.cost.unknown else one.overall.outcomes.cost.known)),
            )
            for one in data.profile.answerers
        ),
    )  # fmt: skip


def _question(card: QuestionCard) -> Iterator[str]:
    yield f"### {escaped(card.question)}: {escaped(card.family)}/{escaped(card.kind)}, rung {card.rung}"
    yield fenced(card.prompt)
    for given in card.given:
        yield f"**{escaped(given.answerer)}**: {given.mark.value}, read as {escaped(given.parsed) or 'nothing'}"
        if given.mark is not Mark.MISSING:
            yield fenced(given.reply)
    yield f"Right answer: {escaped(card.gold) or 'kept apart'}"
    if card.steps:
        yield "\n".join(f"1. {escaped(_step(one.text, one.expression, one.value))}" for one in card.steps)


def _step(text: str, expression: str, value: str) -> str:
    return " = ".join(part for part in (text, expression, value) if part) or NONE
