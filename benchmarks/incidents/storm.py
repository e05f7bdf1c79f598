"""What 10,000 alerts in a minute do to the sentinel: ``python -m benchmarks.incidents.storm [ALERTS]``.

A sentinel of its own gets letters of 20 alerts, of five causes under ever new fingerprints, at an even pace over a
minute, then as many at once as it takes. Told: incidents that were opened, memory before and after, processor time.
Wanted: one incident for each cause, and memory that stays as it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CAUSES = ("RedisDown", "HighErrorRate", "DiskSpaceLow", "ModelAPIFailing", "HighCPU")
LETTER = 20
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A sentinel that runs."""

    pid: int
    address: str
    folder: Path

    def send(self, number: int) -> None:
        """Send it letter *number*."""
        body = json.dumps({"version": "4", "alerts": [alert(LETTER * number + one) for one in range(LETTER)]}).encode()
        with urllib.request.urlopen(f"{self.address}/alerts", body, timeout=60) as answer:
            answer.read()

    def memory(self) -> float:
        """Megabytes that it holds."""
        text = Path(f"/proc/{self.pid}/status").read_text("ascii")
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def cpu(self) -> float:
        """Seconds of a processor that it took."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Send, and print what came of it."""
    letters = (int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) // LETTER
    with running() as sentinel:
        sentinel.send(0)
        before, cpu, began = sentinel.memory(), sentinel.cpu(), time.monotonic()
        for number in range(1, letters):
            sentinel.send(number)
            time.sleep(max(0.0, MINUTE * number / letters - (time.monotonic() - began)))
        took = time.monotonic() - began
        print(f"{letters * LETTER} alerts in {took:.0f} s: {sentinel.cpu() - cpu:.1f} s of a core")
        print(f"memory {before:.0f} MB, then {sentinel.memory():.0f} MB; incidents {opened(sentinel)}")
        began = time.monotonic()
        for number in range(letters, 2 * letters):
            sentinel.send(number)
        took = time.monotonic() - began
        print(f"as many at once: {letters * LETTER / took:.0f} alerts/s, one sender; memory {sentinel.memory():.0f} MB")
        print(f"incidents {opened(sentinel)}; its file {sum(f.stat().st_size for f in book(sentinel)) / 2**20:.1f} MB")


def alert(number: int) -> dict[str, object]:
    """Alert *number*, which nobody has sent before."""
    name = CAUSES[number % len(CAUSES)]
    labels = {"alertname": name, "severity": "P2", "component": "x", "instance": str(number)}
    return {
        "status": "firing", "labels": labels, "annotations": {"summary": f"{name} fires"},
        "startsAt": "2026-11-29T10:00:00.000Z", "fingerprint": f"{number:016x}",
    }  # fmt: skip


def opened(sentinel: Sentinel) -> int:
    """How many incidents it has opened."""
    with urllib.request.urlopen(f"{sentinel.address}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("incidents_open{"))


def book(sentinel: Sentinel) -> list[Path]:
    """Its files."""
    return list(sentinel.folder.glob("incidents.db*"))


@contextmanager
def running() -> Iterator[Sentinel]:
    """A sentinel as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "CEB_DATA_DIR": folder, "HOME": folder}
        command = [str(Path(sys.executable).with_name("causal-eval")), "sentinel", "--port", "0", "--every", "1"]
        process = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[2].rstrip(",")
            yield Sentinel(process.pid, address, Path(folder))
        finally:
            process.terminate()
            process.communicate(timeout=30)


if __name__ == "__main__":
    main()
