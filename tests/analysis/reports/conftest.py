"""A run with fixed, made-up answers, as a report shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from causal_eval.analysis.compare import compare
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import profile
from causal_eval.analysis.reports.data import (
    ExampleCard,
    ExampleMistake,
    ExampleStep,
    ExampleSymbol,
    Given,
    QuestionCard,
    ReportData,
)
from causal_eval.analysis.reports.ticket import Ticket, claims_of
from causal_eval.analysis.tables import score_rows
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class _Kind:
    family: str
    name: str
    rung: int
    chance: Fraction
    joint: bool = False


KINDS = (
    _Kind("attribution", "labels", 1, Fraction(1, 50)),
    _Kind("effect", "seeing", 1, Fraction(1, 40)),
    _Kind("effect", "ate", 2, Fraction(1, 40)),
    _Kind("effect", "direction", 2, Fraction(1, 16), joint=True),
    _Kind("chain", "value", 2, Fraction(1, 20)),
    _Kind("confounding", "set", 2, Fraction(1, 25)),
    _Kind("counterfactual", "unit", 3, Fraction(1, 30)),
)
SKILLS = {
    "local/gemma-3-270m": 3,
    "openai-api/lab/a-rather-long-name-70b-instruct": 41,
    "baseline/association": 8,
    "baseline/majority": 4,
    "baseline/random": 2,
    "baseline/oracle": 100,
}


def _mark(stream: Stream, answerer: str, skill: int) -> Mark:
    draw = stream.below(100)
    if draw < skill:
        return Mark.CORRECT
    if answerer.startswith("baseline/"):
        return Mark.WRONG
    table = [Mark.PARTIAL] * 6 + [Mark.UNPARSED] * 3 + [Mark.ABSTAINED] * 2 + [Mark.MISSING, Mark.UNGRADED]
    return table[draw] if draw < len(table) else Mark.WRONG


def _rows(answerer: str) -> Iterator[Observation]:
    stream = Stream("report", answerer)
    baseline = answerer.startswith("baseline/")
    for cluster in range(42):
        kind = KINDS[cluster % len(KINDS)]
        for member in range(2):
            mark = _mark(stream, answerer, SKILLS[answerer])
            yield Observation(
                answerer=answerer,
                question=f"q-{cluster:04d}{member}",
                sample=0,
                family=kind.family,
                kind=kind.name,
                rung=kind.rung,
                domain="medicine",
                regime="real",
                difficulty=1 + cluster % 5,
                cluster=f"c-{cluster:04d}",
                twin=f"t-{cluster:04d}",
                joint=kind.joint,
                exempt=("association",) if kind.name == "seeing" else (),
                mark=mark,
                strict=Mark.UNPARSED if mark is Mark.CORRECT and member == 1 and not baseline else mark,
                share=Fraction({Mark.CORRECT: 4, Mark.PARTIAL: 3}.get(mark, 0), 4),
                reason="bad_format" if mark is Mark.UNPARSED else "",
                input_tokens=None if baseline else 400 + stream.below(80),
                output_tokens=None if baseline else 20 + stream.below(90),
                latency_ms=float(stream.below(4)) / 100 if baseline else 300.0 + stream.below(2500),
                cost=Fraction(0) if not answerer.startswith("openai") else Fraction(stream.below(900), 1_000_000),
            )


CARDS = (
    ExampleCard(
        answerer="local/gemma-3-270m",
        question="q-0123456789abcdef",
        family="effect",
        kind="ate",
        rung=2,
        domain="medicine",
        regime="real",
        difficulty=2,
        prompt=(
            "In a hospital, age group affects whether a patient takes the drug and whether the patient recovers. The "
            "drug affects recovery.\n\nHalf of the patients are old. Of the old, 1/5 take the drug; of the young, 4/5."
            "\nRecovery: old without drug 1/10, old with drug 3/10, young without drug 6/10, young with drug 8/10.\n\n"
            "By how much does taking the drug change the probability of recovery on average?\n\n"
            "End with one line: ANSWER: <number>"
        ),
        reply="Among those who take the drug 70 % recover, among the others 20 %.\nANSWER: 1/2",
        mark=Mark.WRONG,
        strict=Mark.WRONG,
        reason="",
        parsed="1/2",
        gold="1/5",
        estimand="E[recovery | do(drug=1)] − E[recovery | do(drug=0)]",
        symbols=(ExampleSymbol("V0", "the age group", "young", "old"), ExampleSymbol("V1", "the drug", "no", "yes")),
        graph=("age --> drug, recovery", "drug --> recovery"),
        steps=(
            ExampleStep("s1", "P(age=old)", "", "1/2", "printed"),
            ExampleStep("s2", "P(recovery=1 | drug=1, age=old)", "", "3/10", "printed"),
            ExampleStep("s3", "P(recovery=1 | drug=1, age=young)", "", "4/5", "printed"),
            ExampleStep("s4", "{age} satisfies the back-door criterion", "", "", "checked: valid adjustment set, yes"),
            ExampleStep("s5", "P(recovery=1 | do(drug=1))", "s1*s2 + (1 - s1)*s3", "11/20", ""),
            ExampleStep("s6", "average effect", "s5 - 7/20", "1/5", ""),
        ),
        mistakes=(
            ExampleMistake("association", "1/2", is_given=True),
            ExampleMistake("wrong sign", "-1/5", is_given=False),
        ),
    ),
    ExampleCard(
        answerer="openai-api/lab/a-rather-long-name-70b-instruct",
        question="own-7",
        family="own",
        kind="text",
        rung=1,
        domain="own",
        regime="",
        difficulty=1,
        prompt="Which city is the capital of France?",
        reply="",
        mark=Mark.MISSING,
        strict=Mark.MISSING,
        reason="",
        parsed="",
        gold="Paris",
    ),
    ExampleCard(
        answerer="openai-api/lab/a-rather-long-name-70b-instruct",
        question="q-fedcba9876543210",
        family="confounding",
        kind="set",
        rung=2,
        domain="education",
        regime="nonsense",
        difficulty=4,
        prompt="Glims affect torps and blens. Torps affect blens. Name an adjustment set.\n\nEnd with: ANSWER: {...}",
        reply="The only back-door path runs through glims, so {glims}.",
        mark=Mark.CORRECT,
        strict=Mark.UNPARSED,
        reason="",
        parsed="{glims}",
        gold="{glims}",
        estimand="a valid adjustment set for torps on blens",
        steps=(ExampleStep("s1", "glims block every back-door path", "", "", "checked: valid adjustment set, yes"),),
        mistakes=(ExampleMistake("no adjustment", "{}", is_given=False),),
    ),
)


@pytest.fixture(scope="session")
def report_data() -> ReportData:
    """Two models, three shortcuts and the oracle over 42 causal models, with two comparisons and three examples."""
    small, large = list(SKILLS)[:2]
    return ReportData(
        title="Two models on 84 questions",
        profile=profile(row for answerer in SKILLS for row in _rows(answerer)),
        facts=(
            ("Question set", "set-0f1e2d3c4b5a6978 (84 questions, 42 causal models)"),
            ("Seed", "7"),
            ("Generator version", "1"),
            ("Scorer version", "1"),
            ("Elicitation", "few-shot, version 1, grammar-constrained"),
            ("Served model", "gemma-3-270m-q4-k-m.gguf"),
            ("Date", "2030-01-02T03:04:05.678Z"),
        ),
        command="causal-eval eval --model local/gemma-3-270m --seed 7 --limit 84",
        chance={(kind.family, kind.name): kind.chance for kind in KINDS},
        comparisons=(
            compare(_rows(large), _rows(small)),
            compare(_rows(small), _rows("baseline/association")),
        ),
        examples=CARDS,
    )


def _card(place: int) -> QuestionCard:
    """The first example as one of many questions, its answer given by both models."""
    one = CARDS[0]
    return QuestionCard(
        question=f"q-{place:04d}", family=one.family, kind=one.kind, rung=2, domain=one.domain, regime=one.regime,
        difficulty=1 + place % 5, cluster=f"c-{place // 2:04d}", prompt=one.prompt, gold=one.gold,
        given=tuple(
            Given(name, 1, reply, mark, mark, "", parsed, mistakes)
            for name, reply, mark, parsed, mistakes in (
                (next(iter(SKILLS)), one.reply, Mark.WRONG, "1/2", ("association",)),
                (list(SKILLS)[1], "" if place == 1 else "ANSWER: 1/5", Mark.MISSING if place == 1 else Mark.CORRECT,
                 "" if place == 1 else "1/5", ()),
            )
        ),
        symbols=one.symbols, estimand=one.estimand, nodes=("age", "drug", "recovery"),
        edges=(("age", "drug"), ("age", "recovery"), ("drug", "recovery")), steps=one.steps,
        mistakes=tuple((wrong.name, wrong.answer) for wrong in one.mistakes),
    )  # fmt: skip


@pytest.fixture(scope="session")
def whole_data(report_data: ReportData) -> ReportData:
    """The same with 120 questions to browse instead of examples, and a ticket for each model."""
    rows = score_rows(report_data.profile, report_data.chance)
    return replace(
        report_data,
        examples=(),
        questions=tuple(map(_card, range(120))),
        tickets=tuple(
            Ticket(f"ev-{place:016x}", name, "set-0f1e2d3c4b5a6978", "3", ("1",),
                   claims_of(row for row in rows if row.answerer == name))
            for place, name in enumerate(list(SKILLS)[:2])
        ),
    )  # fmt: skip
