"""The conformance suite: every form is read as it says, and no form is read as something else."""

from __future__ import annotations

import json
from typing import Any

from causal_eval.questions.question import AnswerKind

FEWEST = 400


def _same(reading: str, wanted: str) -> bool:
    if reading.startswith("!") or wanted.startswith("!"):
        return reading == wanted
    return bool(json.loads(reading) == json.loads(wanted))


def test_lenient(form: Any, read: Any) -> None:
    """Any unambiguous form is read; anything else is named unreadable, for the right reason."""
    assert _same(read.lenient(form), form.lenient), form.text


def test_strict(form: Any, read: Any) -> None:
    """Only the asked-for last line is read strictly."""
    assert _same(read.strict(form), form.strict), form.text


def test_no_wrong_reads(forms: Any, read: Any) -> None:
    """Over the whole suite not one reply is read as an answer that it does not give."""
    wrong = [
        form.text
        for form in forms
        for reading, wanted in ((read.lenient(form), form.lenient), (read.strict(form), form.strict))
        if not reading.startswith("!") and not _same(reading, wanted)
    ]
    assert not wrong


def test_size_of_the_suite(forms: Any) -> None:
    """The suite holds forms of every answer kind, strictly readable ones and each reason for none."""
    assert len(forms) >= FEWEST
    assert {form.spec.kind for form in forms} == set(AnswerKind)
    said = {form.lenient for form in forms if form.lenient.startswith("!")}
    assert said == {"!ambiguous", "!bad_format", "!truncated", "!no_response", "!abstained"}
    assert sum(not form.strict.startswith("!") for form in forms) >= 50
