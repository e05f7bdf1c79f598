"""The kinds of query beyond those that questions are made of: a module each group, with its `KINDS`."""

from __future__ import annotations

from collections.abc import Mapping

from causal_eval.causal.kinds import actual, frontdoor
from causal_eval.causal.kinds.base import Kind

KINDS: Mapping[str, Kind] = {kind.name: kind for group in (actual, frontdoor) for kind in group.KINDS}
"""Name -> kind."""
