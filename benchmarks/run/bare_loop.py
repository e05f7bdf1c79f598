"""The yardstick: a bare aiohttp + uvloop loop that sends the same requests and writes the same rows to SQLite.

python benchmarks/run/bare_loop.py QUESTIONS.jsonl BASE_URL DATABASE CONNECTIONS
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import uvloop

BATCH = 200


def prompts(path: Path) -> Iterator[tuple[str, str]]:
    """(id, prompt) of every line."""
    with path.open("rb") as handle:
        for line in handle:
            row = json.loads(line)
            yield row["id"], row["prompt"]


async def main(path: Path, base_url: str, database: Path, connections: int) -> None:
    """Ask everything once and store id, reply and usage."""
    store = sqlite3.connect(database)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=NORMAL")
    store.execute("CREATE TABLE attempts (id TEXT PRIMARY KEY, reply TEXT, input INT, output INT)")
    waiting = prompts(path)
    rows: list[tuple[str, str, int, int]] = []
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for key, prompt in waiting:
                body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "max_tokens": 64}
                async with session.post(f"{base_url}/chat/completions", json=body) as response:
                    answer = json.loads(await response.read())
                usage = answer["usage"]
                text = answer["choices"][0]["message"]["content"]
                rows.append((key, text, usage["prompt_tokens"], usage["completion_tokens"]))
                if len(rows) >= BATCH:
                    flush()

        def flush() -> None:
            store.executemany("INSERT INTO attempts VALUES (?,?,?,?)", rows)
            store.commit()
            rows.clear()

        await asyncio.gather(*(work() for _ in range(connections)))
        flush()
    store.close()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
