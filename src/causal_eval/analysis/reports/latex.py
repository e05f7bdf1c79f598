r"""The report's tables as LaTeX, to be ``\input`` in a paper: needs ``booktabs`` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level, p_value
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.ticket import Ticket
from causal_eval.analysis.reports.view import View

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u2013": "--", "\u2212": "$-$", "\u00a0": "~", "\u2264": r"$\leq$",
    "\u2265": r"$\geq$", "\u2248": r"$\approx$", "\u2192": r"$\rightarrow$", "\u2194": r"$\leftrightarrow$",
    "[": "{[}", "]": "{]}",
}  # fmt: skip
_ANY = re.compile("|".join(map(re.escape, _SPECIAL)))


def latex(data: ReportData) -> str:
    """Tables of scores and of paired differences; equal data give equal text."""
    parts = [_preface(data)]
    parts += [_scores(data, place) for place in range(len(data.profile.answerers))]
    if data.comparisons:
        parts.append(_differences(data))
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Foreign text on one line, as itself: nothing in it is a command."""
    return _ANY.sub(lambda found: _SPECIAL[found[0]], one_line(text))


def _preface(data: ReportData) -> str:
    lines = [
        one_line(data.title),
        r"\usepackage{booktabs} in the preamble; with pdfLaTeX also \usepackage[T1]{fontenc}",
    ]
    lines += [f"{one.name}: {one.command}" for one in data.tickets]
    if data.command:
        lines.append(one_line(data.command))
    return "\n".join(f"% {line}" for line in lines)


def _scores(data: ReportData, place: int) -> str:
    one, view = data.profile.answerers[place], View(data)
    rows = []
    for standing in (one.overall, *one.rungs, *one.families):
        reading = view.reading(one, standing)
        rows.append(
            (
                standing.scope.label, hundredths(standing.score.estimate), ends(standing.score),
                hundredths(reading.chance), count(standing.score.n), count(standing.score.clusters),
            )
        )  # fmt: skip
    said = (
        f"Scores of {one.answerer} in per cent with {level(data.profile.level)} intervals, clustered by causal model"
        f"{_source(data.tickets, one.answerer)}."
    )
    head = ("Part", "Score", "Interval", "Chance", "Units", "Clusters")
    return _table(said, f"scores-{place + 1}", head=head, rows=rows, breaks={1, 1 + len(one.rungs)})


def _differences(data: ReportData) -> str:
    rows = [
        (
            f"{one.a} \u2212 {one.b}", hundredths(one.difference.estimate, signed=True), ends(one.difference),
            p_value(one.evidence.sign_flip.p), count(one.difference.n), count(one.difference.clusters),
        )
        for one in data.comparisons
    ]  # fmt: skip
    said = (
        f"Paired differences in percentage points with {level(data.profile.level)} intervals, clustered by causal "
        "model; p of the cluster sign-flip test."
    )
    head = ("Pair", "Difference", "Interval", "p", "Units", "Clusters")
    return _table(said, "differences", head=head, rows=rows)


def _source(tickets: Iterable[Ticket], answerer: str) -> str:
    found = next((one for one in tickets if one.answerer == answerer), None)
    return f" (set {found.question_set}, result {found.hash})" if found else ""


def _table(
    caption: str,
    label: str,
    *,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    breaks: Iterable[int] = (),
) -> str:
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:causal-eval-{label}}}",
        rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
        r"\toprule",
        _line(head),
        r"\midrule",
        *_body(rows, frozenset(breaks)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _body(rows: Iterable[Sequence[str]], breaks: frozenset[int]) -> Iterator[str]:
    for place, row in enumerate(rows):
        if place in breaks:
            yield r"\addlinespace"
        yield _line(row)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(escaped(cell) or NONE for cell in cells) + r" \\"
