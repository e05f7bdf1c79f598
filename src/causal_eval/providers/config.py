"""What providers need to know, fixed at a door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener
from causal_eval.providers.limits import Window

Arguments = Mapping[str, Any]
"""Model arguments: name -> JSON value."""


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """What providers need to know, fixed at a door."""

    env: Mapping[str, str] = field(repr=False)
    """Where keys and base URLs are looked up."""
    cache_dir: Path
    """Where the default local weights are put together."""
    max_concurrent: int = 100
    """Hard cap on open calls (``MAX_CONCURRENT_API_CALLS``)."""
    max_connections: int | None = None
    """``--max-connections``: fixed concurrency under the hard cap; None: adaptive."""
    attempts: int = 5
    """Calls for one prompt in all; ``--max-retries N`` is N + 1."""
    timeout: float = 600.0
    """Seconds for one call."""
    offline: bool = False
    """True: only this machine may be called."""
    cap: Window | None = None
    """Shared by providers that together keep the hard cap."""
    seed: str = "0"
    """Names the jitter of retries; it has no influence on replies."""
    arguments: Arguments = field(default_factory=dict)
    """Model arguments (``-M name=value``), checked by the adapter that takes them."""
    clock: Clock = field(default_factory=SystemClock)
    listener: Listener | None = None
