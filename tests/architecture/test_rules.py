"""Every rule of the house finds a planted violation and leaves the permitted form alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.architecture import house
from tests.architecture.house import Fault, Source

Rule = Callable[[Source], Iterator[Fault]]

LONG = "def f(x: int) -> int:\n    '''Says what holds.'''\n" + "    x += 1\n" * 59 + "{}    return x\n"
NEST = "def f(a):\n  for b in a:\n    if b:\n      with b:\n        {}\n"
NO_WRAPS = "def outer(f):\n  def inner(*args, **kwargs): ...\n  return inner"
WRAPS = "def outer(f):\n  @functools.wraps(f)\n  def inner(*args, **kwargs): ...\n  return inner"
IMPORTS_11 = "'''Room.'''\nfrom a import " + ", ".join("abcdefghijk")
IMPORTS_10 = "'''Room.'''\nfrom __future__ import annotations\nfrom a import " + ", ".join("abcdefghij")

PLANTED: list[tuple[Rule, str, str, str]] = [
    (house.long_file, "x.py", "a = 1\n" * 401, "401 lines"),
    (house.long_function, "x.py", LONG.format("    x += 2\n"), "f() has 61 lines"),
    (house.deep_nesting, "x.py", NEST.format("try: ...\n        finally: ..."), "f() nests 4 deep"),
    (house.deep_nesting, "x.py", NEST.format("match b:\n          case 1: ..."), "f() nests 4 deep"),
    (house.parameters, "x.py", "def f(a, b, *, c, d, e, f, g): ...", "f() has 7 parameters"),
    (house.parameters, "x.py", "def f(a, b, c): ...", "f() takes 3 parameters by position"),
    (house.parameters, "x.py", "class C:\n  def f(self, a, b, c): ...", "f() takes 3 parameters by position"),
    (house.keyword_bags, "x.py", "def f(**options): ...", "f() takes **options"),
    (house.keyword_bags, "x.py", NO_WRAPS, "inner() takes **kwargs"),
    (house.keyword_bags, "x.py", "def f(**options: int): ...", "f() takes **options"),
    (house.anys, "x.py", "from typing import Any, Final", "imports Any"),
    (house.anys, "x.py", "import typing\nx: typing.Any", "uses typing.Any"),
    (house.global_statements, "x.py", "def f():\n  global n\n  n = 1", "global n"),
    (house.broad_handlers, "x.py", "try: ...\nexcept Exception: ...", "catches everything"),
    (house.broad_handlers, "x.py", "try: ...\nexcept: ...", "catches everything"),
    (house.broad_handlers, "x.py", "try: ...\nexcept (OSError, BaseException): ...", "catches everything"),
    (house.broad_handlers, "x.py", "try: ...\nexcept Exception as e: raise X from e", "catches everything"),
    (house.skips, "x.py", "import pytest\npytest.skip('not today')", "pytest.skip"),
    (house.skips, "x.py", "from pytest import mark\n@mark.xfail\ndef test_x(): ...", "pytest.mark.xfail"),
    (house.thawed_dataclasses, "x.py", "@dataclass\nclass C: ...", "dataclass C is not frozen"),
    (house.thawed_dataclasses, "x.py", "@dataclass(frozen=True)\nclass C: ...", "dataclass C is not frozen"),
    (house.thawed_dataclasses, "x.py", "@dataclasses.dataclass(slots=True)\nclass C: ...", "C is not frozen"),
    (house.abstract_classes, "x.py", "from abc import ABC", "imports abc"),
    (house.clocks_and_dice, "x.py", "import random", "imports random"),
    (house.clocks_and_dice, "x.py", "from secrets import token_hex", "imports secrets"),
    (house.clocks_and_dice, "x.py", "import time as t\nt.time()", "uses time.time"),
    (house.clocks_and_dice, "x.py", "from time import time\nclock = time", "uses time.time"),
    (house.clocks_and_dice, "x.py", "from datetime import datetime\ndatetime.now()", "uses datetime.datetime.now"),
    (house.clocks_and_dice, "x.py", "import datetime\ndatetime.date.today()", "uses datetime.date.today"),
    (house.clocks_and_dice, "x.py", "import os\nos.urandom(8)", "uses os.urandom"),
    (house.clocks_and_dice, "x.py", "import numpy as np\nnp.random.rand()", "uses numpy.random"),
    (house.module_name, "causal/utils.py", "", "'utils'"),
    (house.module_name, "models/x.py", "", "'models'"),
    (house.module_name, "causal/scm_model.py", "", "'scm_model'"),
    (house.class_names, "x.py", "class CausalModel: ...", "a class called CausalModel"),
    (house.room_door, "room/__init__.py", "", "no docstring"),
    (house.room_door, "room/__init__.py", IMPORTS_11, "11 exported names"),
    (house.room_door, "room/__init__.py", "'''Room.'''\ndef f(): ...", "logic in __init__"),
    (house.bare_excuses, "x.py", "x = 1  # noqa: E501", "without a reason"),
    (house.bare_excuses, "x.py", "x = 1  # type: ignore[misc]", "without a reason"),
    (house.bare_excuses, "x.py", "x = 1  # type: ignore[misc]  # noqa: E501 - long address", "without a reason"),
]

PERMITTED: list[tuple[Rule, str, str]] = [
    (house.long_file, "x.py", "a = 1\n" * 400),
    (house.long_function, "x.py", LONG.format("\n" * 9)),
    (house.deep_nesting, "x.py", NEST.format("pass")),
    (house.deep_nesting, "x.py", NEST.format("def g(c):\n          if c: ...")),
    (house.deep_nesting, "x.py", "def f(a):\n  if a: ...\n  elif a > 1: ...\n  elif a > 2: ...\n  elif a > 3: ..."),
    (house.parameters, "x.py", "class C:\n  def f(self, a, b, *, c, d, e, f): ..."),
    (house.parameters, "x.py", "class C:\n  def __exit__(self, a, b, c): ..."),
    (house.keyword_bags, "x.py", WRAPS),
    (house.keyword_bags, "x.py", "def do(work, *args: P.args, **kwargs: P.kwargs): ..."),
    (house.anys, "x.py", "from typing import Final\nAnyone = 1"),
    (house.broad_handlers, "x.py", "try: ...\nexcept BaseException:\n  undo()\n  raise"),
    (house.broad_handlers, "x.py", "try: ...\nexcept (OSError, ValueError): ..."),
    (house.skips, "x.py", "from tests import lacking\nlacking.program('x')"),
    (house.thawed_dataclasses, "x.py", "@dataclass(frozen=True, slots=True)\nclass C: ..."),
    (house.thawed_dataclasses, "x.py", "@dataclass(slots=True)\nclass _Sums: ..."),
    (house.clocks_and_dice, "x.py", "import time\ntime.monotonic()\ntime.perf_counter()"),
    (house.clocks_and_dice, "x.py", "import datetime\ndatetime.timedelta(1)\nself.time.time()"),
    (house.module_name, "questions/certify.py", ""),
    (house.room_door, "room/__init__.py", IMPORTS_10),
    (house.room_door, "room/other.py", ""),
    (house.bare_excuses, "x.py", "x = 1  # noqa: E501 - a long address"),
    (house.bare_excuses, "x.py", "x = 1  # type: ignore[misc]  # frozen on purpose"),
]


@pytest.mark.parametrize(("rule", "path", "text", "says"), PLANTED)
def test_a_planted_violation_is_found(rule: Rule, path: str, text: str, says: str) -> None:
    """The rule yields a fault that names the file and what is wrong."""
    faults = [str(fault) for fault in rule(Source.parsed(path, text))]
    assert len(faults) == 1
    assert faults[0].startswith(f"{path}:")
    assert says in faults[0]


@pytest.mark.parametrize(("rule", "path", "text"), PERMITTED)
def test_the_permitted_form_is_left_alone(rule: Rule, path: str, text: str) -> None:
    """The form just inside the rule gives no fault."""
    assert list(rule(Source.parsed(path, text))) == []


def test_every_rule_is_tried() -> None:
    """No rule without a planted violation."""
    elsewhere = {house.local_imports, house.hidden_imports}  # they take a second argument: see below
    rules = {
        value
        for value in vars(house).values()
        if callable(value) and "Iterator[Fault]" in str(getattr(value, "__annotations__", {}).get("return"))
    }
    assert rules == {rule for rule, *_ in PLANTED} | elsewhere


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("import polars", 0),
        ("def f():\n  import polars as p", 0),
        ("def f():\n  from polars.io import x", 0),
        ("def f():\n  import json", 1),
        ("class C:\n  def f(self):\n    from causal_eval.seeds import Stream", 1),
    ],
)
def test_local_imports_need_a_listed_reason(text: str, faults: int) -> None:
    """Only a listed module may be imported in a function, and only there the rule looks."""
    assert len(list(house.local_imports(Source.parsed("x.py", text), {"polars": "the extra [parquet]"}))) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("if TYPE_CHECKING:\n  from causal_eval.seeds import Stream", 1),
        ("if typing.TYPE_CHECKING:\n  from .seeds import Stream", 1),
        ("if TYPE_CHECKING:\n  from collections.abc import Sequence", 0),
        ("from causal_eval.seeds import Stream", 0),
    ],
)
def test_no_import_of_a_room_is_hidden(text: str, faults: int) -> None:
    """Under TYPE_CHECKING stands nothing of the package itself."""
    assert len(list(house.hidden_imports(Source.parsed("x.py", text), "causal_eval"))) == faults


@pytest.mark.parametrize(
    ("use", "excused"),
    [
        ("f(1, 2, c=3)", False),
        ("self.f(1, 2, 3)", False),
        ("Family(draw=f)", True),
        ("table = {'x': f}", True),
        ("partial(room.f, 1)", True),
        ("f(*row)", True),
    ],
)
def test_a_function_that_is_handed_on_is_shaped_by_its_caller(use: str, excused: bool) -> None:
    """Whoever calls through a value decides between position and keyword; a plain call does not excuse."""
    source = Source.parsed("x.py", f"def f(a, b, c): ...\n{use}")
    assert (not list(house.parameters(source, house.shaped_by_callers(source.tree)))) is excused


def test_a_decision_record_excuses_a_long_file() -> None:
    """A file that is named in a record may be long; another one may not."""
    source = Source.parsed("a/b.py", "a = 1\n" * 500)
    assert not list(house.long_file(source, frozenset({"a/b.py"})))
    assert list(house.long_file(source, frozenset({"b.py"})))
