"""The settings of a process of the service: read again at SIGHUP, and within a second of a change of their files.

What may change holds at once; what else has changed is named in the log, and holds after a restart. Secrets are
heeded, and hidden in what is written, before anything uses them.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from causal_eval.operations.redaction import secret_files, secrets_of
from causal_eval.providers.events import Event, Reread
from causal_eval.providers.live import Watched
from causal_eval.service.live import variables
from causal_eval.settings import DOTENV_NAME, FILE_NAME, SETTINGS, Settings, find_upward, read_settings

LOOK_SECONDS = 1.0
HOT = frozenset(
    {
        "cache_expiry", "disabled_providers", "log_level", "max_concurrent_api_calls", "public_leaderboard",
        "requests_per_minute", "response_cache",
    }
)  # fmt: skip
"""Settings that hold as soon as they are read again."""

_LOG = logging.getLogger(__name__)


class LiveSettings:
    """What holds now; :meth:`follow` runs beside the rest of the process."""

    def __init__(
        self, settings: Settings, *, hide: Callable[[Iterable[str]], None], heed: Callable[[Settings], None]
    ) -> None:
        self.now = settings
        self.hide = hide
        """Has secrets hidden in what this process writes."""
        self._heed = heed
        """Hears the settings that hold from now on."""
        self._read = settings
        self._secrets = _secrets(settings)
        self._said = False
        here, first = Path.cwd(), [settings]
        files = [find_upward(name, here) or here / name for name in (DOTENV_NAME, FILE_NAME)]
        files += secret_files(settings, os.environ).values()

        def read() -> Mapping[str, str]:
            return variables(first.pop() if first else self._fresh())

        self.variables = Watched(read, tuple(files), listener=self)
        """Keys, addresses and switches of calls."""

    async def follow(self) -> None:
        """Look every second whether a file has changed, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.variables.look(now=True)

    def reload(self) -> None:
        """Read everything again and say in the log what came of it (SIGHUP)."""
        self._said = False
        self.variables.reload()
        if not self._said:
            _LOG.info("settings were read again: nothing has changed")

    def on_event(self, event: Event) -> None:
        """Say why what was read cannot be heeded."""
        if isinstance(event, Reread) and event.problem:
            self._said = True
            _LOG.error("settings stay as they were: %s", event.problem)

    def _fresh(self) -> Settings:
        fresh = read_settings(os.environ)
        self.hide(secrets_of(fresh, os.environ))
        before, self._read = self._read, fresh
        changed = [one for one in SETTINGS if getattr(fresh, one.name) != getattr(before, one.name)]
        secrets, self._secrets = self._secrets, _secrets(fresh)
        names = secrets.keys() | self._secrets.keys()
        parts = {
            "hold now": [one.variable for one in changed if one.name in HOT],
            "were read": sorted(name for name in names if secrets.get(name) != self._secrets.get(name)),
            "hold after a restart": [one.variable for one in changed if one.name not in HOT],
        }
        self.now = _mixed(self.now, fresh)
        self._heed(self.now)
        said = "; ".join(f"{', '.join(found)} {what}" for what, found in parts.items() if found)
        if said:
            self._said = True
            _LOG.info("settings were read again: %s", said)
        return self.now


def _mixed(now: Settings, fresh: Settings) -> Settings:
    """*now*, with what may change as *fresh* has it."""
    held = {name: getattr(fresh, name) for name in HOT}
    origins = {name: (fresh if name in HOT else now).origins[name] for name in now.origins}
    return replace(now, **held, origins=MappingProxyType(origins), credentials=fresh.credentials, unknown=fresh.unknown)


def _secrets(settings: Settings) -> Mapping[str, str]:
    """Variables that hold a secret or name a file with one -> a mark of what they hold."""
    told = dict(settings.credentials)
    for name, path in secret_files(settings, os.environ).items():
        try:
            told[name] = f"{path} {path.read_bytes().hex()}"
        except OSError as error:  # who needs the file says so
            told[name] = f"{path} {error.strerror}"
    return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in told.items()}
