"""The reference of ``solve`` has one example of every kind, each as it is answered; those of the Python page run."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from tests.docs.solving import MARK, PAGE, shown

from causal_eval.causal.calculator import calculate, names_of_kinds, verify
from causal_eval.service.examples import examples


def test_every_kind_has_an_example() -> None:
    """Whatever can be asked is shown."""
    assert sorted(examples()) == sorted(names_of_kinds())


@pytest.mark.parametrize("kind", sorted(examples()))
def test_an_example_is_answered_as_it_says(kind: str) -> None:
    """By both solvers, with every step and certificate."""
    one = examples()[kind]
    reply = calculate(one.case)
    assert reply.answer == one.answer
    verify(one.case, reply)


def test_the_page_shows_them() -> None:
    """As the data has them; ``python -m tests.docs.solving`` writes it anew."""
    _, mark, rest = PAGE.read_text("utf-8").partition(MARK)
    assert mark
    assert rest == shown()


def test_the_python_page_runs(root: Path) -> None:
    """Every line of it gives what stands under it."""
    page = root / "docs" / "reference" / "causal-api.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried > 12
    assert not failed
