"""The error tree is drawn as it is, and every error knows its exit code."""

from __future__ import annotations

import inspect
import re

import pytest

from causal_eval import errors
from causal_eval.errors import CausalEvalError, MalformedFile, UnknownName

CLASSES = {name: cls for name, cls in vars(errors).items() if inspect.isclass(cls) and issubclass(cls, CausalEvalError)}
_LINE = re.compile(r"(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+) +(?P<code>\d+)")


def drawn() -> dict[str, tuple[str | None, int]]:
    """Name -> (parent, exit code), read from the tree at the top of ``errors.py``."""
    tree: dict[str, tuple[str | None, int]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := _LINE.match(line):
            depth = len(match["branch"]) // 4
            path[depth:] = [match["name"]]
            tree[match["name"]] = (path[depth - 1] if depth else None, int(match["code"]))
    return tree


def test_the_drawn_tree_is_the_tree() -> None:
    """Every class stands in the drawing under its parent with its exit code, and nothing else does."""
    actual = {
        name: (None if cls is CausalEvalError else cls.__mro__[1].__name__, cls.exit_code)
        for name, cls in CLASSES.items()
    }
    assert drawn() == actual


def test_exit_codes_are_those_of_the_house() -> None:
    """No error ends a process with 0, with an unlisted code, or with that of an inconclusive gate (3)."""
    assert {cls.exit_code for cls in CLASSES.values()} == {1, 2, 4, 5, 6, 7, 8, 130}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_kind_is_the_class_name(name: str) -> None:
    """``--json`` errors name the class."""
    cls = CLASSES[name]
    assert cls.__new__(cls).kind == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("efect", "unknown family 'efect': did you mean effect?"),
        ("zzz", "unknown family 'zzz': known: chain, effect"),
    ],
    ids=["near", "far"],
)
def test_an_unknown_name_suggests_the_nearest(name: str, message: str) -> None:
    """A misspelt name gets the nearest known one, a strange one the list."""
    assert str(UnknownName("family", name, {"effect", "chain"})) == message


def test_an_unknown_name_lists_no_more_than_a_line() -> None:
    """Of many known names a few are shown and the rest counted; where none is known, that is said."""
    message = str(UnknownName("question", "zzz", (f"q-{number:03}" for number in range(300))))
    assert message.endswith("q-039 and 260 more")
    assert str(UnknownName("question", "zzz", ())) == "unknown question 'zzz': none is there"


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        (None, None, "q.jsonl: is empty"),
        (3, None, "q.jsonl:3: is empty"),
        (3, "gold", "q.jsonl:3: field 'gold': is empty"),
        (None, "gold", "q.jsonl: field 'gold': is empty"),
    ],
)
def test_a_malformed_file_names_its_place(line: int | None, field: str | None, message: str) -> None:
    """File, line and field stand before the problem, and can be read from the error."""
    error = MalformedFile("q.jsonl", "is empty", line=line, field=field)
    assert str(error) == message
    assert (error.path, error.line, error.field) == ("q.jsonl", line, field)
