"""Every question of a report as one small block of text, which the page's own script unpacks where it is shown."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from collections.abc import Sequence
from importlib import resources

import msgspec
from markupsafe import Markup

from causal_eval.analysis.charts.dag import Drawing
from causal_eval.analysis.plain import one_line, plain
from causal_eval.analysis.reports.data import Given, QuestionCard

STATIC = 50
"""Questions that can be read without JavaScript."""
_REPLIES = 2_000_000
_LEVEL = 6
"""Of 9: the highest takes three times the time, for a fortieth less."""
_SHORTEST, _LONGEST = 200, 8_000
"""Characters of all replies together, and of one."""


def drawing(card: QuestionCard) -> Drawing:
    """The question's graph."""
    return Drawing(card.nodes, card.edges, card.hidden, frozenset(card.latent))


def packed(cards: Sequence[QuestionCard]) -> Markup:
    """The questions as base64 of deflated JSON, column by column: like stands beside like, and packs best.

    They are sorted by rung, family, kind and domain. Long replies lose their middle, so that all of them have
    2,000,000 characters; what was left out is said.
    """
    ordered = sorted(cards, key=lambda card: (card.rung, card.family, card.kind, card.domain, card.question))
    outcomes = sum(len(card.given) for card in cards)
    room = min(_LONGEST, max(_SHORTEST, _REPLIES // max(1, outcomes)))
    names = tuple(dict.fromkeys(given.answerer for card in cards for given in card.given))
    columns = {
        "id": [one_line(card.question) for card in ordered],
        "family": [one_line(card.family) for card in ordered],
        "kind": [one_line(card.kind) for card in ordered],
        "rung": [card.rung for card in ordered],
        "domain": [one_line(card.domain) for card in ordered],
        "regime": [one_line(card.regime) for card in ordered],
        "difficulty": [card.difficulty for card in ordered],
        "prompt": [plain(card.prompt) for card in ordered],
        "gold": [one_line(card.gold) for card in ordered],
        "given": [[_given(one, names=names, room=room) for one in card.given] for card in ordered],
        "symbols": [[[one.symbol, one.name, one.zero, one.one] for one in card.symbols] for card in ordered],
        "estimand": [card.estimand for card in ordered],
        "nodes": [card.nodes for card in ordered],
        "edges": [_places(card.edges, card.nodes) for card in ordered],
        "hidden": [_places(card.hidden, card.nodes) for card in ordered],
        "latent": [[card.nodes.index(node) for node in card.latent] for card in ordered],
        "steps": [[[s.id, s.text, s.expression, s.value, s.note] for s in card.steps] for card in ordered],
        "mistakes": [card.mistakes for card in ordered],
    }
    text = msgspec.json.encode({"answerers": [one_line(name) for name in names], **columns})
    return Markup(base64.b64encode(zlib.compress(text, _LEVEL)).decode())  # noqa: S704 - letters, digits, + / and =


def clipped(reply: str, room: int = _LONGEST) -> str:
    """The reply, its middle replaced by how much of it is not shown."""
    said = plain(reply)
    if len(said) <= room:
        return said
    half = room // 2
    return f"{said[:half]}\n[… {len(said) - 2 * half:,} characters are left out here …]\n{said[-half:]}"


def _given(one: Given, *, names: Sequence[str], room: int) -> list[object]:
    return [
        names.index(one.answerer), one.sample, one.mark.value, one.strict.value, clipped(one.reply, room),
        one_line(one.parsed), one_line(one.reason), one.mistakes,
    ]  # fmt: skip


def _places(pairs: Sequence[tuple[str, str]], nodes: Sequence[str]) -> list[int]:
    """Pairs of nodes as their places, one after the other."""
    return [nodes.index(node) for pair in pairs for node in pair]


@functools.cache
def script() -> Markup:
    """The script of the page."""
    text = resources.files("causal_eval.analysis.reports").joinpath("templates", "browse.js").read_text("utf-8")
    return Markup(text)  # noqa: S704 - ours


@functools.cache
def script_hash() -> str:
    """What the page's policy allows to run, and nothing else."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}"
