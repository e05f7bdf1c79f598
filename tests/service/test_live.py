"""SIGHUP reads settings again, and a closed terminal still ends a run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from causal_eval.providers.events import Event, Recorder, Reread
from causal_eval.service.live import heed_hangup, variables, watched
from causal_eval.settings import read_settings

CHILD = """
import asyncio, os, signal, sys
from causal_eval.service.live import heed_hangup, watched
from causal_eval.providers.events import Recorder

async def main():
    heed_hangup(watched(Recorder()).reload)
    print("ready", flush=True)
    await asyncio.sleep(30)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    os.write(int(sys.argv[1]), b"interrupted")
"""


class _Listening(Recorder):
    def __init__(self) -> None:
        super().__init__()
        self.something = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Note it, and say that something was heard."""
        super().on_event(event)
        self.something.set()


def test_providers_see_keys_switches_and_the_cap(tmp_path: Path) -> None:
    """What the file says of the cap and the switches is there as if the environment said it."""
    (tmp_path / "causal-eval.toml").write_text('max_concurrent_api_calls = 7\ndisabled_providers = "openai"\n')
    env = {"HOME": str(tmp_path), "OPENAI_API_KEY": "sk-1", "OPENAI_ENABLED": "no", "OPENAI_API_KEY_FILE": "k"}
    assert variables(read_settings(env, cwd=tmp_path)) == {
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_API_KEY_FILE": "k",
        "OPENAI_ENABLED": "no",
        "DISABLED_PROVIDERS": "openai",
        "MAX_CONCURRENT_API_CALLS": "7",
    }


@pytest.mark.anyio
async def test_a_hangup_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal arrives, the settings are read, the process goes on."""
    monkeypatch.chdir(tmp_path)
    heard = _Listening()
    heed_hangup((live := watched(heard)).reload)
    os.kill(os.getpid(), signal.SIGHUP)
    async with asyncio.timeout(5):
        await heard.something.wait()
    assert (live.version, heard.events) == (1, [Reread()])
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


def test_a_closed_terminal_interrupts() -> None:
    """The other meaning of the signal: the run ends as by Ctrl-C."""
    primary, terminal = os.openpty()
    reading, writing = os.pipe()
    # a session of its own whose controlling terminal is the pair's
    child = subprocess.Popen(
        [sys.executable, "-c", f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{CHILD}", str(writing)],
        stdin=terminal, stdout=terminal, stderr=subprocess.DEVNULL, start_new_session=True, pass_fds=(writing,),
    )  # fmt: skip
    os.close(terminal)
    os.close(writing)
    assert b"ready" in os.read(primary, 100)
    os.close(primary)
    assert os.read(reading, 100) == b"interrupted"
    os.close(reading)
    assert child.wait(10) == 0
