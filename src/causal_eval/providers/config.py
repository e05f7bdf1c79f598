"""What providers need to know, fixed at a door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causal_eval.providers.cache import CacheRule
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener
from causal_eval.providers.live import Live
from causal_eval.providers.window import Window

Arguments = Mapping[str, Any]
"""Model arguments: name -> JSON value."""


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """What providers need to know, fixed at a door."""

    env: Mapping[str, str] = field(repr=False)
    """Where keys, base URLs and switches are looked up."""
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
    rpm: float | None = None
    """``--rpm``: requests per minute, over all keys; None: as many as the provider takes."""
    tpm: float | None = None
    """``--tpm``: tokens per minute, prompts and replies, over all keys."""
    fallbacks: tuple[str, ...] = ()
    """Further names to ask, in order, when the first cannot answer: other hosts of the same model."""
    allow_other_model: bool = False
    """True: ``fallbacks`` may name other models. For graders; never for a model under test."""
    live: Live | None = None
    """The same as ``env``, where it may change while running; None: it does not."""
    cache: CacheRule | None = None
    """Where replies are kept and found again; None: every prompt is asked."""
    cap: Window | None = None
    """Shared by providers that together keep the hard cap."""
    seed: str = "0"
    """Names the jitter of retries; it has no influence on replies."""
    arguments: Arguments = field(default_factory=dict)
    """Model arguments (``-M name=value``), checked by the adapter that takes them."""
    clock: Clock = field(default_factory=SystemClock)
    listener: Listener | None = None
