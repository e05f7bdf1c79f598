"""``causal-eval solve``: cases in, one JSON line each out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from causal_eval.cli import output
from causal_eval.errors import CausalError, MalformedCase, MalformedFile
from causal_eval.service.solving import case_id, solved_case


def solve_file(file: str, *, json: bool, check: bool) -> int:
    """Answer every case of *file* (``-`` = standard input); exit 2 if any was malformed, the others still answered.

    That the mathematics gives no answer is a result: it stands under ``answer``, and what it means under ``error``.

    Raises:
        VerificationMismatch: with *check*, the second solver, a step or the certificate says something else.
    """
    del json  # the answer is always JSON lines; the flag is taken for uniformity
    malformed = False
    for case in _cases(file):
        try:
            output.emit(solved_case(case, check=check))
        except MalformedCase as error:
            malformed = True
            output.emit({"id": case_id(case), "error": {"kind": "malformed", "message": str(error)}})
        except CausalError as error:
            kind = _snake(error.kind)
            told = {"id": case_id(case), "answer": kind, "error": {"kind": kind, "message": str(error)}}
            output.emit(told if error.certificate is None else told | {"certificate": error.certificate})
    return MalformedCase.exit_code if malformed else 0


def _cases(file: str) -> Iterator[Any]:
    text = sys.stdin.read() if file == "-" else _read(Path(file))
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        yield from _lines(text, file)
        return
    if isinstance(value, dict) and "cases" in value:
        graphs = value.get("models", {})
        yield from (_named(case, graphs) for case in value["cases"])
    elif isinstance(value, list):
        yield from value
    else:
        yield value


def _lines(text: str, file: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise MalformedFile(file, f"not JSON: {error}", line=number) from error


def _named(case: Any, graphs: Any) -> Any:
    """The case with a graph that it names by ``{"model": NAME}`` filled in from the file's ``models``."""
    graph = case.get("graph") if isinstance(case, dict) else None
    if isinstance(graph, dict) and isinstance(graph.get("model"), str) and graph["model"] in graphs:
        return {**case, "graph": graphs[graph["model"]]}
    return case


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror}); check the path") from error


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
