"""Question sets: those that there are, those that a worker makes, and a new one of whatever kind."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from causal_eval.errors import CausalError, CausalEvalError, Conflict, StoreError, UnknownName, UsageError
from causal_eval.service import bringing, makings, questions
from causal_eval.service.access import Permission, require
from causal_eval.service.set_orders import OwnWords, SetOrder
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.makings import Making
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults, whole

FIELDS = (
    "adversarial_to", "n", "seed", "kinds", "graph", "project", "difficulty", "suite", "split", "date", "words",
)  # fmt: skip
ALIASES = {"kind": "kinds", "evaluation": "adversarial_to"}
"""Words of messages -> the field that they are about."""
USUAL = {"n": "300", "seed": "0", "low": "1", "high": "5", "language": "en", "suite": "standard"}
LEVELS = range(1, 6)
SPLITS = ("public", "private", "rotating")
LINE = '{"id": "1", "prompt": "Is X a cause of Y?", "answer": "yes_no", "gold": "no"}'
"""A line of a question file."""
SHOWN = 25
"""Makings that are listed."""


def listed(asked: Asked) -> Response:
    """Sets and makings, newest first."""
    waiting = makings.listed(asked.visit, limit=SHOWN)
    values = {
        "sets": questions.listed(asked.visit),
        "makings": waiting,
        "is_live": any(one.status == "open" for one in waiting),
    }
    return asked.page("sets", values)


def form(asked: Asked) -> Response:
    """The empty form."""
    require(asked.visit.caller, Permission.EVALUATE)
    return _form(asked, {**USUAL, **asked.query}, {})


def made(asked: Asked) -> Response:
    """Make it and show it or how far it is, or say beside the field what cannot be."""
    require(asked.visit.caller, Permission.EVALUATE)
    try:
        found = makings.make(asked.visit, _wanted(asked.form))
    except StoreError:
        raise
    except (UsageError, Conflict, UnknownName, CausalError) as error:
        return _form(asked, asked.form, _faults(error))
    return see(f"/makings/{found.id}" if isinstance(found, Making) else f"/sets/{found.digest}")


def brought(asked: Asked) -> Response:
    """Keep somebody's own question file as a set and show it, or say which line and field cannot be read."""
    require(asked.visit.caller, Permission.EVALUATE)
    given = {**USUAL, **asked.form}
    try:
        found = bringing.bring(
            asked.visit, given.get("file", ""), name=given.get("name", ""), project=given.get("project") or LOCAL
        )
    except StoreError:
        raise
    except (UsageError, UnknownName) as error:
        return _form(asked, given, faults(error, ("file", "name")))
    return see(f"/sets/{found.digest}")


def _wanted(given: Mapping[str, str]) -> SetOrder:
    project, seed = given.get("project") or LOCAL, given.get("seed", "").strip() or "0"
    if given.get("what") == "suite":
        return SetOrder(project, seed, given.get("suite", ""))
    if (n := whole(given, "n")) is None:
        raise UsageError("n is empty: give a number of questions")
    low, high = (whole(given, name, usual=int(USUAL[name])) or 0 for name in ("low", "high"))
    kinds = tuple(filter(None, (one.strip() for one in given.get("kinds", "").split(","))))
    worlds = questions.worlds()
    return SetOrder(
        project, seed, n=n, families=_ticked(given, "family", _families()),
        domains=_ticked(given, "domain", worlds.domains), regimes=_ticked(given, "regime", worlds.regimes),
        difficulties=(low, high), kinds=kinds, adversarial=_ticked(given, "trap", worlds.categories),
        renderers=_ticked(given, "renderer", worlds.renderers), language=given.get("language", "en"),
        twins=_ticked(given, "design", worlds.designs), rephrased="rephrased" in given,
        graph=given.get("graph", "").strip(),
        adversarial_to=given.get("adversarial_to", "").strip() or None, split=given.get("split") or None,
        date=given.get("date", "").strip(), words=_words(given),
    )  # fmt: skip


def _words(given: Mapping[str, str]) -> tuple[OwnWords, ...]:
    text, name = given.get("words", "").strip(), given.get("words_name", "").strip().removesuffix(".toml")
    if name and not text:
        raise UsageError(f"words is empty: paste what {name}.toml holds, or leave its name out")
    if text and not name:
        raise UsageError("words has no name: say what the file is called, such as tea_shop")
    return (OwnWords(name, text),) if text else ()


def _ticked(given: Mapping[str, str], group: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if f"{group}_{name}" in given)


def _families() -> tuple[str, ...]:
    return tuple(one.name for one in questions.task_families())


def _faults(error: CausalEvalError) -> dict[str, str]:
    found = faults(error, (*FIELDS, *ALIASES))
    return {ALIASES.get(name, name): said for name, said in found.items()}


def _form(asked: Asked, given: Mapping[str, str], wrong: dict[str, str]) -> Response:
    worlds, projects = questions.worlds(), asked.visit.caller.projects
    values = {
        "given": given,
        "wrong": dict.fromkeys(("", "file", "name", *FIELDS), "") | wrong,
        "is_wrong": bool(wrong),
        "is_own": given.get("what") == "own",
        "suites": questions.suites(),
        "families": _families(),
        "worlds": worlds,
        "levels": LEVELS,
        "splits": SPLITS,
        "at_once": questions.AT_ONCE,
        "line": LINE,
        "largest_brought": bringing.LARGEST_BROUGHT,
        "projects": sorted(projects) if projects is not None else [LOCAL],
    }
    return asked.page("set_new", values, status=422 if wrong else 200)
