"""A run's identity: the same command resumes, any change that can change a score begins a new run."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from causal_eval.errors import UsageError
from causal_eval.evaluation.spec import RunSpec, identity, spec_fields, spec_from
from causal_eval.questions.question import canonical

SPEC = RunSpec("openai/x", "ab" * 32, elicitation="reason@1", max_tokens=2048, params=(("b", "2"), ("a", "1")))

OTHER = {
    "answerer": "openai/y",
    "question_set": "cd" * 32,
    "seed": "1",
    "limit": 5,
    "epochs": 2,
    "elicitation": "direct@1",
    "temperature": 0.0,
    "top_p": 0.5,
    "max_tokens": 1,
    "endpoint": "http://localhost",
    "params": (("a", "2"),),
    "label": "again",
}


def test_the_identity_is_frozen() -> None:
    """This very hash stands in stored databases: if it changes, every run begun before an upgrade starts anew."""
    assert identity(RunSpec("openai/x", "ab" * 32)) == "ev-426e8e60794e475b"


def test_equal_specs_have_equal_names() -> None:
    """The order in which parameters were written makes no other run."""
    assert identity(SPEC) == identity(replace(SPEC, params=(("a", "1"), ("b", "2"))))


@pytest.mark.parametrize("name", [field.name for field in fields(RunSpec)])
def test_every_field_is_part_of_the_identity(name: str) -> None:
    """A spec that differs in any one field is another run."""
    assert identity(replace(SPEC, **{name: OTHER[name]})) != identity(SPEC)  # type: ignore[arg-type]  # by name


def test_a_spec_survives_its_json() -> None:
    """What is stored gives the same spec back."""
    import msgspec

    assert spec_from(msgspec.json.decode(canonical(spec_fields(SPEC)))) == SPEC


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"limit": 0}])
def test_nothing_to_ask_is_refused(wrong: dict[str, int]) -> None:
    """Zero samples or questions is a mistake, named with its field."""
    with pytest.raises(UsageError, match=next(iter(wrong))):
        RunSpec("x/y", "ab", **wrong)  # type: ignore[arg-type]  # by name
