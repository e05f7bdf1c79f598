"""The conformance suite as data."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring.grade import as_json
from causal_eval.scoring.parse import parse
from causal_eval.scoring.reading import Abstained, Answer, Reading, Unparsed


@dataclass(frozen=True)
class Form:
    """A reply and what must be read in it."""

    spec: AnswerSpec
    text: str
    lenient: str
    strict: str
    finish: str


def _spec(entry: dict[str, object]) -> AnswerSpec:
    options, items = entry.get("options", []), entry.get("items", [])
    assert isinstance(options, list)
    assert isinstance(items, list)
    none = bool(entry.get("may_be_none", False))
    return AnswerSpec(AnswerKind(str(entry["kind"])), tuple(options), tuple(items), none)


def load_forms() -> list[Form]:
    """Every form of ``forms.toml``."""
    data = tomllib.loads(Path(__file__).with_name("forms.toml").read_text("utf-8"))
    specs = {name: _spec(entry) for name, entry in data["specs"].items()}
    found = []
    for group in data["group"]:
        for text, lenient, *more in group["forms"]:
            strict = more[0] if more else ("same" if lenient.startswith("!") else "!bad_format")
            strict = lenient if strict == "same" else strict
            finish = more[1] if len(more) > 1 else "stop"
            found.append(Form(specs[group["spec"]], text, lenient, strict, finish))
    return found


def said(reading: Reading, spec: AnswerSpec) -> str:
    """A reading as it stands in ``forms.toml``."""
    match reading:
        case Answer(value=value):
            return json.dumps(as_json(value, spec), separators=(",", ":"), ensure_ascii=False)
        case Unparsed(reason=reason):
            return f"!{reason.value}"
        case Abstained():
            return "!abstained"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per form for every test that takes ``form``."""
    if "form" in metafunc.fixturenames:
        forms = load_forms()
        metafunc.parametrize("form", forms, ids=[f"{one.spec.kind}-{place}" for place, one in enumerate(forms)])


@pytest.fixture(scope="session")
def forms() -> list[Form]:
    """The whole suite."""
    return load_forms()


@pytest.fixture
def read() -> type[_Reads]:
    """Reads a form the way the suite writes readings."""
    return _Reads


class _Reads:
    @staticmethod
    def lenient(form: Form) -> str:
        return said(parse(form.text, form.spec, finish=form.finish).lenient, form.spec)

    @staticmethod
    def strict(form: Form) -> str:
        return said(parse(form.text, form.spec, finish=form.finish).strict, form.spec)
