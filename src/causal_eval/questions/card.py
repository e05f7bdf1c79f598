"""The proof card of a question as plain text: prompt, graph, estimand, derivation, answer, classic mistakes."""

from __future__ import annotations

import textwrap
from typing import Any

import msgspec

from causal_eval.questions.adversarial import category_of
from causal_eval.questions.question import Certificate, Question, Step

WIDTH = 100
QUOTE = '"'
CLAIMS = {
    "dsep": ("no path is open", "a path is open"),
    "is_adjustment_set": ("a valid adjustment set", "not a valid adjustment set"),
}
"""What a yes or no of ``solve`` says, by the kind of its query."""


def card(question: Question) -> str:
    """Everything that proves the answer of *question*, for a person to read; needs its certificate."""
    certificate = question.certificate
    assert certificate is not None, "the door asks for the certificate first"
    head = (
        f"{question.id}  {question.family}/{question.kind}  rung {question.rung}  {question.domain}  "
        f"{question.regime}  difficulty {question.difficulty}"
    )
    trap = category_of(f"{question.family}/{question.kind}")
    parts = [
        head,
        *([f"adversarial: {trap}"] if trap else []),
        f"cluster {question.cluster}" + (f"  twin group {question.twin}" if question.twin else ""),
        *_section("Question", question.prompt.splitlines()),
        *_section("Causal graph", graph_lines(certificate)),
        *_section("Asked for", [certificate.estimand]),
        *_section("Quantities", quantity_lines(certificate)),
        *_section("Derivation", step_lines(certificate)),
        *_section("Answer", [shown(question.gold)]),
        *_section("What each classic mistake would answer", mistake_lines(certificate)),
    ]
    return "\n".join(parts)


def graph_lines(certificate: Certificate) -> list[str]:
    """One line a node that has effects, causes before effects, and one a hidden common cause; unmeasured are marked."""
    graph = certificate.case["graph"]
    latent = set(graph.get("latent", ()))
    effects: dict[str, list[str]] = {node: [] for node in graph["nodes"]}
    for cause, effect in graph.get("directed", ()):
        effects[cause].append(effect)
    hidden = [(one, other) for one, other in graph.get("bidirected", ())]
    lines = []
    for node in _causal_order(effects):
        name = _name(node, certificate) + (" (unmeasured)" if node in latent else "")
        if effects[node]:
            lines.append(f"{name} --> {', '.join(_name(effect, certificate) for effect in effects[node])}")
        elif not any(node in others for others in (*effects.values(), *hidden)):
            lines.append(f"{name} (stands alone)")
    pairs = [f"{_name(one, certificate)} <-> {_name(other, certificate)}" for one, other in hidden]
    return lines + [f"{pair} (hidden common cause)" for pair in pairs]


def quantity_lines(certificate: Certificate) -> list[str]:
    """One line a quantity: the letter that stands for it in the derivation, its name, and what 0 and 1 mean."""
    names = sorted(certificate.names.items(), key=lambda item: (len(item[0]), item[0]))
    return [f"{symbol}  {name}: 0 = {low}, 1 = {high}" for symbol, (name, low, high) in names]


def step_lines(certificate: Certificate) -> list[str]:
    """One line a step: its id, what it says, and its value."""
    return [f"{step.id}  {_said(step)}" for step in certificate.steps]


def _said(step: Step) -> str:
    value = msgspec.json.decode(step.value)
    match step.rule:
        case "given":
            return f"{step.text} = {value}  [printed]"
        case "claim" if isinstance(value, bool):
            kind = str(msgspec.json.decode(step.expression).get("kind"))
            yes, no = CLAIMS.get(kind, (f"{kind}: yes", f"{kind}: no"))
            return f"{step.text}  [checked on the graph: {yes if value else no}]"
        case "claim":
            return f"{step.text} = {step.value.strip(QUOTE)}  [checked on the whole model]"
    expression = "" if step.expression == value else f" = {step.expression}"
    return f"{step.text}{expression} = {value}"


def mistake_lines(certificate: Certificate) -> list[str]:
    """One line a named mistake with the answer it leads to."""
    return [f"{name}: {shown(msgspec.json.decode(value))}" for name, value in certificate.mistakes.items()]


def shown(value: Any) -> str:
    """A gold answer or a mistake's answer as a person would write it."""
    if isinstance(value, dict) and "formula" in value:
        return str(value["formula"] or "none")
    if isinstance(value, dict):
        return "; ".join(f"{name} = {label}" for name, label in value.items())
    if isinstance(value, list):
        return " or ".join("{" + ", ".join(part) + "}" for part in value) or "none exists"
    return str(value)


def _causal_order(effects: dict[str, list[str]]) -> list[str]:
    """The nodes, causes first."""
    waiting = {node: sum(node in others for others in effects.values()) for node in effects}
    order: list[str] = []
    while waiting:
        free = [node for node, causes in waiting.items() if causes == 0]
        for node in free:
            del waiting[node]
            for effect in effects[node]:
                waiting[effect] -= 1
        order += free
    return order


def _name(node: str, certificate: Certificate) -> str:
    variable, _, world = node.partition(" ")  # of a change: "V3" is after it, "V3 before" before it
    return f"{certificate.names[variable][0].removeprefix('the ')} {world}".rstrip()


def _section(title: str, lines: list[str]) -> list[str]:
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="      ") or [""]
    ]
    return ["", title, *wrapped]
