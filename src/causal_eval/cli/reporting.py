"""What is shown of stored runs: the table on stdout (or JSON lines) and the HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.analysis import statements
from causal_eval.analysis.profile import Profile
from causal_eval.analysis.reports.html import compile_template, render
from causal_eval.analysis.reports.lines import difference_line, score_line
from causal_eval.cli import output
from causal_eval.cli.display import score_table
from causal_eval.providers.prices import Prices, load_list, sold_by_list
from causal_eval.scoring.verdict import Mark
from causal_eval.service.reporting import Gathered, cached, gather, report_data
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation


@dataclass(frozen=True, slots=True)
class Unscored:
    """An answerer with a large share of missing or unparsed answers."""

    answerer: str
    evaluation: str
    share: float


@dataclass(frozen=True, slots=True)
class Result:
    """What was shown."""

    profile: Profile
    evaluations: tuple[Evaluation, ...]

    def unscored(self, limit: float, unasked: Mapping[str, int]) -> Iterator[Unscored]:
        """Answerers of whose answers more than *limit* are missing, ungraded or unparsed.

        *unasked*: answers, by evaluation, that nobody asked for and that are therefore not missed.
        """
        for one, evaluation in zip(self.profile.answerers, self.evaluations, strict=True):
            outcomes = one.overall.outcomes
            spared = unasked.get(evaluation.id, 0)
            bad = sum(outcomes.marks[mark] for mark in (Mark.MISSING, Mark.UNGRADED, Mark.UNPARSED)) - spared
            share = bad / max(1, sum(outcomes.marks.values()) - spared)
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
    found = gather(store, evaluations, prices=prices or Prices())
    path = None if report is None else _report_path(report, evaluations)
    if path is not None:
        _write(render(report_data(store, found)), path)
    _show(found, path=path, json=json)
    if not json:
        for one, said in cached(store, evaluations):
            output.say(f"{one.spec.answerer}: {said}")
    return Result(found.profile, found.evaluations)


def _write(page: str, path: Path) -> None:
    """The whole page under its name, or nothing; its folder is made."""
    with output.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    output.save(page, path)


def _show(found: Gathered, *, path: Path | None, json: bool) -> None:
    if json:
        for one in found.evaluations:
            scores = [score_line(row) for row in found.rows if row.answerer == one.spec.answerer]
            line = {"evaluation": one.id, "answerer": one.spec.answerer, "scores": scores}
            output.emit({"event": "done", **line, **({"prices": found.priced_by} if found.priced_by else {})})
        for comparison in found.comparisons:
            output.emit({"event": "comparison", **difference_line(comparison)})
        if path is not None:
            output.emit({"event": "report", "path": str(path)})
        return
    score_table(found.rows)
    for comparison in found.comparisons:
        output.say(f"\n{statements.comparison(comparison)}")
    output.say("\n" + "\n".join(f"{one.id}  {one.spec.answerer}" for one in found.evaluations))
    if found.priced_by:
        output.say(f"prices {found.priced_by}")
    if path is not None:
        output.say(f"report {path}")


def _report_path(report: Path, evaluations: Sequence[Evaluation]) -> Path:
    if report.suffix == ".html":
        return report.absolute()
    return (report / f"{evaluations[0].id}.html").absolute()
