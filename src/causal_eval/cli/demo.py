"""``causal-eval demo``: offline, no key: two scripted models of known skill, a paired verdict and the report."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

from causal_eval.cli import output, reporting
from causal_eval.cli.evaluating import carry_out
from causal_eval.cli.mock import reply_table
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.elicit import Confidence, Direct, Elicitation, Prompted
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.cache import CacheRule
from causal_eval.providers.events import Listener
from causal_eval.providers.scripted import Scripted
from causal_eval.questions.generate import generate
from causal_eval.questions.suite import DEMONSTRATION, demonstration
from causal_eval.service.answering import Candidate
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store
from causal_eval.store.suites import keep_set, set_questions

SKILLS = {"demo/careful": Fraction(7, 10), "demo/hasty": Fraction(9, 20)}
"""Scripted models and the share of questions that each knows."""


def demo(*, questions: int, confidence: bool, report: Path | None, json: bool) -> int:
    """Run both scripted models on the same fresh questions and say which is better; *confidence*: they say how sure."""
    way = Confidence() if confidence else Direct()
    settings = read_settings(os.environ)
    store = open_store(settings.database_url)
    try:
        kept = keep_set(store, generate(demonstration(questions)), name=f"demo/{questions}")
        tables = {name: reply_table(set_questions(store, kept.digest), skill=skill, seed=name)
                  for name, skill in SKILLS.items()}  # fmt: skip
        candidates = [_scripted(name, table, way=way) for name, table in tables.items()]
        specs = [
            RunSpec(answerer=one.name, question_set=kept.digest, seed=DEMONSTRATION, elicitation=way.label)
            for one in candidates
        ]
        ended = carry_out(store, candidates, specs, display="full", json=json)
        reporting.present(store, [one.evaluation for one in ended], report=report or settings.report_dir, json=json)
    finally:
        store.close()
    if not json:
        told = ", ".join(f"{name} knows {float(100 * skill):g} %" for name, skill in SKILLS.items())
        output.say(f"\nBoth models are scripted: {told} of the questions and otherwise makes a classic mistake.")
        if confidence:
            output.say("How sure they were, and how often right: causal-eval calibration RUN RUN (ids: causal-eval ls)")
        output.say("Next: causal-eval eval --model local/gemma-3-270m   (or openai/NAME with OPENAI_API_KEY set)")
    return 0


def _scripted(name: str, table: dict[str, str], *, way: Elicitation) -> Candidate:
    def open_(listener: Listener, cache: CacheRule | None = None) -> Answerer:
        del listener, cache  # nothing is called, nothing is heard
        return Prompted(Scripted(name, table), way)

    spec = RunSpec(answerer=name, question_set="", elicitation=way.label)
    return Candidate(name, width=8, spec=spec, open=open_)
