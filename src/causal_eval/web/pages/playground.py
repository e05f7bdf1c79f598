"""A graph is typed and asked about; a question is drawn and answered by whoever looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from causal_eval.analysis.charts.dag import Drawing
from causal_eval.causal.graph_text import names, read_graph_text
from causal_eval.errors import CausalError, MalformedCase, UsageError
from causal_eval.questions.question import Question
from causal_eval.service import questions
from causal_eval.service.access import Permission, require
from causal_eval.service.examples import Example, examples, groups
from causal_eval.service.practice import Draw
from causal_eval.service.practice import drawn as draw
from causal_eval.service.practice import judged as judge
from causal_eval.service.solving import solved_at_a_door
from causal_eval.web.asked import Asked, see
from causal_eval.web.calculated import calculated
from causal_eval.web.forms import whole
from causal_eval.web.pages.question import proof

MOST_NODES = 40
"""Nodes of a graph that is typed into the page."""
KINDS = {group.group: [one.kind for one in group.examples] for group in groups()}
"""Group -> its kinds."""
DRAWING = (
    "added", "removed", "joined", "parted", "renamed", "begun", "seen", "unseen", "refused", "unreadable", "how-move",
    "how-arrow", "how-both", "how-delete", "undone", "redone", "nothing",
)  # fmt: skip
"""What the drawing says; the script takes the words from the page, in its language."""
WHOLE = "json"
"""A whole case is given, in the format of ``causal-eval solve``."""
USUAL = "minimal_adjustment_sets"
"""The kind that the page begins with."""
FIELDS = ("graph", "kind", "X", "Y", "Z", "scm", "more", "case")


def shown(asked: Asked) -> Response:
    """Both forms, with the example of the kind that the address names."""
    require(asked.visit.caller, Permission.READ)
    one = examples().get(asked.query.get("kind", ""), examples()[USUAL])
    return _page(asked, dict.fromkeys(FIELDS, "") | _typed(one), {})


def solved(asked: Asked) -> Response:
    """The answer to what was typed, with its derivation."""
    require(asked.visit.caller, Permission.READ)
    given = {name: asked.form.get(name, "") for name in FIELDS}
    try:
        case = _case(given)
        answer = solved_at_a_door(case)
    except (MalformedCase, CausalError) as error:
        return _page(asked, given, {"wrong": str(error), "at": _at(str(error))})
    except RecursionError:
        return _page(asked, given, {"wrong": "case: it nests too deep to be read"})
    parts = calculated(answer["answer"], case["query"]["kind"])
    values = {"answer": answer, "parts": parts, "drawing": _drawing(case), "case": json.dumps(case)}
    return _page(asked, given, values)


def drawn(asked: Asked) -> Response:
    """A question to be answered; without a seed one is drawn and put into the address."""
    require(asked.visit.caller, Permission.READ)
    given = {name: asked.query.get(name, "") for name in ("seed", "family", "domain", "regime", "difficulty")}
    if not given["seed"]:
        fresh = asked.door.service.token()[:8]
        return see("/playground/question", {name: value for name, value in given.items() if value} | {"seed": fresh})
    return asked.page("practice", _practice(given, draw(asked.visit, _draw(given))))


def judged(asked: Asked) -> Response:
    """The verdict on the answer, with the proof."""
    require(asked.visit.caller, Permission.READ)
    given = {name: asked.form.get(name, "") for name in ("seed", "family", "domain", "regime", "difficulty")}
    if not given["seed"]:
        raise UsageError("seed is empty: draw a question first")
    reply = asked.form.get("reply", "")
    question = draw(asked.visit, _draw(given))
    values = {"reply": reply, "verdict": judge(question, reply), "proof": proof(question)}
    return asked.page("practice", _practice(given, question) | values)


def _page(asked: Asked, given: dict[str, str], found: dict[str, Any]) -> Response:
    worlds = questions.worlds()
    usual = {"answer": None, "wrong": "", "at": "", "drawing": None, "case": ""}
    values = (
        usual
        | found
        | {
            "given": given,
            "kinds": KINDS,
            "drawing_words": DRAWING,
            "json": WHOLE,
            "families": [family.name for family in questions.task_families()],
            "domains": worlds.domains,
            "regimes": worlds.regimes,
        }
    )
    return asked.page("playground", values, status=422 if values["wrong"] else 200)


def _practice(given: dict[str, str], question: Question) -> dict[str, Any]:
    return {"given": given, "question": question, "reply": "", "verdict": None, "proof": None}


def _draw(given: dict[str, str]) -> Draw:
    return Draw(given["seed"][:64], given["family"], given["domain"], given["regime"], whole(given, "difficulty"))


def _case(given: dict[str, str]) -> Any:
    if given["kind"] == WHOLE:
        return _json(given, "case")
    query: dict[str, Any] = {"kind": given["kind"]}
    query |= {field: names(given[field]) for field in ("X", "Y", "Z") if given[field].strip()}
    is_model_alone = given["scm"].strip() and not given["graph"].strip()
    graph = {"nodes": []} if is_model_alone else read_graph_text(given["graph"])
    if len(graph["nodes"]) > MOST_NODES:
        raise MalformedCase(
            f"graph: {len(graph['nodes'])} nodes, more than {MOST_NODES}: use `causal-eval solve` for larger ones"
        )
    case: dict[str, Any] = {"graph": {} if is_model_alone else graph, "query": query}
    if given["scm"].strip():
        case["scm"] = _json(given, "scm")
    if given["more"].strip():
        more = _json(given, "more")
        if not isinstance(more, dict):
            raise MalformedCase('more: give an object, such as {"do": {"X": 1}}')
        case["query"] = query | more
    return case


def _typed(one: Example) -> dict[str, str]:
    """The example as somebody would type it."""
    graph, query = one.graph, one.query
    model = graph if "equations" in graph else one.scm
    sets = {field: query[field] for field in ("X", "Y", "Z") if field in query}
    more = {name: value for name, value in query.items() if name != "kind" and name not in sets}
    return {
        "graph": "" if "equations" in graph else "\n".join(_lines(graph)),
        "kind": one.kind,
        "scm": "" if model is None else json.dumps(model, indent=1),
        "more": json.dumps(more) if more else "",
    } | {field: nodes if isinstance(nodes, str) else ", ".join(nodes) for field, nodes in sets.items()}


def _lines(graph: dict[str, Any]) -> Iterator[str]:
    """A graph as lines of edges."""
    arrows = {"directed": "->", "bidirected": "<->", "undirected": "--"}
    edges = [(one, arrow, other) for field, arrow in arrows.items() for one, other in graph.get(field, ())]
    joined = {end for one, _, other in edges for end in (one, other)}
    if alone := [node for node in graph["nodes"] if node not in joined]:
        yield f"node {', '.join(alone)}"
    for one, arrow, other in edges:
        yield f"{one} {arrow} {other}"
    if graph.get("latent"):
        yield f"latent {', '.join(graph['latent'])}"


def _at(message: str) -> str:
    """The field that a message is about: ``query: X: no node is called 'Q'`` is about X."""
    first, _, rest = message.partition(": ")
    field = rest.partition(": ")[0].split(" ")[0] if first == "query" else first
    return field if field in FIELDS else "graph"


def _json(given: dict[str, str], field: str) -> Any:
    try:
        return json.loads(given[field])
    except ValueError as error:
        raise MalformedCase(f"{field}: not JSON: {error}") from error


def _drawing(case: Any) -> Drawing | None:
    graph = case.get("graph", {})
    if not graph.get("nodes"):
        return None
    return Drawing(
        tuple(graph["nodes"]),
        tuple((cause, effect) for cause, effect in graph.get("directed", ())),
        tuple((one, other) for one, other in graph.get("bidirected", ())),
        frozenset(graph.get("latent", ())),
    )
