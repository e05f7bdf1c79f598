"""A gate's ruling for those who wait for it: one sentence, JUnit XML, a Markdown summary, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from xml.etree import ElementTree as ET

from causal_eval.analysis.comparable import Concern
from causal_eval.analysis.gate import Gate, Ruling, Took
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import count, counted, ends, hundredths, level, money, p_value, percent, points
from causal_eval.analysis.plain import one_line

Json = dict[str, object]
_SAID = {
    Ruling.PASS: "is shown to be no more than {} worse than",
    Ruling.FAIL: "is shown to be more than {} worse than",
    Ruling.INCONCLUSIVE: "is neither shown to be no more than {} worse than",
}
_MARKS = {Ruling.PASS: "✅", Ruling.FAIL: "❌", Ruling.INCONCLUSIVE: "❔"}


def sentence(found: Gate) -> str:
    """The ruling with what it rests on, and what would decide it."""
    gap, names = found.comparison.difference, (one_line(found.comparison.a), one_line(found.comparison.b))
    said = f"{names[0]} {_SAID[found.ruling].format(_margin(found))} {names[1]}"
    if found.ruling is Ruling.INCONCLUSIVE:
        said += ", nor to be worse than that"
    said = f"{found.ruling.value.upper()}: {said}: {points(gap.estimate)} {ends(gap)}, "
    said += f"{counted(gap.n, 'unit')} in {counted(gap.clusters, 'cluster')}"
    if found.needed is not None:
        need = found.needed
        said += (
            f". If the difference is real, {count(need.units)} units in {count(need.clusters)} clusters would decide "
            f"with {level(need.power)} probability"
        )
    if found.if_missing_were_wrong is not None:
        lost = counted(found.comparison.unpaired.missing_a, "unit")
        said += f". Were {lost} that only the new run lacks wrong, it would be {points(found.if_missing_were_wrong)}"
    return said


def took_sentence(took: tuple[Took, Took]) -> str:
    """What the two runs took, beside each other."""
    new, old = (f"{_tokens(one)} tokens, {_dollars(one)}" for one in took)
    return f"The new run took {new}; the baseline {old}"


def took_line(took: tuple[Took, Took]) -> Json:
    """The same as it leaves as JSON; costs are dollars, null where none is known."""
    return {
        f"{name}_{field}": value
        for name, one in zip(("new", "baseline"), took, strict=True)
        for field, value in (
            ("input_tokens", one.tokens.input), ("output_tokens", one.tokens.output),
            ("cost", None if one.cost.known is None else float(one.cost.known)), ("unpriced", one.cost.unknown),
        )
    }  # fmt: skip


def junit(found: Gate, concerns: Sequence[Concern], *, took: tuple[Took, Took]) -> str:
    """One test case: fails where the gate fails, is an error where it cannot tell; warnings are its output."""
    bad = found.ruling is Ruling.FAIL, found.ruling is Ruling.INCONCLUSIVE
    counts = {"tests": "1", "failures": str(int(bad[0])), "errors": str(int(bad[1])), "skipped": "0"}
    suite = ET.Element("testsuite", {"name": "causal-eval gate", **counts})
    kept = ET.SubElement(suite, "properties")
    for name, value in (gate_line(found) | took_line(took)).items():
        ET.SubElement(kept, "property", {"name": name, "value": one_line(str(value))})
    title = f"no more than {_margin(found)} worse than {one_line(found.comparison.b)}"
    case = ET.SubElement(suite, "testcase", {"classname": one_line(found.comparison.a), "name": title})
    if any(bad):
        tag = ET.SubElement(case, "failure" if bad[0] else "error", {"message": sentence(found)})
        tag.set("type", found.ruling.value)
    ET.SubElement(case, "system-out").text = "\n".join([sentence(found), *(one_line(one.said) for one in concerns)])
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def markdown(found: Gate, concerns: Sequence[Concern], *, took: tuple[Took, Took], priced_by: str = "") -> str:
    """A section for a summary of continuous integration: ruling, table, warnings."""
    one, gap = found.comparison, found.comparison.difference
    lines = [
        f"### {_MARKS[found.ruling]} causal-eval gate: {found.ruling.value}",
        "",
        _cell(sentence(found)),
        "",
        "| | score | difference | interval | units | clusters | p |",
        "|---|---|---|---|---|---|---|",
        f"| {_cell(one.b)} (baseline) | {percent(one.score_b.estimate)} | | {ends(one.score_b)} | | | |",
        f"| {_cell(one.a)} | {percent(one.score_a.estimate)} | {_gap(gap)} | {p_value(one.evidence.sign_flip.p)} |",
        *(
            f"| {_cell(part.scope.label)} | | {_gap(part.difference)} | {p_value(part.holm)} (Holm) |"
            for part in one.scopes
        ),
        "",
        "| | tokens in | tokens out | dollars |",
        "|---|---|---|---|",
        f"| {_cell(one.b)} (baseline) | {_took(took[1])} |",
        f"| {_cell(one.a)} | {_took(took[0])} |",
        "",
        *((f"Prices: {_cell(priced_by)}.",) if priced_by else ()),
        f"Intervals are of {level(gap.level)}, paired and clustered by causal model.",
        *(f"\n> Warning: {_cell(concern.said)}" for concern in concerns),
    ]
    return "\n".join(lines) + "\n"


def gate_line(found: Gate) -> Json:
    """The ruling as it leaves as JSON; differences are shares."""
    gap = found.comparison.difference
    return {
        "ruling": found.ruling.value, "margin": found.margin, "difference": gap.estimate, "low": gap.low,
        "high": gap.high, "level": gap.level, "units": gap.n, "clusters": gap.clusters, "new": found.comparison.a,
        "baseline": found.comparison.b, "p": found.comparison.evidence.sign_flip.p,
        "units_needed": None if found.needed is None else found.needed.units,
        "clusters_needed": None if found.needed is None else found.needed.clusters,
        "if_missing_were_wrong": found.if_missing_were_wrong,
        **{name: number for name, number in asdict(found.comparison.unpaired).items() if number},
    }  # fmt: skip


def _tokens(one: Took) -> str:
    return f"{count(one.tokens.input + one.tokens.output)}{_besides(one.tokens.unknown, 'uncounted')}"


def _dollars(one: Took) -> str:
    return f"{money(one.cost.known)}{_besides(one.cost.unknown, 'without a price')}"


def _took(one: Took) -> str:
    return f"{count(one.tokens.input)} | {count(one.tokens.output)} | {_dollars(one)}"


def _besides(number: int, why: str) -> str:
    return f" ({count(number)} {'reply' if number == 1 else 'replies'} {why})" if number else ""


def _gap(gap: Interval) -> str:
    return f"{points(gap.estimate)} | {ends(gap)} | {count(gap.n)} | {count(gap.clusters)}"


def _margin(found: Gate) -> str:
    return f"{hundredths(found.margin)} points"


def _cell(text: str) -> str:
    """Foreign text that cannot leave its cell or be taken for HTML."""
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
