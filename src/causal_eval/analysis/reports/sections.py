"""What several forms of a report say alike: rows of scores, and why answers are wrong with what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from causal_eval.analysis.calibration.calibrate import Calibration
from causal_eval.analysis.columns import Row
from causal_eval.analysis.numbers import count, ends, hundredths, level
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profile import AnswererProfile
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports import calibrating
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.diagnosing import HEAD, RULE, cause_rows, sentences
from causal_eval.analysis.reports.profiling import ADVICE_RULE, Block, advice_lines, blocks
from causal_eval.analysis.reports.view import View

PARTS_HEAD = ("Part", "Score", "Interval", "Chance", "Units", "Clusters")


def part_rows(data: ReportData, one: AnswererProfile) -> list[Row]:
    """The scores of *one* answerer, below :data:`PARTS_HEAD`: overall, then rungs, then families."""
    view = View(data)
    readings = [view.reading(one, standing) for standing in (one.overall, *one.rungs, *one.families)]
    return [
        (
            reading.standing.scope.label, hundredths(reading.standing.score.estimate), ends(reading.standing.score),
            hundredths(reading.chance), count(reading.standing.score.n), count(reading.standing.score.clusters),
        )
        for reading in readings
    ]  # fmt: skip


class Section(NamedTuple):
    """Sentences, then tables, then how these are to be read."""

    title: str
    said: tuple[str, ...]
    tables: tuple[Block, ...]
    note: str


def why_sections(data: ReportData, *, narrow: bool = False) -> Iterator[Section]:
    """For each model why its answers are wrong, then its profile and what follows; *narrow*: for a column of text.

    At the end those that state how sure they are: whether that is deserved.
    """
    for portrait in data.portraits:
        yield _diagnosis(portrait)
        yield _profile(portrait, narrow=narrow)
    yield from map(_calibration, data.calibrations)


def _diagnosis(one: CausalProfile) -> Section:
    found = one.diagnosis
    title = f"Shares of the misses with {level(found.level)} intervals"
    tables: tuple[Block, ...] = ((title, HEAD, cause_rows(found)),) if found.misses else ()
    name = one_line(one.answerer)
    return Section(f"Why answers of {name} are wrong", tuple(sentences(found)), tables, RULE if tables else "")


def _profile(one: CausalProfile, *, narrow: bool) -> Section:
    title, tables = f"Profile of {one_line(one.answerer)}, and what follows", tuple(blocks(one, narrow=narrow))
    return Section(title, tuple(advice_lines(one)), tables, ADVICE_RULE)


def _calibration(found: Calibration) -> Section:
    table = (
        f"Share right by stated confidence, with {level(found.level)} intervals",
        calibrating.HEAD,
        calibrating.bin_rows(found),
    )
    return Section(
        f"Calibration of {one_line(found.answerer)}", tuple(calibrating.sentences(found)), (table,), calibrating.RULE
    )
