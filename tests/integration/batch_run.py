"""A whole run in a process of its own, to be killed: `python batch_run.py DATABASE QUESTIONS MODEL batch|single`.

Keys and addresses are in the environment. Waits are short; all else is as the command has it.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from causal_eval.evaluation.batched import evaluate_in_batches
from causal_eval.evaluation.desk import Batching, BatchRule
from causal_eval.evaluation.elicit import Direct, Phrasing, Prompted
from causal_eval.evaluation.run import evaluate
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.adapters import batches
from causal_eval.providers.assemble import assemble
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.halt import HaltWatch
from causal_eval.questions.file import read_questions
from causal_eval.scoring.grade import judge
from causal_eval.store.batches import SqlBook
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin, running
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set

RULE = BatchRule(page=40, attempts=6, first=0.02, longest=0.05, settle=0.25)


async def run(place: str, file: Path, *, model: str, batch: bool) -> None:
    """Begin or go on."""
    store = open_store(f"sqlite:///{place}")
    stored = keep_set(store, read_questions(file), name="batches")
    evaluation = begin(store, RunSpec(model, stored.digest, seed="3", elicitation="direct@1"))
    config = ProviderConfig(env=dict(os.environ), cache_dir=Path())
    with running(store, evaluation):
        async with SqlLedger(store, evaluation) as ledger:
            if batch:
                way = Batching(batches(model, config), Phrasing(Direct()), SqlBook(store, evaluation), RULE)
                await evaluate_in_batches(way, ledger=ledger, judge=judge)
                await way.provider.close()
            else:
                answerer = Prompted(assemble(model, config), Direct())
                await evaluate(answerer, ledger=ledger, width=8, judge=judge, watch=HaltWatch())
                await answerer.close()
    store.close()


def main() -> None:
    """Run by the command line's words; print the peak memory in kB."""
    place, file, model, way = sys.argv[1:]
    asyncio.run(run(place, Path(file), model=model, batch=way == "batch"))
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main()
