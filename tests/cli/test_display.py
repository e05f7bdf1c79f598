"""What a person sees of a run that is over."""

from __future__ import annotations

import pytest

from causal_eval.cli.display import Display
from causal_eval.evaluation.events import RunEnded, RunStarted
from causal_eval.evaluation.ledger import Progress
from causal_eval.providers.events import Waiting


def test_a_run_that_is_over_waits_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says where the run stands, not what it waited for last."""
    shown = Display("plain")
    shown.on_run(RunStarted("openai/gpt-x", Progress(planned=6, kept=0)))
    shown.on_event(Waiting("openai/gpt-x", 60.0, "HTTP 429 from host"))
    shown.on_run(RunEnded("openai/gpt-x", complete=True))
    assert capsys.readouterr().err == "openai/gpt-x: 0/6  \n"
