"""The picture of a causal graph: causes above effects, in layers, as SVG that the style sheet colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from causal_eval.analysis.plain import one_line, wrap
from causal_eval.questions.question import Certificate

_BOX, _HEIGHT, _GAP, _LAYER = 148.0, 44.0, 24.0, 92.0
_LANE = 30.0
"""Width of the lane in which an edge passes a layer."""
_COLUMNS = 18
_LINES = 2
_SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: names of nodes, and edges between them."""

    nodes: tuple[str, ...]
    directed: tuple[tuple[str, str], ...]
    bidirected: tuple[tuple[str, str], ...] = ()
    latent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float


def drawing_of(certificate: Certificate) -> Drawing:
    """The graph of a question's first case, in printed names."""
    graph = certificate.case["graph"]
    names = {node: _named(node, certificate) for node in graph["nodes"]}
    return Drawing(
        tuple(names.values()),
        tuple((names[cause], names[effect]) for cause, effect in graph.get("directed", ())),
        tuple((names[one], names[other]) for one, other in graph.get("bidirected", ())),
        frozenset(names[node] for node in graph.get("latent", ())),
    )


def _named(node: str, certificate: Certificate) -> str:
    variable, _, world = node.partition(" ")
    if variable not in certificate.names:
        return node
    return f"{certificate.names[variable][0].removeprefix('the ')} {world}".rstrip()


def graph_picture(drawing: Drawing, *, name: str, title: str) -> Markup:
    """The graph as SVG; *name* is unique on the page, *title* says what it is, the edges are its description."""
    layers, chains = _layers(drawing)
    places = _places(layers, frozenset(drawing.nodes))
    width = max((_width(layer, frozenset(drawing.nodes)) for layer in layers), default=_BOX) + 2 * _GAP
    height = len(layers) * _LAYER - (_LAYER - _HEIGHT) + 2 * _GAP
    edges = [_edge([places[stop] for stop in chain], arrow=f"{name}-arrow") for chain in chains]
    both = [_both(places[one], places[other], arrow=f"{name}-arrow") for one, other in drawing.bidirected]
    boxes = [_box(node, places[node], is_latent=node in drawing.latent) for node in drawing.nodes]
    head = Markup(
        '<svg class="graph" viewBox="0 0 {:g} {:g}" width="{:g}" role="img" aria-labelledby="{n}-t {n}-d">'
        '<title id="{n}-t">{}</title><desc id="{n}-d">{}</desc><defs><marker id="{n}-arrow" class="arrow" '
        'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse">'
        '<path d="M0 0L10 5L0 10z"/></marker></defs>'
    ).format(width, height, width, title, described(drawing), n=name)
    return head + Markup("").join([*edges, *both, *boxes]) + Markup("</svg>")


def described(drawing: Drawing) -> str:
    """The edges as text."""
    said = [f"{one_line(cause)} → {one_line(effect)}" for cause, effect in drawing.directed]
    said += [f"{one_line(one)} ↔ {one_line(other)}" for one, other in drawing.bidirected]
    return "; ".join(said) or ", ".join(map(one_line, drawing.nodes))


class _Layered(NamedTuple):
    layers: list[list[str]]
    """Nodes and passing edges, top to bottom."""
    chains: list[list[str]]
    """Each edge as the stops that it passes."""


def _layers(drawing: Drawing) -> _Layered:
    depth = _depths(drawing)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for node in drawing.nodes:
        layers[depth[node]].append(node)
    chains = []
    for number, (cause, effect) in enumerate(drawing.directed):
        passed = [f"\0{number}.{layer}" for layer in range(depth[cause] + 1, depth[effect])]
        for layer, stop in enumerate(passed, depth[cause] + 1):
            layers[layer].append(stop)
        chains.append([cause, *passed, effect])
    _untangle(layers, chains)
    return _Layered(layers, chains)


def _depths(drawing: Drawing) -> dict[str, int]:
    """The layer of each node: one below its lowest cause."""
    depth = dict.fromkeys(drawing.nodes, 0)
    for _ in drawing.nodes:
        for cause, effect in drawing.directed:
            depth[effect] = min(max(depth[effect], depth[cause] + 1), len(depth) - 1)
    return depth


def _untangle(layers: list[list[str]], chains: Iterable[Sequence[str]]) -> None:
    """Put each stop near the middle of those that it is joined to, layer by layer, down and up again."""
    joined: dict[str, list[str]] = {}
    for chain in chains:
        for one, other in pairwise(chain):
            joined.setdefault(one, []).append(other)
            joined.setdefault(other, []).append(one)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            at = {stop: (place + 0.5) / len(row) for row in layers for place, stop in enumerate(row)}
            layer.sort(key=lambda stop: _middle(stop, joined, at=at))


def _middle(stop: str, joined: Mapping[str, Sequence[str]], *, at: Mapping[str, float]) -> float:
    near = [at[other] for other in joined.get(stop, ())]
    return sum(near) / len(near) if near else at[stop]


def _width(layer: Sequence[str], nodes: frozenset[str]) -> float:
    return sum(_BOX if stop in nodes else _LANE for stop in layer) + _GAP * max(len(layer) - 1, 0)


def _places(layers: Sequence[Sequence[str]], nodes: frozenset[str]) -> dict[str, _Place]:
    widest = max((_width(layer, nodes) for layer in layers), default=_BOX)
    places = {}
    for depth, layer in enumerate(layers):
        x = _GAP + (widest - _width(layer, nodes)) / 2
        for stop in layer:
            size = _BOX if stop in nodes else _LANE
            places[stop] = _Place(x + size / 2, _GAP + depth * _LAYER + _HEIGHT / 2)
            x += size + _GAP
    return places


def _edge(stops: Sequence[_Place], *, arrow: str) -> Markup:
    half = _HEIGHT / 2
    path = f"M{stops[0].x:g} {stops[0].y + half:g}"
    for number, (one, other) in enumerate(pairwise(stops)):
        top = one.y + half if number == 0 else one.y
        end = other.y - half - 1 if number == len(stops) - 2 else other.y
        bend = (end - top) / 2
        path += f"C{one.x:g} {top + bend:g} {other.x:g} {end - bend:g} {other.x:g} {end:g}"
    return Markup('<path class="edge" d="{}" marker-end="url(#{})"/>').format(path, arrow)


def _both(one: _Place, other: _Place, *, arrow: str) -> Markup:
    """A bow between two nodes with a hidden common cause."""
    top = min(one.y, other.y) - _HEIGHT / 2
    path = f"M{one.x:g} {one.y - _HEIGHT / 2:g}C{one.x:g} {top - 30:g} {other.x:g} {top - 30:g} {other.x:g} "
    path += f"{other.y - _HEIGHT / 2:g}"
    text = Markup('<path class="edge hidden-cause" d="{}" marker-start="url(#{})" marker-end="url(#{})"/>')
    return text.format(path, arrow, arrow)


def _box(node: str, place: _Place, *, is_latent: bool) -> Markup:
    lines = wrap(node, _COLUMNS)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"{lines[_LINES - 1]}…"]
    first = place.y + 5 - 8 * (len(lines) - 1)
    said = Markup("").join(
        Markup('<text x="{:g}" y="{:g}" text-anchor="middle">{}</text>').format(place.x, first + 16 * number, line)
        for number, line in enumerate(lines)
    )
    box = Markup('<g class="node{}"><title>{}</title><rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" rx="8"/>{}</g>')
    kind = " latent" if is_latent else ""
    return box.format(kind, one_line(node), place.x - _BOX / 2, place.y - _HEIGHT / 2, _BOX, _HEIGHT, said)
