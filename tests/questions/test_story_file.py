"""What a story file may not hold, and that the message leads to it."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from causal_eval.errors import MalformedFile
from causal_eval.questions import story_file
from causal_eval.questions.story import load


def _medicine() -> str:
    return (resources.files("causal_eval.questions") / "stories" / "medicine.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        ('"the drug dose"', '"the drug or dose"', "variables.drug_dose.name", "holds 'or'"),
        ('"the drug dose"', '"drug dose"', "variables.drug_dose.name", "begin with 'the '"),
        ('"the drug dose"', '"the drug doses"', "variables.drug_dose.name", "plural"),
        ('"the drug dose"', '"the Drug dose"', "variables.drug_dose.name", "lower-case"),
        ('"the drug dose"', '"the dose, daily"', "variables.drug_dose.name", "lower-case"),
        ('"the drug dose"', '"the very new round drug dose"', "variables.drug_dose.name", "more than 5 words"),
        ('"the drug dose"', '"the dose on demand"', "variables.drug_dose.name", "holds 'on'"),
        ('"the drug dose"', '"the stroke"', "variables.stroke.name", "one contains the other"),
        ('"the drug dose"', '"the stroke dose"', "variables.stroke.name", "one contains the other"),
        ('"the drug dose"', '"the long dose"', "variables.drug_dose.name", "a state of this domain"),
        ('id = "drug_dose"', 'id = "stroke"', "variables.stroke.id", "same id"),
        ('id = "drug_dose"', 'id = "Drug dose"', "variables.Drug dose.id", "matching regex"),
        ('id = "drug_dose", ', "", "variables.19.id", "required"),
        ('"erratic"', '"unsteady"', "variables.pulse_rhythm.high", "one contains the other"),
        ('"erratic"', '"not steady"', "variables.pulse_rhythm.high", "holds 'not'"),
        ('"erratic"', '"2"', "variables.pulse_rhythm.high", "lower-case"),
        ('high = "erratic"', 'hihg = "erratic"', "variables.pulse_rhythm.hihg", "unknown field"),
        ('high = "erratic"', 'high = "erratic", color = 1', "variables.pulse_rhythm.color", "unknown field"),
        ("stage = 5", "stage = 6", "variables.hospital_stay.stage", "Expected `int` <= 5"),
        ("stage = 5", 'stage = "5"', "variables.hospital_stay.stage", "Expected `int`, got `str`"),
        ("stage = 0", "stage = 1", "variables", "stage 0 has 0 variables"),
        ('unit = "patient"', 'unit = "Patient 1"', "unit", "matching regex"),
        ('title = "Medicine"', "", "title", "required"),
        ("Doctors at", "doctors at", "contexts.2", "one sentence"),
        ("Doctors at a large", "Doctors at 3", "contexts.2", "one sentence"),
        ("contexts = [", "contexts = []\nrest = [", "contexts", "length >= 5"),
        ("reason = [", "reason = []\nrest = [", "reason", "length >= 6"),
        ("Doctors choose", "doctors choose", "reason.3", "one sentence"),
        ("variables = [", "variables = []\nrest = [", "variables", "length >= 24"),
        ("variables = [", "variables = [ 7,", "variables.0", "got `int`"),
    ],
)
def test_a_bad_story_file_is_refused(old: str, new: str, field: str, problem: str) -> None:
    """One line names the file, the variable with its field, and what is wrong with it."""
    text = _medicine()
    assert old in text
    with pytest.raises(MalformedFile, match=re.escape(problem)) as caught:
        story_file.read(text.replace(old, new).encode(), domain="x", path="x.toml")
    assert str(caught.value).startswith(f"x.toml: field {field!r}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"title = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(content: bytes) -> None:
    """Broken syntax and broken UTF-8 name the file."""
    with pytest.raises(MalformedFile, match=r"x\.toml: not TOML in UTF-8"):
        story_file.read(content, domain="x", path="x.toml")


def test_a_reason_may_not_stand_twice() -> None:
    """Each stage is placed for a reason of its own."""
    first, second = load("medicine").reason[:2]
    with pytest.raises(MalformedFile, match="field 'reason': the same sentence stands twice"):
        story_file.read(_medicine().replace(second, first).encode(), domain="x", path="x.toml")


def test_a_context_may_not_stand_twice() -> None:
    """Equal variants would be one variant fewer than counted."""
    first = "A hospital network studies the following quantities in its patients."
    text = _medicine().replace("contexts = [", f'contexts = [\n  "{first}",')
    with pytest.raises(MalformedFile, match="stands twice"):
        story_file.read(text.encode(), domain="x", path="x.toml")
