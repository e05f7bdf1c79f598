"""The slowest requests are read out of text and JSON lines, and the runbook's own pipeline ranks them rightly."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from causal_eval.operations.slow import slowest

TEXT = [
    "2026-11-28T23:50:00.000000Z INFO causal_eval.api duration 12.1ms GET /fast status=200 client=::1 request_id=a1",
    "2026-11-28T23:50:01.000000Z ERROR causal_eval.api duration 3120.4ms POST /slow status=503 request_id=b2",
    "2026-11-28T23:50:02.000000Z INFO causal_eval.worker.run duration 250.0ms shard ended shard=e-1",
    "2026-11-28T23:50:03.000000Z WARNING causal_eval.providers rate limit: openai/gpt-x status=429 took_ms=9999.0",
    "    a traceback's line that says duration 7777.0ms",
]
JSON = [
    '{"time":"2026-11-28","level":"ERROR","event":"POST /slow","duration_ms":3120.4,"status":503,"request_id":"b2"}',
    '{"time":"2026-11-28T23:50:00Z","level":"INFO","logger":"x","event":"GET /fast","duration_ms":12.1,"status":200}',
    '{"duration_ms": broken',
]


@pytest.mark.parametrize("prefix", ["", "app_1  | ", "\x1b[36mapp-1  |\x1b[0m "])
@pytest.mark.parametrize("lines", [TEXT, JSON], ids=["text", "json"])
def test_the_slowest_come_first(lines: list[str], prefix: str) -> None:
    """Whatever compose puts before a line; what says no duration is no request."""
    found = slowest([prefix + line for line in lines], 2)
    assert (found[0].duration_ms, found[0].event) == (3120.4, "POST /slow")
    assert (found[0].status, found[0].request_id) == (503, "b2")
    assert found[1].duration_ms < 3120.4


def test_the_runbooks_pipeline_ranks_rightly(tmp_path: Path) -> None:
    """Its fifth field is the number."""
    (tmp_path / "log").write_text("\n".join(TEXT) + "\n")
    pipeline = f'cat {tmp_path}/log | grep "duration.*ms" | sort -k5 -nr | head -10'
    said = subprocess.run(["sh", "-c", pipeline], capture_output=True, text=True, check=True, timeout=20).stdout
    assert [line.split()[4] for line in said.splitlines() if line[0] != " "] == ["3120.4ms", "250.0ms", "12.1ms"]
