"""The proof card: what a person can read without knowing the format of a certificate."""

from __future__ import annotations

import pytest

from causal_eval.questions.card import card, step_lines
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Certificate, Step


def _certificate(step: Step) -> Certificate:
    return Certificate(case={}, estimand="", steps=(step,), names={}, mistakes={})


@pytest.mark.parametrize(
    ("expression", "value", "said"),
    [
        ('{"X":["V1"],"Y":["V0"],"kind":"dsep"}', "false", "[checked on the graph: a path is open]"),
        ('{"X":["V1"],"Y":["V0"],"kind":"dsep"}', "true", "[checked on the graph: no path is open]"),
        ('{"Z":["V2"],"kind":"is_adjustment_set"}', "false", "[checked on the graph: not a valid adjustment set]"),
        ('{"Z":["V2"],"kind":"is_adjustment_set"}', "true", "[checked on the graph: a valid adjustment set]"),
        ('{"kind":"minimal_adjustment_sets"}', '[["V0"]]', '= [["V0"]]  [checked on the whole model]'),
    ],
)
def test_a_check_is_said_in_words(expression: str, value: str, said: str) -> None:
    """A yes or no says what was found; nobody reads "V1 is a cause = false"."""
    (line,) = step_lines(_certificate(Step("s1", "claim", "V1 is a cause: V1 -> V0", expression, value)))
    assert line == f"s1  V1 is a cause: V1 -> V0  {said}".replace("  =", " =")


def test_every_symbol_of_a_derivation_is_explained() -> None:
    """The card of any question says which quantity a letter stands for, and what its 0 and 1 mean."""
    for question in generate(Plan(n=25, seed="card")):
        certificate = question.certificate
        assert certificate is not None
        shown = card(question)
        for symbol, (name, low, high) in certificate.names.items():
            assert f"  {symbol}  {name}: 0 = {low}, 1 = {high}\n" in shown
        assert "= false" not in shown
        assert "= true" not in shown


def test_hidden_causes_are_drawn_and_a_formula_stands_alone() -> None:
    """One line a hidden common cause; of a formula's answer neither graph nor query, and "none" where there is none."""
    for question in generate(Plan(n=2, seed="1", families=("identifiability",), difficulties=(1, 1))):
        assert question.certificate is not None
        text = card(question)
        assert text.count("(hidden common cause)") == len(question.certificate.case["graph"]["bidirected"]) == 2
        assert f"Answer\n  {question.gold['formula'] or 'none'}\n" in text
        assert "bidirected" not in text.partition("Answer\n")[2]
