"""The rules of the house that ruff, mypy and import-linter cannot express, as functions from source to faults.

Each rule takes a parsed :class:`Source` and yields a :class:`Fault` for every place that breaks it. ``test_rules.py``
plants a violation of each, ``test_house.py`` applies them to the program. A number counts *lines that hold something*:
blank lines and docstrings are left out, comments are not.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

Function = ast.FunctionDef | ast.AsyncFunctionDef

FILE_LINES = 400
FUNCTION_LINES = 60
NESTING = 3
PARAMETERS = 6
POSITIONAL = 2
EXPORTS = 10
SKIPS = {f"pytest.{name}" for name in ("importorskip", "skip", "xfail", "mark.skip", "mark.skipif", "mark.xfail")}
BANNED_MODULES = frozenset(
    {"base", "common", "core", "helper", "helpers", "misc", "models", "shared", "types", "util", "utils"}
)
WALL_CLOCKS_AND_DICE = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "os.urandom",
        "time.ctime",
        "time.gmtime",
        "time.localtime",
        "time.strftime",
        "time.time",
        "time.time_ns",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
DICE_MODULES = ("random", "secrets", "numpy.random")


@dataclass(frozen=True, slots=True)
class Fault:
    """A place that breaks a rule."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path below the package (or checkout), its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @classmethod
    def parsed(cls, path: str, text: str) -> Source:
        """The source of *text*."""
        return cls(path, text, ast.parse(text))

    def fault(self, node: ast.AST | int, text: str) -> Fault:
        """A fault at *node* (or line number)."""
        return Fault(self.path, node if isinstance(node, int) else getattr(node, "lineno", 1), text)


@functools.cache
def sources(folder: Path) -> tuple[Source, ...]:
    """Every Python file below *folder*, by path."""
    return tuple(
        Source.parsed(path.relative_to(folder).as_posix(), path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.py"))
    )


@functools.cache
def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node below *tree*, gone through once however many rules ask."""
    return tuple(ast.walk(tree))


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function, nested ones and methods included."""
    return (node for node in walked(tree) if is_function(node))


def is_function(node: ast.AST) -> TypeGuard[Function]:
    """Whether *node* defines a function."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def body_lines(function: Function, text: str) -> int:
    """Lines of the body that hold code or a comment, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if not body:
        return 0
    lines = text.splitlines()[body[0].lineno - 1 : function.end_lineno]
    return sum(1 for line in lines if line.strip())


# ---- size ---------------------------------------------------------------------------------------------------------


def long_file(source: Source, excused: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """No file is longer than FILE_LINES, unless a decision record names it."""
    count = len(source.text.splitlines())
    if count > FILE_LINES and source.path not in excused:
        yield source.fault(1, f"{count} lines, more than {FILE_LINES}: split it, or write a decision record")


def long_function(source: Source) -> Iterator[Fault]:
    """No function body is longer than FUNCTION_LINES."""
    for function in functions(source.tree):
        if (count := body_lines(function, source.text)) > FUNCTION_LINES:
            yield source.fault(function, f"{function.name}() has {count} lines, more than {FUNCTION_LINES}")


def deep_nesting(source: Source) -> Iterator[Fault]:
    """No statement lies under more than NESTING blocks of its function; a nested function begins anew."""
    for function in functions(source.tree):
        if (depth := _depth(function.body)) > NESTING:
            yield source.fault(function, f"{function.name}() nests {depth} deep, more than {NESTING}")


def _depth(body: list[ast.stmt]) -> int:
    return max((_depth_of(statement) for statement in body), default=0)


def _depth_of(statement: ast.stmt) -> int:
    if is_function(statement) or isinstance(statement, ast.ClassDef):
        return 0
    blocks = _blocks(statement)
    return 1 + max(map(_depth, blocks)) if blocks else 0


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies of a compound statement; an ``elif`` counts with its ``if``."""
    match statement:
        case ast.If(body=body, orelse=[ast.If() as other]):
            return [body, *_blocks(other)]
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            return [statement.body, statement.orelse]
        case ast.With() | ast.AsyncWith():
            return [statement.body]
        case ast.Try() | ast.TryStar():
            handlers = [handler.body for handler in statement.handlers]
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
        case ast.Match():
            return [case.body for case in statement.cases]
    return []


# ---- signatures ---------------------------------------------------------------------------------------------------


def parameters(source: Source, shaped: frozenset[str] = frozenset()) -> Iterator[Fault]:
    """At most PARAMETERS parameters, all after the POSITIONAL first ones by keyword (``self`` left out).

    Functions named in *shaped* take theirs as their caller gives them (see :func:`shaped_by_callers`).
    """
    methods = {id(member) for cls in _classes(source) for member in cls.body}
    for function in functions(source.tree):
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        bound = id(function) in methods and not _is_static(function)
        positional = names[1:] if bound else names
        total = len(positional) + len(function.args.kwonlyargs)
        free = not function.name.startswith("__") and function.name not in shaped
        if total > PARAMETERS:
            yield source.fault(function, f"{function.name}() has {total} parameters, more than {PARAMETERS}")
        if free and len(positional) > POSITIONAL:
            yield source.fault(
                function,
                f"{function.name}() takes {len(positional)} parameters by position: put `*` after {POSITIONAL}",
            )


def shaped_by_callers(tree: ast.AST) -> frozenset[str]:
    """Names of functions that are handed on as values, or called with ``*items``: others decide how they are called."""
    calls = [node for node in walked(tree) if isinstance(node, ast.Call)]
    plain = {id(call.func) for call in calls if not any(isinstance(a, ast.Starred) for a in call.args)}
    used = (node for node in walked(tree) if isinstance(node, ast.Name | ast.Attribute) and id(node) not in plain)
    loaded = (node for node in used if isinstance(node.ctx, ast.Load))
    return frozenset(node.id if isinstance(node, ast.Name) else node.attr for node in loaded)


def _is_static(function: Function) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)


def keyword_bags(source: Source) -> Iterator[Fault]:
    """``**kwargs`` only forwards what a ParamSpec types (or what ``functools.wraps`` wraps): no checker goes blind."""
    for function in functions(source.tree):
        bag = function.args.kwarg
        typed = bag is not None and bag.annotation is not None and ast.unparse(bag.annotation).endswith(".kwargs")
        wraps = any("wraps" in ast.dump(decorator) for decorator in function.decorator_list)
        if bag is not None and not typed and not wraps:
            yield source.fault(function, f"{function.name}() takes **{bag.arg}")


def anys(source: Source) -> Iterator[Fault]:
    """``Any`` is not imported; where JSON enters, the caller excuses the module."""
    for node in walked(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "typing":
            if any(alias.name == "Any" for alias in node.names):
                yield source.fault(node, "imports Any: say what the value is, or add the module to ANY with a reason")
        elif isinstance(node, ast.Attribute) and node.attr == "Any":
            yield source.fault(node, "uses typing.Any")


# ---- what is not done ---------------------------------------------------------------------------------------------


def global_statements(source: Source) -> Iterator[Fault]:
    """Nothing says ``global``."""
    for node in walked(source.tree):
        if isinstance(node, ast.Global):
            yield source.fault(node, f"global {', '.join(node.names)}")


def broad_handlers(source: Source) -> Iterator[Fault]:
    """Nothing catches everything, unless to clean up and raise it again."""
    for node in walked(source.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_again(node):
            yield source.fault(node, "catches everything: name what can happen")


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def skips(source: Source) -> Iterator[Fault]:
    """No test is skipped, or expected to fail."""
    meanings = _meanings(source)
    for node in walked(source.tree):
        if isinstance(node, ast.Attribute) and _dotted(node, meanings) in SKIPS:
            yield source.fault(node, f"{_dotted(node, meanings)}: tests.lacking knows what `make setup` has brought")


def thawed_dataclasses(source: Source) -> Iterator[Fault]:
    """Every dataclass that others can see is frozen and has slots; a private one may be a place to count in."""
    for cls in (cls for cls in _classes(source) if not cls.name.startswith("_")):
        for decorator in cls.decorator_list:
            is_dataclass = ast.unparse(decorator).startswith(("dataclass", "dataclasses."))
            if is_dataclass and not {"frozen", "slots"} <= _trues(decorator):
                yield source.fault(cls, f"dataclass {cls.name} is not frozen with slots")


def _classes(source: Source) -> Iterator[ast.ClassDef]:
    return (node for node in walked(source.tree) if isinstance(node, ast.ClassDef))


def _trues(call: ast.expr) -> set[str]:
    if not isinstance(call, ast.Call):
        return set()
    return {k.arg for k in call.keywords if k.arg and isinstance(k.value, ast.Constant) and k.value.value is True}


def abstract_classes(source: Source) -> Iterator[Fault]:
    """What is swapped is a Protocol: nothing imports ``abc``."""
    for node, name in imports(source):
        if name.split(".")[0] == "abc":
            yield source.fault(node, "imports abc: use a Protocol")


def clocks_and_dice(source: Source) -> Iterator[Fault]:
    """Chance comes from ``seeds.Stream``, the time of day from an injected clock."""
    names = _meanings(source)
    for node, name in imports(source):
        if name.startswith(DICE_MODULES):
            yield source.fault(node, f"imports {name}: randomness is a seeds.Stream argument")
    for used in walked(source.tree):
        meant = _dotted(used, names)
        if meant in WALL_CLOCKS_AND_DICE or meant == "numpy.random":
            yield source.fault(used, f"uses {meant}: take a clock or a seeds.Stream as argument")


def _meanings(source: Source) -> dict[str, str]:
    """Local name -> the full name that was imported under it."""
    meanings: dict[str, str] = {}
    for node in walked(source.tree):
        if isinstance(node, ast.Import):
            meanings |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            meanings |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return meanings


def _dotted(node: ast.AST, meanings: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return meanings.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value, meanings)):
        return f"{before}.{node.attr}"
    return ""


# ---- imports and names --------------------------------------------------------------------------------------------


def imports(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module with the statement that imports it, wherever it stands."""
    return imports_of(source.tree)


def imports_of(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every imported module below *tree* with the statement that imports it."""
    for node in walked(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, "." * node.level + (node.module or "")


def local_imports(source: Source, reasons: dict[str, str]) -> Iterator[Fault]:
    """Functions import nothing but what *reasons* (top-level name or full module -> why) lists."""
    for function in functions(source.tree):
        for node, name in imports_of(function):
            if name not in reasons and name.split(".")[0] not in reasons:
                yield source.fault(node, f"{function.name}() imports {name}: move it to the top, or list the reason")


def hidden_imports(source: Source, package: str) -> Iterator[Fault]:
    """``if TYPE_CHECKING`` hides no import of *package* itself: rooms depend on each other in the open."""
    guards = (n for n in walked(source.tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test))
    for guard in guards:
        for statement, name in imports_of(guard):
            if name.startswith((".", package)):
                yield source.fault(statement, f"hides the import of {name} under TYPE_CHECKING")


def module_name(source: Source) -> Iterator[Fault]:
    """No file or folder is called after nothing, or after the word that means three things."""
    for part in Path(source.path).with_suffix("").parts:
        if part in BANNED_MODULES or "model" in part.split("_") or "models" in part.split("_"):
            yield source.fault(1, f"a module called {part!r}: name it after its noun")


def class_names(source: Source) -> Iterator[Fault]:
    """No class is called a model: say Scm, Provider, table."""
    for cls in _classes(source):
        if "model" in cls.name.lower():
            yield source.fault(cls, f"a class called {cls.name}")


def room_door(source: Source) -> Iterator[Fault]:
    """An ``__init__`` is a docstring and at most EXPORTS names."""
    if Path(source.path).name != "__init__.py":
        return
    if not ast.get_docstring(source.tree):
        yield source.fault(1, "no docstring that says what the room knows and must not know")
    exported = [
        name.asname or name.name
        for node in source.tree.body
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__"
        for name in node.names
    ]
    if len(exported) > EXPORTS:
        yield source.fault(1, f"{len(exported)} exported names, more than {EXPORTS}")
    for node in source.tree.body[1:]:
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            continue  # names that are loaded when they are asked for
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign):
            yield source.fault(node, "logic in __init__.py")


_EXCUSE = re.compile(
    r"#\s*(?:noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?|type:\s*ignore(?:\[[^\]]*\])?)"
    r"(?P<why>[^#\n]*(?:#(?!\s*noqa|\s*type:)[^#\n]*)?)"
)


def bare_excuses(source: Source) -> Iterator[Fault]:
    """``noqa`` and ``type: ignore`` say why, on the same line."""
    for number, line in enumerate(source.text.splitlines(), start=1):
        for match in _EXCUSE.finditer(line):
            if not match["why"].strip(" -#"):
                yield source.fault(number, f"{match[0].strip()!r} without a reason")
