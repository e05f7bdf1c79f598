"""``causal-eval solve``: cases in, one JSON line each out."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from causal_eval.cli import output
from causal_eval.errors import CausalError, MalformedCase, MalformedFile, VerificationMismatch
from causal_eval.service.solving import case_id, solved_case

BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a mistake of ours looks like: it costs one case its answer, and not all that come after."""


def solve_file(file: str, *, json: bool, check: bool) -> int:
    """Answer every case of *file* (``-`` = standard input), and give the exit code.

    2 if any was malformed, 8 if with *check* the second solver, a step or the certificate of any said something else, 1
    if any met a mistake of ours; the others are still answered. That the mathematics gives no answer is a result: it
    stands under ``answer``, and what it means under ``error``.
    """
    del json  # the answer is always JSON lines; the flag is taken for uniformity
    codes = {0, *[_answered(case, check=check) for case in _cases(file)]}
    return next(code for code in (1, VerificationMismatch.exit_code, MalformedCase.exit_code, 0) if code in codes)


def _answered(case: Any, *, check: bool) -> int:
    """Answer one case; its exit code."""
    if isinstance(case, MalformedFile):
        return _failed(None, "malformed", error=case, code=MalformedCase.exit_code)
    name = case_id(case)
    try:
        output.emit(solved_case(case, check=check))
    except MalformedCase as error:
        return _failed(name, "malformed", error=error, code=MalformedCase.exit_code)
    except VerificationMismatch as error:
        return _failed(name, _snake(error.kind), error=error, code=VerificationMismatch.exit_code)
    except CausalError as error:
        kind = _snake(error.kind)
        told = {"id": name, "answer": kind, "error": {"kind": kind, "message": str(error)}}
        output.emit(told if error.certificate is None else told | {"certificate": error.certificate})
    except BUGS as error:
        traceback.print_exc()
        return _failed(
            name, "bug", error=f"{type(error).__name__}: {error}; a mistake of ours, please report it", code=1
        )
    return 0


def _failed(name: Any, kind: str, *, error: object, code: int) -> int:
    output.emit({"id": name, "error": {"kind": kind, "message": str(error)}})
    return code


def _cases(file: str) -> Iterator[Any]:
    text = sys.stdin.read() if file == "-" else _read(Path(file))
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        yield from _lines(text, file)
        return
    if isinstance(value, dict) and "cases" in value:
        graphs = value.get("models") or {}
        if not isinstance(value["cases"], list) or not isinstance(graphs, dict):
            raise MalformedFile(file, '"cases" is a list of cases, and "models" an object of named graphs')
        yield from (_named(case, graphs) for case in value["cases"])
    elif isinstance(value, list):
        yield from value
    else:
        yield value


def _lines(text: str, file: str) -> Iterator[Any]:
    """The case of every line, or what is wrong with it; where the first is no JSON the file is none either."""
    for count, (number, line) in enumerate((one for one in enumerate(text.splitlines(), 1) if one[1].strip()), 1):
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            fault = MalformedFile(file, f"not JSON: {error}", line=number)
            if count == 1:
                raise fault from error
            yield fault


def _named(case: Any, graphs: Any) -> Any:
    """The case with a graph that it names by ``{"model": NAME}`` filled in from the file's ``models``."""
    graph = case.get("graph") if isinstance(case, dict) else None
    if isinstance(graph, dict) and isinstance(graph.get("model"), str) and graph["model"] in graphs:
        return {**case, "graph": graphs[graph["model"]]}
    return case


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedFile(str(path), f"is not UTF-8 (byte {error.start}); write it as UTF-8") from error
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror}); check the path") from error


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
