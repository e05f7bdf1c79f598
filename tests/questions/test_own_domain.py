"""A user's own words: told in, read back with their file, and refused without it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from causal_eval.errors import MalformedFile, VerificationMismatch
from causal_eval.questions.certify import verify
from causal_eval.questions.domain import Domain
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.story import REGIMES, own

TEXT = (resources.files("causal_eval.questions") / "stories" / "medicine.toml").read_text("utf-8")


@pytest.fixture
def clinic(tmp_path: Path) -> Domain:
    """Words that did not come with the package."""
    path = tmp_path / "eye_clinic.toml"
    path.write_text(TEXT.replace("hospital network", "chain of eye clinics"), "utf-8")
    return own(path)


def test_questions_told_in_own_words_verify_with_their_file(clinic: Domain) -> None:
    """In every regime, beside shipped domains; the question carries the file's name."""
    questions = list(generate(Plan(n=60, seed="own", families=("effect", "chain"), domains=(clinic, "law"))))
    assert {(one.domain, one.regime) for one in questions} == {(d, r) for d in ("eye_clinic", "law") for r in REGIMES}
    for question in questions:
        verify(question, own=[clinic])


def test_without_their_file_they_do_not_verify(clinic: Domain) -> None:
    """The message names the domain and the flag."""
    (question,) = generate(Plan(n=1, seed="own", families=("effect",), domains=(clinic,)))
    with pytest.raises(VerificationMismatch, match=r"'eye_clinic' does not come with the package: .* --domain-file"):
        verify(question)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("medicine.toml", "comes with the package"),
        ("Eye clinic.toml", "names no domain"),
        ("gone.toml", "cannot be read"),
    ],
)
def test_a_file_that_gives_no_domain_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """Its name is the domain's, must be one, and may not hide a shipped domain."""
    if said != "cannot be read":
        (tmp_path / name).write_text(TEXT, "utf-8")
    with pytest.raises(MalformedFile, match=said):
        own(tmp_path / name)
