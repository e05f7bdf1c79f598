"""The report as one JSON document, for programs; `causal-eval reproduce` reads it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from causal_eval.analysis.reports.calibrating import calibration_line
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.lines import difference_line, score_line
from causal_eval.analysis.reports.profiling import profile_line
from causal_eval.analysis.reports.ticket import Ticket
from causal_eval.analysis.tables import score_rows
from causal_eval.errors import MalformedFile

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class _Document:
    tickets: tuple[Ticket, ...]


def structured(data: ReportData) -> str:
    """The report; equal data give equal text. Shares are between 0 and 1, differences too."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "title": data.title,
        "facts": dict(data.facts),
        "command": data.command,
        "level": data.profile.level,
        "tickets": [msgspec.to_builtins(one) | {"hash": one.hash, "command": one.command} for one in data.tickets],
        "scores": [{"answerer": row.answerer, **score_line(row)} for row in score_rows(data.profile, data.chance)],
        "comparisons": [difference_line(one) for one in data.comparisons],
        "profiles": [profile_line(one) for one in data.portraits],
        "calibrations": [calibration_line(one) for one in data.calibrations],
        "questions": [msgspec.to_builtins(card) for card in data.questions],
        "canary": data.canary,
    }
    return msgspec.json.encode(document).decode() + "\n"


def tickets_in(path: Path) -> tuple[Ticket, ...]:
    """The tickets of a report that was written so.

    Raises:
        MalformedFile: it is no such report.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Document).tickets
    except (OSError, msgspec.MsgspecError) as error:
        raise MalformedFile(str(path), f"it is no report of `causal-eval report --format json` ({error})") from error
