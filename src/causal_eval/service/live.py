"""What may change while a run goes on, where it is read from, and the signal that has it read again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from causal_eval.providers.events import Listener
from causal_eval.providers.live import Watched
from causal_eval.providers.stack import CAP
from causal_eval.providers.switch import DISABLED
from causal_eval.settings import DOTENV_NAME, FILE_NAME, Settings, find_upward, read_settings

_TERMINAL = "/dev/tty"


def variables(settings: Settings) -> Mapping[str, str]:
    """What providers look up: keys and addresses, switches, and the hard cap."""
    return {
        **settings.credentials,
        DISABLED: settings.disabled_providers,
        CAP: str(settings.max_concurrent_api_calls),
    }


def watched(listener: Listener) -> Watched:
    """The variables of this process, read again when ``.env``, ``causal-eval.toml`` or a key file changes."""
    here = Path.cwd()
    files = tuple(find_upward(name, here) or here / name for name in (DOTENV_NAME, FILE_NAME))
    return Watched(lambda: variables(read_settings(os.environ)), files, listener=listener)


def heed_hangup(reload: Callable[[], None]) -> None:
    """Let SIGHUP have *reload* called on the running loop, unless it is ignored (``nohup``).

    A terminal that was closed sends the same signal: then the run is interrupted as by Ctrl-C, and resumable.
    """
    had_terminal = _has_terminal()

    def hangup() -> None:
        if had_terminal and not _has_terminal():
            signal.raise_signal(signal.SIGINT)
        else:
            reload()

    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return  # there is no such signal, or no handler of it outside of the main thread
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup)


def _has_terminal() -> bool:
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
