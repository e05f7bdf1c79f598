"""From a model string to an answerer: how it is asked."""

from __future__ import annotations

import pytest

from causal_eval.evaluation.elicit import FewShot
from causal_eval.service.answering import Call, candidate
from causal_eval.settings import read_settings

SETTINGS = read_settings({"OPENAI_API_KEY": "sk-test", "HOME": "/nowhere"})


@pytest.mark.slow
def test_an_api_may_be_asked_with_examples_too() -> None:
    """``--elicitation few-shot`` shows worked examples whoever is asked; none would be another question."""
    asked = candidate("openai/x", Call(elicitation="few-shot"), SETTINGS).spec.elicitation
    assert asked.startswith("few-shot@")
    assert asked != FewShot({}).label


def test_a_chat_model_reasons_unless_told_otherwise() -> None:
    """The default of an API is to reason first; a base model gets worked examples."""
    assert candidate("openai/x", Call(), SETTINGS).spec.elicitation.startswith("reason@")
