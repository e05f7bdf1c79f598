"""Association in a certificate's graph: what a look at the data alone, without the arrows, would show."""

from __future__ import annotations

from causal_eval.causal.case import read_case
from causal_eval.causal.graph import bits, mask_of
from causal_eval.causal.separation import reachable
from causal_eval.questions.question import Question


def associated_with_both(question: Question) -> list[str] | None:
    """The items associated with treatment and outcome alike: "control for whatever goes along with both".

    None where the question's case names no treatment and outcome, or is not known.
    """
    if question.certificate is None:
        return None
    case = read_case(question.certificate.case)
    if not case.query.x or not case.query.y:
        return None
    with_x = reachable(case.graph, mask_of(case.query.x), z=0)
    with_y = reachable(case.graph, mask_of(case.query.y), z=0)
    printed = question.certificate.names
    names = {printed[case.names[node]][0] for node in bits(with_x & with_y) if case.names[node] in printed}
    return [item for item in question.answer.items if item in names]
