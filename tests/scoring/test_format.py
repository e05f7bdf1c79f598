"""What the instruction asks for is what the parser reads."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.format import example, grammar, instruction, problems
from causal_eval.scoring.grade import as_json, grade
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import Answer
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream

_WORDS = (
    "age",
    "no",
    "not",
    "and",
    "or",
    "drug",
    "dose",
    "cause",
    "of",
    "death",
    "none",
    "effect",
    "x1",
    "x",
    "the",
    "yes",
)
_NAME = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(" ".join).filter(lambda name: name != "none")


def _names(least: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(_NAME, min_size=least, max_size=6, unique=True).map(tuple)


@st.composite
def asked(draw: st.DrawFn) -> tuple[AnswerSpec, Any]:
    """A spec without problems and a gold answer to it."""
    kind = draw(st.sampled_from(AnswerKind))
    spec = AnswerSpec(kind, draw(_names(2)), draw(_names(2)), may_be_none=draw(st.booleans()))
    subset = st.lists(st.sampled_from(spec.items), unique=True).map(sorted)
    match kind:
        case AnswerKind.NUMBER:
            gold: Any = str(draw(st.fractions(min_value=-1000, max_value=1000, max_denominator=10_000)))
        case AnswerKind.YES_NO:
            gold = draw(st.sampled_from(["yes", "no"]))
        case AnswerKind.CHOICE:
            gold = draw(st.sampled_from(spec.options))
        case AnswerKind.LABELS:
            gold = {item: draw(st.sampled_from(spec.options)) for item in spec.items}
        case AnswerKind.SET | AnswerKind.SETS:
            least = 0 if spec.may_be_none else 1
            gold = draw(st.lists(subset, min_size=least, max_size=4, unique_by=tuple))
        case AnswerKind.TEXT:
            gold = draw(_NAME)
        case _:
            return draw(with_parts(spec))
    return spec, gold


def _number() -> st.SearchStrategy[str]:
    return st.fractions(min_value=-1, max_value=1, max_denominator=1000).map(str)


@st.composite
def with_parts(draw: st.DrawFn, spec: AnswerSpec) -> tuple[AnswerSpec, Any]:
    """A gold answer to a spec whose answers have parts, and the spec (FORMULA: over symbols)."""
    match spec.kind:
        case AnswerKind.NUMBERS:
            return spec, {item: draw(_number()) for item in spec.items}
        case AnswerKind.INTERVAL:
            ends = sorted(map(Fraction, draw(st.lists(_number(), min_size=2, max_size=2))))
            return spec, list(map(str, ends))
        case AnswerKind.ORDER:
            return spec, draw(st.permutations(spec.items))
        case AnswerKind.GRAPH:
            gold: dict[str, list[list[str]]] = {"directed": [], "undirected": []}
            for one, other in itertools.combinations(sorted(spec.items), 2):
                how = draw(st.sampled_from(["", "->", "<-", "--"]))
                if how:
                    field = "undirected" if how == "--" else "directed"
                    gold[field].append([other, one] if how == "<-" else [one, other])
            return spec, {field: sorted(pairs) for field, pairs in gold.items()}
    z = draw(st.sampled_from(["z", "age", "W_1"]))
    gold = dict(draw(st.sampled_from(FORMULAS)))
    gold = json.loads(json.dumps(gold).replace("Z", z))
    return replace(spec, items=("x", "y", z), may_be_none=True), gold


def _effect(formula: str | None, edges: str, *, hidden: str = "") -> dict[str, Any]:
    directed = [list(edge) for edge in edges.split()]
    nodes = ["x", "y", "Z", *hidden]
    graph = {"nodes": nodes, "directed": directed, "latent": list(hidden)}
    return {"formula": formula, "graph": graph, "query": {"kind": "identify", "X": ["x"], "Y": ["y"]}}


FORMULAS = [
    _effect("sum_Z P(y|x,Z) P(Z)", "Zx Zy xy"),
    _effect("P(y|x)", "xZ Zy"),
    _effect("P(y)", "yx xZ"),
    _effect("sum_{Z} P(Z|x) sum_{x'} P(y|x',Z) P(x')", "xZ Zy ux uy", hidden="u"),
    _effect(None, "xy ux uy", hidden="u"),
]
"""Confounder, chain, effect taken for a cause, front door, and an effect that is not identifiable."""


@pytest.mark.slow
@settings(derandomize=True, max_examples=500, deadline=None)
@given(asked())
def test_example_is_correct(case: tuple[AnswerSpec, Any]) -> None:
    """The example of a gold answer is correct, strictly and leniently, alone and after reasoning."""
    spec, gold = case
    assert problems(spec) == ()
    line = f"ANSWER: {example(spec, gold)}"
    for reply in (line, f"First, age = 3.\nThen no.\n\n{line}\n"):
        verdict = grade(parse(reply, spec), spec, gold=gold)
        assert (verdict.mark, verdict.strict, verdict.share) == (Mark.CORRECT, Mark.CORRECT, Fraction(1))


@pytest.mark.slow
@settings(derandomize=True, max_examples=300, deadline=None)
@given(asked())
def test_example_is_read_in_any_markup(case: tuple[AnswerSpec, Any]) -> None:
    """The same answer in bold, in a code block or quoted is never read as another answer, and bold is read."""
    spec, gold = case
    said = example(spec, gold)
    plain = parse(f"ANSWER: {said}", spec).lenient
    for reply in (
        f"**ANSWER:** {said}",
        f"**Answer: {said}**",
        f"```\nANSWER: {said}\n```",
        f"<answer>{said}</answer>",
    ):
        assert parse(reply, spec).lenient == plain, reply


@pytest.mark.slow
@settings(derandomize=True, max_examples=150, deadline=None)
@given(asked(), st.integers(min_value=0, max_value=10**6))
def test_every_string_of_the_grammar_is_read(case: tuple[AnswerSpec, Any], seed: int) -> None:
    """Whatever the grammar lets a base model write is read strictly, cut off or not."""
    spec, _ = case
    rules = _rules(grammar(spec))
    stream = Stream("grammar", seed)
    for _ in range(5):
        text = "ANSWER:" + _write("root", rules, stream)
        assert text.endswith("\n")
        for finish in ("stop", "length"):
            read = parse(text, spec, finish=finish)
            assert isinstance(read.strict, Answer), text
            assert read.strict == read.lenient


@pytest.mark.slow
@settings(derandomize=True, max_examples=150, deadline=None)
@given(asked())
def test_the_instruction_is_no_answer(case: tuple[AnswerSpec, Any]) -> None:
    """A reply that only repeats the instruction gives no answer (free text apart, where anything is one)."""
    spec, _ = case
    read = parse(instruction(spec), spec)
    if spec.kind is not AnswerKind.TEXT:
        assert not isinstance(read.lenient, Answer), read
    assert "ANSWER:" in instruction(spec)


def test_grammar_reaches_every_subset() -> None:
    """The grammar of a set writes each of the subsets, and "none" only where none may exist."""
    spec = AnswerSpec(AnswerKind.SET, items=("a", "b", "c"))
    rules = _rules(grammar(spec))
    written = {_write("root", rules, Stream("subset", place)) for place in range(300)}
    assert len(written) == 8
    assert '"none"' not in grammar(spec)
    assert '"none"' in grammar(AnswerSpec(AnswerKind.SET, items=("a",), may_be_none=True))


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        (AnswerSpec(AnswerKind.CHOICE), "empty"),
        (AnswerSpec(AnswerKind.CHOICE, options=("Drug", "drug")), "differ only"),
        (AnswerSpec(AnswerKind.SET, items=("a;b",)), "';'"),
        (AnswerSpec(AnswerKind.SET, items=("none",)), "rename"),
        (AnswerSpec(AnswerKind.LABELS, options=("",), items=("a",)), "nothing to read"),
        (AnswerSpec(AnswerKind.NUMBER, tolerance=Fraction(-1)), "negative"),
        (AnswerSpec(AnswerKind.GRAPH, items=("a", "b->c")), "'>'"),
        (AnswerSpec(AnswerKind.GRAPH, items=("a", "b-")), "joins"),
        (AnswerSpec(AnswerKind.ORDER, items=("a", "b>c")), "'>'"),
        (AnswerSpec(AnswerKind.ORDER, items=tuple("abcdefghijk")), "too many"),
        (AnswerSpec(AnswerKind.FORMULA, items=("the age",)), "symbol"),
        (AnswerSpec(AnswerKind.FORMULA, items=("P",)), "symbol"),
    ],
)
def test_problems(spec: AnswerSpec, part: str) -> None:
    """Names that could not be told apart or written in an answer are named."""
    assert any(part in line for line in problems(spec))


@pytest.mark.parametrize(
    ("kind", "gold"),
    [
        ("number", "three"),
        ("number", "1/0"),
        ("labels", ["a"]),
        ("labels", {"b": "x"}),
        ("set", 3),
        ("text", []),
        ("numbers", {"b": "1"}),
        ("interval", ["1"]),
        ("graph", [["a", "b"]]),
        ("order", 3),
        ("formula", "P(y)"),
    ],
)
def test_malformed_gold(kind: str, gold: object) -> None:
    """A gold answer of the wrong shape is an error that names it."""
    with pytest.raises(MalformedCase, match="gold"):
        example(AnswerSpec(AnswerKind(kind), ("x",), ("a",)), gold)


def test_as_json_has_the_shape_of_gold() -> None:
    """What is stored for an answer looks like a gold answer of its kind."""
    spec = AnswerSpec(AnswerKind.SET, items=("b", "a"), may_be_none=True)
    for text, stored in (("{b, a}", [["a", "b"]]), ("none", []), ("{}", [[]])):
        read = parse(f"ANSWER: {text}", spec).strict
        assert isinstance(read, Answer)
        assert as_json(read.value, spec) == stored


_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\[((?:[^\]])+)\]|([a-z]+\d*)|([|?*])')


def _rules(text: str) -> dict[str, list[list[tuple[str, str, str]]]]:
    """A small reader of the GBNF that we write: literals, character classes, names, ``?`` and ``*``."""
    rules: dict[str, list[list[tuple[str, str, str]]]] = {}
    for line in text.splitlines():
        name, _, body = line.partition(" ::= ")
        rules[name] = [[]]
        for literal in _TOKEN.finditer(body):
            value, chars, rule, mark = literal.groups()
            if mark == "|":
                rules[name].append([])
            elif mark:
                kind, text_, _ = rules[name][-1].pop()
                rules[name][-1].append((kind, text_, mark))
            elif rule:
                rules[name][-1].append(("rule", rule, ""))
            elif chars:
                rules[name][-1].append(("chars", chars, ""))
            else:
                rules[name][-1].append(("text", value.replace("\\n", "\n").replace('\\"', '"'), ""))
    return rules


def _write(name: str, rules: dict[str, list[list[tuple[str, str, str]]]], stream: Stream) -> str:
    written = []
    for kind, value, mark in stream.choice(rules[name]):
        times = {"": 1, "?": stream.below(2), "*": stream.below(5)}[mark]
        for _ in range(times):
            if kind == "rule":
                written.append(_write(value, rules, stream))
            else:
                written.append(value if kind == "text" else stream.choice(_expand(value)))
    return "".join(written)


def _expand(chars: str) -> list[str]:
    ranges = re.sub(r"(.)-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), chars)
    return list(ranges)
