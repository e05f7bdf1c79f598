"""The results of an evaluation as a file: CSV for spreadsheets, JSON lines for programs, a row for each outcome."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from enum import StrEnum
from typing import NamedTuple

import msgspec

from causal_eval.service import jobs
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.exported import Exported, exported

_RUNS = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""Begins what a spreadsheet takes for a formula; the wide forms count there too."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LONGEST = 60


class Form(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"


class Export(NamedTuple):
    """A file that is made while it is sent."""

    name: str
    """Of letters, digits, dots, dashes and underscores alone."""
    lines: Iterator[bytes]


def export(visit: Visit, evaluation: str, *, form: Form) -> Export:
    """Every planned outcome of *evaluation* with prompt and reply; rights are checked now, rows read while taken.

    Raises:
        UnknownName: there is no such evaluation in the caller's projects.
        Conflict: it is of a verified submission that is not scored yet, or of a set that is not revealed.
    """
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
    rows = exported(visit.service.store, found)
    return Export(file_name(found.spec.answerer, found.id, form=form), _csv(rows) if form is Form.CSV else _jsonl(rows))


def file_name(answerer: str, evaluation: str, *, form: Form) -> str:
    """A name that is safe on every disk and in every header, whatever a model is called."""
    said = re.sub(r"[^A-Za-z0-9_]+", "-", answerer)[:_LONGEST].strip("-") or "results"
    return f"{said}-{evaluation}.{form}"


def cell(value: object) -> str:
    """*value* as a spreadsheet shows it and never runs it: what would be a formula gets an apostrophe before it."""
    text = "" if value is None else " ".join(value) if isinstance(value, tuple) else str(value)
    return f"'{text}" if _RUNS.match(text.lstrip(" ")) and not _NUMBER.fullmatch(text) else text


def _csv(rows: Iterator[Exported]) -> Iterator[bytes]:
    names = [field.name for field in fields(Exported)]
    yield _written(names)
    for row in rows:
        yield _written([cell(getattr(row, name)) for name in names])


def _written(cells: list[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _jsonl(rows: Iterator[Exported]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for row in rows:
        answer = None if row.answer is None else msgspec.Raw(row.answer.encode())
        yield encoder.encode(asdict(row) | {"answer": answer, "right": msgspec.Raw(row.right.encode())}) + b"\n"
