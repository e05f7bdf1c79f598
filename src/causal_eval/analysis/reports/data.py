"""What a report is made of: frozen values that a door collects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from causal_eval.analysis.calibration.calibrate import Calibration
from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.profile import Profile
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.ticket import Ticket
from causal_eval.analysis.shown import Shown
from causal_eval.questions.question import CANARY
from causal_eval.scoring.verdict import Mark


@dataclass(frozen=True, slots=True)
class ExampleStep:
    """One step of the derivation of the right answer."""

    id: str
    text: str
    """``P(recovery=1 | drug=1)``."""
    expression: str
    """How it follows from earlier steps; empty where it is read or checked."""
    value: str
    """Empty where the text says it all and the note says how it was checked."""
    note: str
    """``printed``, how it was checked, or empty."""


@dataclass(frozen=True, slots=True)
class ExampleSymbol:
    """A variable of the derivation in the words of the question."""

    symbol: str
    """``V3``."""
    name: str
    zero: str
    """The word for value 0."""
    one: str
    """The word for value 1."""


@dataclass(frozen=True, slots=True)
class ExampleMistake:
    """What a classic mistake would answer."""

    name: str
    answer: str
    is_given: bool
    """The answerer gave just this answer."""


@dataclass(frozen=True, slots=True)
class ExampleCard:
    """One question with its reply and its proof."""

    answerer: str
    question: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    prompt: str
    reply: str
    """The reply as it came; empty where there is none."""
    mark: Mark
    strict: Mark
    reason: str
    parsed: str
    """The answer that was read from the reply; empty where none was."""
    gold: str
    symbols: tuple[ExampleSymbol, ...] = ()
    """What estimand and steps are written in."""
    estimand: str = ""
    graph: tuple[str, ...] = ()
    """The causal graph, one line a cause."""
    steps: tuple[ExampleStep, ...] = ()
    mistakes: tuple[ExampleMistake, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What one answerer replied to a question, and how it was judged."""

    answerer: str
    sample: int
    """From 1."""
    reply: str
    """As it came; empty where there is none."""
    mark: Mark
    strict: Mark
    reason: str
    parsed: str
    mistakes: tuple[str, ...] = ()
    """Names of the classic mistakes that give just this answer."""


@dataclass(frozen=True, slots=True)
class QuestionCard:
    """One question with its proof and every reply to it."""

    question: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    cluster: str
    prompt: str
    gold: str
    """Empty where it is kept apart."""
    given: tuple[Given, ...]
    symbols: tuple[ExampleSymbol, ...] = ()
    estimand: str = ""
    nodes: tuple[str, ...] = ()
    """Of the causal graph, in printed names."""
    edges: tuple[tuple[str, str], ...] = ()
    """Cause and effect."""
    hidden: tuple[tuple[str, str], ...] = ()
    """Pairs with a hidden common cause."""
    latent: tuple[str, ...] = ()
    """Nodes that are not measured."""
    steps: tuple[ExampleStep, ...] = ()
    mistakes: tuple[tuple[str, str], ...] = ()
    """Name, and what it would answer."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as it stands on a page: drawn for a wide and for a narrow one, in the page's colours."""

    title: str
    wide: str
    """SVG, drawn by us."""
    narrow: str
    numbers: Shown


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report says."""

    title: str
    profile: Profile
    facts: tuple[tuple[str, str], ...] = ()
    """What the run was: ordered (label, value) pairs, e.g. ("Question set", "set-0123456789abcdef")."""
    command: str = ""
    """The command that reproduces the run."""
    chance: Mapping[tuple[str, str], Fraction] = field(default_factory=dict)
    """(family, kind) -> what guessing is worth; empty = not known."""
    comparisons: tuple[Comparison, ...] = ()
    examples: tuple[ExampleCard, ...] = ()
    """A few questions for a look; a report that has *questions* needs none."""
    questions: tuple[QuestionCard, ...] = ()
    """Every question, to be browsed; empty: a summary."""
    pictures: tuple[Picture, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    """What reproduces the numbers, a ticket an answerer."""
    portraits: tuple[CausalProfile, ...] = ()
    """Why answers are wrong and what follows, a model each; empty: not told."""
    calibrations: tuple[Calibration, ...] = ()
    """Of models that state how sure they are."""
    canary: str = CANARY
