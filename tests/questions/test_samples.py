"""Sample questions: small, proven, in every vocabulary, and others for another seed."""

from __future__ import annotations

from causal_eval.questions.certify import verify
from causal_eval.questions.samples import SAMPLED, samples
from causal_eval.questions.story import REGIMES, load


def test_samples_are_proven_questions_of_every_vocabulary() -> None:
    """Two families in each, of the lowest difficulty; the same seed asks the same."""
    found = list(samples(load("law"), seed="0"))
    assert [(one.family, one.regime) for one in found] == [(name, regime) for name in SAMPLED for regime in REGIMES]
    for one in found:
        verify(one)
        assert (one.domain, one.difficulty) == ("law", 1)
    assert list(samples(load("law"), seed="0")) == found
    assert not {one.id for one in samples(load("law"), seed="1")} & {one.id for one in found}
