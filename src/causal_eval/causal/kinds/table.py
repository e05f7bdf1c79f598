"""Every kind of query beyond those that questions are made of: a module each group, with its `KINDS`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from causal_eval.causal.kinds.kind import Kind

GROUPS = (
    "actual", "adjustment", "amenable", "classes", "coefficients", "crossworld", "direct", "discovery",
    "estimands", "frontdoor", "identification", "instruments", "mediation", "observed", "optimal",
    "projection", "recover", "selection", "structure", "systems", "transport", "worlds",
)  # fmt: skip
KINDS: Mapping[str, Kind] = {
    kind.name: kind for group in GROUPS for kind in import_module(f"causal_eval.causal.kinds.{group}").KINDS
}
"""Name -> kind."""
