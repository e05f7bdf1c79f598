"""``python -m causal_eval.worker``: one worker over the database of the settings, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

from causal_eval.errors import CausalEvalError
from causal_eval.operations.collectors import watching
from causal_eval.operations.database.fitting import check_room
from causal_eval.operations.deployments import note_process
from causal_eval.operations.lines import logging_to
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.redaction import Redactor, secrets_of
from causal_eval.operations.traces import both, tracing
from causal_eval.operations.watch import Watch
from causal_eval.service.wiring import close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.worker.run import work
from causal_eval.worker.telling import telling


def main() -> int:
    """Work until told to end; the exit code."""
    try:
        asyncio.run(_work())
    except CausalEvalError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


async def _work() -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    metrics, settings = Metrics(), read_settings(os.environ)
    redactor = Redactor(secrets_of(settings, os.environ), found=metrics.expose)
    with (
        logging_to(settings, redactor),
        tracing(settings, process="worker", clock=time.time, clean=redactor.clean) as traces,
        telling(metrics, settings),
    ):
        service = open_service(settings, listener=both(metrics.hear, traces))
        try:
            await asyncio.to_thread(check_room, service.store)
            await asyncio.to_thread(note_process, service.store, by="worker")
            with watching(Watch(service.store, settings, clock=service.clock), metrics):
                await work(service, worker=service.token(), stop=ending.is_set)
        finally:
            close_service(service)


if __name__ == "__main__":
    sys.exit(main())
