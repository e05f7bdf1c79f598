"""What a report shows, made of what it is about: which answerers are subjects, figures, and readings of scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from causal_eval.analysis.chance import Against, against_chance, chance_of
from causal_eval.analysis.charts import outcomes
from causal_eval.analysis.charts.forest import NARROW, WIDE, ForestGroup, ForestRow, forest
from causal_eval.analysis.charts.outcomes import LOOKS, outcome_bar, swatch
from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profile import BASELINE, AnswererProfile, Scope, Standing
from causal_eval.analysis.reports.data import ReportData
from causal_eval.scoring.verdict import Mark

ORACLE = f"{BASELINE}oracle"


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture in two layouts; the page shows the one that fits."""

    wide: Markup
    narrow: Markup


@dataclass(frozen=True, slots=True)
class Reading:
    """A standing with what it is compared to."""

    standing: Standing
    chance: float | None
    against: Against


@dataclass(frozen=True, slots=True)
class View:
    """The page's figures and choices."""

    data: ReportData

    @property
    def subjects(self) -> tuple[AnswererProfile, ...]:
        """The models; where only baselines ran, those."""
        models = tuple(one for one in self.data.profile.answerers if not one.is_baseline)
        return models or self.data.profile.answerers

    @property
    def baselines(self) -> tuple[AnswererProfile, ...]:
        """Baselines that stand beside the models."""
        return tuple(one for one in self.data.profile.answerers if one not in self.subjects)

    @property
    def families(self) -> tuple[Scope, ...]:
        """Every family that somebody met, in order of first appearance."""
        found = (standing.scope for one in self.data.profile.answerers for standing in one.families)
        return tuple(dict.fromkeys(found))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Outcomes in the order of the bars."""
        return tuple(LOOKS)

    def reading(self, answerer: AnswererProfile, standing: Standing) -> Reading:
        """The standing against chance."""
        chance = chance_of(answerer, standing.scope, chance=self.data.chance)
        return Reading(standing, chance, against_chance(standing.score, chance))

    def at(self, answerer: AnswererProfile, scope: Scope) -> Standing | None:
        """The answerer's standing in that scope, None where it was asked nothing there."""
        return next((standing for standing in answerer.standings if standing.scope == scope), None)

    def scores(self, *, families: bool = True) -> Figure:
        """Models by scope, with chance and the strongest shortcut beside them; without *families*: a short one."""
        wanted = dict.fromkeys(
            standing.scope
            for one in self.subjects
            for standing in (one.overall, *one.rungs, *(one.families if families else ()))
        )
        groups = [ForestGroup(_title(scope), self._rows(scope)) for scope in wanted]
        return _figure("scores", "Scores with 95 % intervals, by rung and family", groups=groups)

    def differences(self, result: Comparison, place: int, *, families: bool = True) -> Figure:
        """The paired differences of one comparison."""
        rows = [ForestRow("Overall", result.difference)]
        wanted = (part for part in result.scopes if families or part.scope.family is None)
        rows += [ForestRow(_title(part.scope), part.difference) for part in wanted]
        title = f"{one_line(result.a)} minus {one_line(result.b)}, paired"
        return _figure(f"difference-{place}", title, groups=[ForestGroup("", tuple(rows))], difference=True)

    def bar(self, answerer: AnswererProfile, place: int) -> Figure:
        """The outcomes of one answerer."""
        title, marks = f"Outcomes of {one_line(answerer.answerer)}", answerer.overall.outcomes.marks
        return Figure(
            _markup(outcome_bar(f"outcomes-{place}-wide", title, marks=marks, width=outcomes.WIDE)),
            _markup(outcome_bar(f"outcomes-{place}-narrow", title, marks=marks, width=outcomes.NARROW)),
        )

    def swatch(self, mark: Mark) -> Markup:
        """The look of an outcome."""
        return _markup(swatch(f"key-{mark.value}", mark))

    def _rows(self, scope: Scope) -> tuple[ForestRow, ...]:
        found = [(one, self.at(one, scope)) for one in self.subjects]
        rows = [
            ForestRow(one.answerer, standing.score, chance_of(one, scope, chance=self.data.chance))
            for one, standing in found
            if standing
        ]
        best = self._strongest(scope)
        if best is not None:
            rows.append(best)
        return tuple(rows)

    def _strongest(self, scope: Scope) -> ForestRow | None:
        """The shortcut baseline with the highest score in *scope*."""
        found = [(one, self.at(one, scope)) for one in self.baselines if one.answerer != ORACLE]
        scored = [
            (standing.score.estimate, ForestRow(one.answerer, standing.score, hollow=True))
            for one, standing in found
            if standing and standing.score.estimate is not None
        ]
        return max(scored, key=lambda pair: pair[0])[1] if scored else None


def _title(scope: Scope) -> str:
    return scope.label.capitalize() if scope.family is None else f"Family {scope.label}"


def _figure(name: str, title: str, *, groups: Sequence[ForestGroup], difference: bool = False) -> Figure:
    drawn = [
        _markup(forest(f"{name}-{size}", title, groups=groups, layout=layout, difference=difference))
        for size, layout in (("wide", WIDE), ("narrow", NARROW))
    ]
    return Figure(drawn[0], drawn[1])


def _markup(svg: str) -> Markup:
    """Drawn by us, every foreign name in it escaped by ``charts/svg.py``."""
    return Markup(svg)  # noqa: S704 - charts escape what they are given; tests feed them hostile names
