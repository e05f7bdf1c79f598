"""A question: what is printed, how an answer to it looks, what the answer is, and the proof."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import msgspec

GENERATOR = "3"
"""Generator version: it changes whenever the same seed could give other bytes."""

CANARY = "causal-eval-bench canary 5d0c4f0e-7a3b-4a52-9a39-0f2d6b1c8e77: keep out of training corpora"
"""Stands in every exported question, so that training data can be searched for it."""

TOLERANCE = Fraction(1, 200)
"""A number is right iff it is within this of the truth or equal to the exact fraction."""


class AnswerKind(StrEnum):
    """How an answer looks, and therefore how it is parsed and graded."""

    NUMBER = "number"
    """One rational number; gold ``"3/10"``."""
    YES_NO = "yes_no"
    """gold ``"yes"`` or ``"no"``."""
    CHOICE = "choice"
    """One of ``options``; gold is that option."""
    LABELS = "labels"
    """One of ``options`` for every one of ``items``; gold ``{item: option}``."""
    SET = "set"
    """A subset of ``items``; gold ``[[...], ...]``: every right set (any one is right), ``[]`` = none exists."""
    SETS = "sets"
    """All sets at once, in any order; gold ``[[...], ...]``; ``[]`` = none exists, ``[[]]`` = only the empty set."""
    TEXT = "text"
    """Free text compared after case and space folding; for users' own files; gold a string or a list of them."""
    NUMBERS = "numbers"
    """A rational number for every one of ``items``; gold ``{item: "p/q"}``."""
    INTERVAL = "interval"
    """Bounds; gold ``["lo", "hi"]``, both rational."""
    GRAPH = "graph"
    """Edges among ``items``; gold ``{"directed": [[cause, effect], ...], "undirected": [[a, b], ...]}``, sorted, the
    ends of undirected edges too."""
    ORDER = "order"
    """All ``items``, first to last; gold ``[first, ..., last]``."""
    FORMULA = "formula"
    """An estimand of probabilities of the observed ``items`` (symbols); gold ``{"formula": text, "graph": ...,
    "query": {"kind": "identify", "X": ..., "Y": ..., "Z"?: ...}}`` with graph and query as in ``causal-eval solve``;
    the formula null = not identifiable."""


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """What an answer to a question must look like."""

    kind: AnswerKind
    options: tuple[str, ...] = ()
    """CHOICE: the options; LABELS: the labels an item can take."""
    items: tuple[str, ...] = ()
    """LABELS: what is labelled; SET, SETS: the candidate members; NUMBERS: the quantities; GRAPH: the nodes; ORDER:
    what is ordered; FORMULA: the symbols of observed variables that a formula may use."""
    may_be_none: bool = False
    """SET, SETS: "none exists" is a possible answer; FORMULA: "not identifiable" is."""
    tolerance: Fraction = TOLERANCE
    """NUMBER, NUMBERS, INTERVAL: absolute tolerance."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a derivation that a machine re-evaluates."""

    id: str
    """Name by which later steps refer to this one, e.g. ``"s3"``."""
    rule: str
    """``"given"`` (read from the prompt), ``"arithmetic"`` (an expression over fractions and earlier ids) or
    ``"claim"`` (a ``solve`` query on the certificate's own case, e.g. a d-separation)."""
    text: str
    """What the step says, for people: ``"P(recovery=1 | drug=1, age=0)"``."""
    expression: str
    """given: the printed number, whose fact *text* names; arithmetic: ``"s1*s2 + 1/4"`` (only + - * /, parentheses,
    integers and earlier ids); claim: canonical JSON of a ``solve`` query."""
    value: str
    """Canonical JSON of the value (fractions as ``"3/10"``)."""
    of: int = 0
    """The case that the step is about: 0 the certificate's first, 1 and on those in ``more``."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof that travels with a question."""

    case: dict[str, Any]
    """The causal model and the query, in the format of ``causal-eval solve``."""
    estimand: str
    """The quantity asked for, in the field's notation."""
    steps: tuple[Step, ...]
    names: dict[str, tuple[str, str, str]]
    """Variable of the case -> the printed name, the printed word for value 0 and that for value 1."""
    mistakes: dict[str, str]
    """Named wrong method -> what it would have answered (canonical JSON)."""
    more: tuple[dict[str, Any], ...] = ()
    """Further cases that the answer rests on."""
    proofs: tuple[Any, ...] = ()
    """What makes the engine's answers checkable by themselves, one a case where there is any: a hedge, two models, a
    witness."""
    facts: str = ""
    """The hash of what the prompt states, free of wording, renderer and language: equal for two questions of one family
    iff they state the same."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``id`` is the hash of everything that decides what is asked and what is right."""

    id: str
    family: str
    kind: str
    """What is asked within the family, e.g. ``"ate"``; reported beside it."""
    rung: int
    """Pearl's ladder: 1 association, 2 intervention, 3 counterfactual."""
    domain: str
    regime: str
    """``real``, ``anti``, ``nonsense`` or ``placeholder`` names; ``""`` in a user's own file."""
    difficulty: int
    cluster: str
    """Connected component of "same causal model" and "same twin group": the unit of all statistics."""
    twin: str | None
    """Twin group: questions that differ in the one thing that must (or must not) change the answer.

    After a slash, the dial that was turned and its setting: ``t-0123456789abcdef/distractors=3``.
    """
    joint: bool
    """True: right only if every question of the twin group is right; the group is one scoring unit."""
    exempt: tuple[str, ...]
    """Baselines for which this question is legitimate (rung-1 questions and the association)."""
    prompt: str
    answer: AnswerSpec
    gold: Any
    """JSON value of the right answer, as :class:`AnswerKind` says; None in a public file."""
    certificate: Certificate | None
    seed: str = ""
    renderer: str = "list"
    """How the prompt is laid out: a name of :data:`causal_eval.questions.render.RENDERERS`."""
    language: str = "en"
    """Code of the language in which it is told."""
    generator: str = GENERATOR
    canary: str = CANARY


def canonical(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no spaces, UTF-8, fractions as ``"p/q"``; equal values give equal bytes."""
    return _ENCODER.encode(value)


def content_id(prefix: str, value: Any) -> str:
    """``prefix-`` and the first 16 hex digits of the SHA-256 of the canonical JSON."""
    return f"{prefix}-{hashlib.sha256(canonical(value)).hexdigest()[:16]}"


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain, order="sorted")
