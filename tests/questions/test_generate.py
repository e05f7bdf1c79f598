"""Generation: exact counts, whole twin groups, balance, and the same bytes everywhere."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from importlib import resources

import jsonschema
import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question, canonical
from causal_eval.questions.story import REGIMES, domains

N = 240


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(Plan(n=N, seed="tests")))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 17, 60])
def test_exactly_n_questions(n: int) -> None:
    """The set has the size that was asked for, whatever the sizes of twin groups."""
    assert sum(1 for _ in generate(Plan(n=n, seed="count"))) == n


def test_ids_are_unique_and_name_the_content(questions: list[Question]) -> None:
    """No question is asked twice."""
    assert len({question.id for question in questions}) == N
    assert len({question.prompt for question in questions}) == N


def test_everything_is_covered_evenly(questions: list[Question]) -> None:
    """Families, domains, regimes and difficulties all occur, none of them rarely."""
    for values, attribute in (
        (FAMILIES, "family"),
        (domains(), "domain"),
        (REGIMES, "regime"),
        (range(1, 6), "difficulty"),
    ):
        counts = Counter(getattr(question, attribute) for question in questions)
        assert set(counts) == set(values)
        assert min(counts.values()) >= N / len(counts) / 2.5, (attribute, counts)


def test_twin_groups_are_whole_and_contiguous(questions: list[Question]) -> None:
    """A twin group stands together in one cluster, and a yes/no question is always scored jointly in one."""
    groups = defaultdict(list)
    for place, question in enumerate(questions):
        if question.answer.kind == "yes_no":
            assert question.joint
        if question.twin:
            groups[question.twin].append((place, question))
    assert groups
    for members in groups.values():
        places = [place for place, _ in members]
        assert places == list(range(places[0], places[0] + len(places)))
        assert len({question.cluster for _, question in members}) == 1
        assert len(members) > 1
        answers = Counter(question.gold for _, question in members if question.answer.kind == "yes_no")
        assert not answers or len(answers) == 2


def test_twins_that_ask_of_one_case_have_one_proof(questions: list[Question]) -> None:
    """Within a group equal cases carry equal steps and are proven once; other cases carry proofs of their own."""
    shared = 0
    for one, other in itertools.pairwise(questions):
        if one.twin is None or one.twin != other.twin:
            continue
        assert one.certificate is not None
        assert other.certificate is not None
        same = (one.certificate.case, one.certificate.more) == (other.certificate.case, other.certificate.more)
        assert (one.certificate.steps is other.certificate.steps) == same
        shared += same
    assert shared


def test_questions_fit_the_published_schema(questions: list[Question]) -> None:
    """Every line of a file validates against the JSON Schema that comes with the package."""
    schema = json.loads(resources.files("causal_eval.questions").joinpath("question.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for question in questions:
        validator.validate(json.loads(canonical(question)))


_SAMPLE = """
import hashlib, sys
from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.generate import TRANSLATED, Plan, generate
from causal_eval.questions.languages import LANGUAGES
from causal_eval.questions.question import canonical
from causal_eval.questions.telling import Slot, rephrased
from causal_eval.seeds import Stream

def say(name, questions):
    print(name, hashlib.sha256(b"".join(map(canonical, questions))).hexdigest())

for name in FAMILIES:
    one = family(name)
    slot = Slot(one, one.kinds[-1], "medicine", "real", 2, 0)
    say(name, rephrased(slot, Stream("everywhere", sys.argv[1], name), seed="everywhere"))
for code in LANGUAGES:
    say(code, generate(Plan(n=10, seed=sys.argv[1], families=TRANSLATED, language=code)))
say("linked", generate(Plan(n=60, seed=sys.argv[1], twins=("distractors", "pressure", "numeracy", "size", "names"))))
"""


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_everywhere() -> None:
    """Hash seed, time zone, locale and NumPy's loops do not matter to any family, layout or language; a seed does."""

    def digests(seed: str, **env: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", _SAMPLE, seed], env={**os.environ, **env}, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    first = digests("7", PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C")
    assert len(first) > len(FAMILIES)
    plain = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4"}  # as a NumPy that was built for an older machine computes
    assert first == digests("7", PYTHONHASHSEED="2", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", **plain)
    assert first == digests("7", PYTHONHASHSEED="3", TZ="America/St_Johns", LC_ALL="tr_TR.UTF-8", PYTHONUTF8="1")
    assert not set(first) & set(digests("8"))


def test_a_secret_changes_the_set() -> None:
    """A keyed set cannot be made without its secret."""
    plain, keyed, other = (
        [question.id for question in generate(Plan(n=10, seed="1", secret=secret))]
        for secret in (None, b"0123456789abcdef", b"fedcba9876543210")
    )
    assert len({*plain, *keyed, *other}) == 30


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        (Plan(n=0, seed="1"), UsageError, "at least 1"),
        (Plan(n=1, seed="1", difficulties=(0, 3)), UsageError, "1-5"),
        (Plan(n=1, seed="1", difficulties=(4, 3)), UsageError, "1-5"),
        (Plan(n=1, seed="1", families=("efect",)), UnknownName, "did you mean effect"),
        (Plan(n=1, seed="1", domains=("medcine",)), UnknownName, "did you mean medicine"),
        (Plan(n=1, seed="1", regimes=("reel",)), UnknownName, "did you mean real"),
    ],
)
def test_bad_plans_are_refused(plan: Plan, error: type[Exception], words: str) -> None:
    """A plan that cannot be met is refused before the first question, with the nearest names."""
    with pytest.raises(error, match=words):
        next(generate(plan))
