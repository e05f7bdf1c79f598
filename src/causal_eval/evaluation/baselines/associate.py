"""Association in a certificate's graph: what a look at the data alone, without the arrows, would show."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.causal.case import read_facts
from causal_eval.causal.graph import bits, mask_of
from causal_eval.causal.separation import reachable
from causal_eval.questions.question import Question


def associated_with_both(question: Question) -> list[str] | None:
    """The items associated with treatment and outcome alike: "control for whatever goes along with both".

    None where the question's case names no treatment and outcome, or is not known.
    """
    if question.certificate is None:
        return None
    names, graph, _ = read_facts(question.certificate.case)
    query = question.certificate.case["query"]
    x, y = (_mask(query.get(end), names) for end in "XY")
    if not x or not y:
        return None
    printed = question.certificate.names
    with_both = bits(reachable(graph, x, z=0) & reachable(graph, y, z=0))
    found = {printed[names[node]][0] for node in with_both if names[node] in printed}
    return [item for item in question.answer.items if item in found]


def _mask(end: object, names: Sequence[str]) -> int:
    """The nodes of a query's *end*: a name, a list of names, or nothing."""
    listed = end if isinstance(end, list) else [] if end is None else [end]
    return mask_of([names.index(name) for name in listed])
