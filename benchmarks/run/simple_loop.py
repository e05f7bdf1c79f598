"""A loop in the style of simple-evals: the official SDK in a pool of threads, results in memory, one file at the end.

python benchmarks/run/simple_loop.py QUESTIONS.jsonl BASE_URL OUT.json CONNECTIONS
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openai import OpenAI


def main(path: Path, base_url: str, out: Path, connections: int) -> None:
    """Ask everything once and write id, reply and usage."""
    client = OpenAI(base_url=base_url, api_key="none", max_retries=0)
    rows = [json.loads(line) for line in path.open("rb")]

    def ask(row: dict[str, str]) -> dict[str, object]:
        answer = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": row["prompt"]}], max_tokens=64
        )
        usage = answer.usage
        text = answer.choices[0].message.content or ""
        return {
            "id": row["id"],
            "reply": text,
            "right": row["gold"] in text,
            "input": usage.prompt_tokens if usage else None,
        }

    with ThreadPoolExecutor(connections) as pool:
        results = list(pool.map(ask, rows))
    out.write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
