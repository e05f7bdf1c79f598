"""One question: what was asked and answered, what was read from it, and the proof of the right answer."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.charts.dag import drawing_of
from causal_eval.questions.card import mistake_lines, quantity_lines, step_lines
from causal_eval.questions.question import Question, canonical
from causal_eval.service import jobs, results
from causal_eval.web.asked import Asked


def shown(asked: Asked) -> Response:
    """The page."""
    name = asked.part("evaluation")
    answers = results.answers(asked.visit, name, question=asked.part("question"))
    values = {
        "evaluation": jobs.find(asked.visit, name).evaluation,
        "answers": answers,
        "proof": proof(answers.question),
    }
    return asked.page("question", values)


def proof(question: Question) -> dict[str, object] | None:
    """What a template shows of a question's certificate; None: it has none."""
    certificate = question.certificate
    if certificate is None:
        return None
    mistakes = [line.partition(": ") for line in mistake_lines(certificate)]
    return {
        "drawing": drawing_of(certificate),
        "estimand": certificate.estimand,
        "quantities": quantity_lines(certificate),
        "steps": [line.partition("  ") for line in step_lines(certificate)],
        "mistakes": [(name.replace("_", " "), answer) for name, _, answer in mistakes],
        "case": canonical({"id": question.id, **certificate.case}).decode(),
    }
