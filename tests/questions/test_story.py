"""Stories: every word can be read back without doubt, and no vocabulary gives the causal order away by its spelling."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions import story
from causal_eval.questions.domain import STAGES
from causal_eval.questions.facts import Fact
from causal_eval.questions.story import REGIMES, Cast, capacity, cast, contexts, domains, load
from causal_eval.questions.wording import Lexicon, read, say
from causal_eval.seeds import Stream

GOLDEN = Path(__file__).parents[1] / "golden" / "casts.json"
DOMAINS = (
    "agriculture", "biology", "economics", "education", "engineering", "environment", "epidemiology", "everyday_life",
    "history", "law", "marketing", "medicine", "psychology", "public_policy", "software_operations", "sports",
)  # fmt: skip
RESERVED = {"and", "or", "not", "no", "if", "given", "because", "causes", "affects"}


def _medicine() -> str:
    return (resources.files("causal_eval.questions") / "stories" / "medicine.toml").read_text("utf-8")


def _cast(domain: str, regime: str, n: int, seed: int) -> Cast:
    return cast(domain, regime, order=range(n), n=n, stream=Stream(seed, domain))


def _stages(domain: str, names: tuple[str, ...]) -> list[int]:
    stage_of = {variable.name: variable.stage for variable in load(domain).variables}
    return [stage_of[name] for name in names]


@pytest.fixture
def empty_caches() -> Iterator[None]:
    """Forget what was loaded before and after, for tests that change the folder of stories."""
    story.domains.cache_clear()
    story.load.cache_clear()
    yield
    story.domains.cache_clear()
    story.load.cache_clear()


# ---- the domains as they are written ---------------------------------------------------------------------------------


def test_the_sixteen_domains_are_there() -> None:
    """Each shipped file is a domain, in alphabetical order."""
    assert domains() == DOMAINS


@pytest.mark.parametrize("domain", DOMAINS)
class TestDomain:
    def test_has_enough_variables_in_every_stage(self, domain: str) -> None:
        """At least 36 variables, and each causal stage has enough for a graph of 36 nodes."""
        words = load(domain)
        assert len(words.variables) >= 36
        assert len(words.stages) == STAGES
        assert min(len(stage) for stage in words.stages) >= 6
        assert capacity(domain, "real") == capacity(domain, "anti") >= 36
        assert [variable.stage for stage in words.stages for variable in stage] == sorted(
            variable.stage for variable in words.variables
        )

    def test_names_are_noun_phrases_without_reserved_words(self, domain: str) -> None:
        """Each name is "the" and at most four plain lower-case words, singular, none of which a prompt needs."""
        for variable in load(domain).variables:
            assert re.fullmatch(r"the( [a-z]+(-[a-z]+)?){1,4}", variable.name)
            assert not RESERVED.intersection(variable.name.split())
            assert not re.search(r"[^sui]s$", variable.name)

    def test_no_name_contains_another(self, domain: str) -> None:
        """Ids and names are unique and no name, even without its article, is a part of another."""
        variables = load(domain).variables
        assert len({variable.id for variable in variables}) == len(variables)
        for one, other in itertools.permutations(variables, 2):
            assert one.name.removeprefix("the ") not in other.name

    def test_states_differ_and_read_as_adjectives(self, domain: str) -> None:
        """Both states are plain words, neither contains the other, and no state stands in a name."""
        variables = load(domain).variables
        states = {word for variable in variables for state in variable.states for word in state.split()}
        assert not states & RESERVED
        for variable in variables:
            low, high = variable.states
            assert low not in high
            assert high not in low
            assert re.fullmatch(r"[a-z]+( [a-z]+)?", low)
            assert re.fullmatch(r"[a-z]+( [a-z]+)?", high)
            assert not states.intersection(variable.name.split())

    def test_contexts_are_sentences(self, domain: str) -> None:
        """At least five different one-line sentences that name the unit, and none that names a variable."""
        words = load(domain)
        assert len(set(words.contexts)) >= 5
        for sentence in words.contexts:
            assert re.fullmatch(r"[A-Z][a-zA-Z, -]+\.", sentence)
            assert {words.unit, words.units}.intersection(re.split("[ .]", sentence))
            assert not any(variable.name in sentence for variable in words.variables)

    def test_every_stage_has_its_reason(self, domain: str) -> None:
        """A sentence for every stage says why it comes no later; no two stages and no two domains share one."""
        others = {sentence for other in DOMAINS if other != domain for sentence in load(other).reason}
        reason = load(domain).reason
        assert len(set(reason)) == STAGES
        assert others.isdisjoint(reason)

    def test_every_clause_is_read_back(self, domain: str) -> None:
        """Told all at once, every clause of the domain reads as the node and value it was printed for."""
        variables = load(domain).variables
        words = Lexicon.of(tuple(one.name for one in variables), tuple(one.states for one in variables))
        for slot in itertools.product(range(len(variables)), (0, 1)):
            fact = Fact("observed", (slot,))
            assert read(say(fact, words, stream=Stream(domain, *slot)), words) == fact

    def test_no_two_clauses_collide(self, domain: str) -> None:
        """No clause stands within another, not even by letters."""
        clauses = [f"{one.name} is {state}" for one in load(domain).variables for state in one.states]
        assert not [(one, other) for one, other in itertools.permutations(clauses, 2) if one in other]

    def test_spelling_says_nothing_about_the_stage(self, domain: str) -> None:
        """Over all pairs of different stages, the earlier variable is first in the alphabet half of the time."""
        variables = load(domain).variables
        pairs = [(a.name, b.name) for a in variables for b in variables if a.stage < b.stage]
        assert mean(a < b for a, b in pairs) == pytest.approx(0.5, abs=0.04)

    def test_length_says_nothing_about_the_stage(self, domain: str) -> None:
        """The earlier of two variables is about as often the shorter name as the longer one."""
        variables = load(domain).variables
        pairs = [(len(a.name), len(b.name)) for a in variables for b in variables if a.stage < b.stage]
        assert mean((a < b) + (a == b) / 2 for a, b in pairs) == pytest.approx(0.5, abs=0.08)


# ---- casting ---------------------------------------------------------------------------------------------------------


@given(st.sampled_from(DOMAINS), st.permutations(range(12)), st.integers(1, 12), st.integers())
@settings(derandomize=True, deadline=None, max_examples=150)
def test_real_stories_run_forward_and_anti_stories_backward(
    domain: str, permutation: list[int], n: int, seed: int
) -> None:
    """Along the causal order stages rise (real) or fall (anti): strictly up to six nodes, never the wrong way."""
    order = [node for node in permutation if node < n]
    real, anti = (cast(domain, regime, order=order, n=n, stream=Stream(seed)) for regime in ("real", "anti"))
    forward = _stages(domain, tuple(real.names[node] for node in order))
    backward = _stages(domain, tuple(anti.names[node] for node in order))
    assert forward == sorted(forward)
    assert backward == sorted(backward, reverse=True)
    assert max(forward.count(stage) for stage in forward) == -(-n // STAGES)
    assert max(backward.count(stage) for stage in backward) == -(-n // STAGES)


@given(st.sampled_from(DOMAINS), st.integers(1, 36), st.integers())
@settings(derandomize=True, deadline=None, max_examples=120)
def test_anti_is_real_mirrored(domain: str, n: int, seed: int) -> None:
    """The same stream gives the same words the other way round, so that only the direction differs."""
    order = Stream(seed, "order").shuffled(range(n))
    real, anti = (cast(domain, regime, order=order, n=n, stream=Stream(seed)) for regime in ("real", "anti"))
    assert [real.names[node] for node in order] == [anti.names[node] for node in reversed(order)]
    assert real.context == anti.context


@given(st.sampled_from(DOMAINS), st.sampled_from(REGIMES), st.integers(1, 36), st.integers())
@settings(derandomize=True, deadline=None, max_examples=400)
def test_every_cast_can_be_read_back(domain: str, regime: str, n: int, seed: int) -> None:
    """Names are different, none contains another in any case, each has two different states, the context is known."""
    n = min(n, capacity(domain, regime))
    words = _cast(domain, regime, n, seed)
    assert len(words.names) == len(words.states) == n
    assert words.context in contexts(domain, regime)
    for one, other in itertools.permutations(words.names, 2):
        assert one.lower() not in other.lower()
    for node, (low, high) in enumerate(words.states):
        assert low != high
        assert words.clause(node, 1) == f"{words.names[node]} is {high}"
        assert words.clause(node, 0) == f"{words.names[node]} is {low}"


def test_clauses_are_english() -> None:
    """A clause is name, "is" and the state."""
    words = Cast(
        domain="medicine",
        regime="real",
        unit="patient",
        units="patients",
        context="",
        names=("the sodium intake",),
        states=(("low", "high"),),
    )
    assert words.clause(0, 1) == "the sodium intake is high"
    assert words.clause(0, 0) == "the sodium intake is low"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("regime", REGIMES)
def test_alphabetical_order_is_no_causal_order(domain: str, regime: str) -> None:
    """Over many casts, of two nodes the earlier one is first in the alphabet half of the time."""
    casts = [_cast(domain, regime, 8, seed).names for seed in range(300)]
    pairs = [(names[a], names[b]) for names in casts for a, b in itertools.combinations(range(8), 2)]
    assert mean(a < b for a, b in pairs) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("regime", REGIMES)
def test_the_first_in_the_alphabet_is_anywhere(domain: str, regime: str) -> None:
    """The alphabetically first of six names is the root, or the last effect, less than twice as often as by luck."""
    firsts = [words.names.index(min(words.names)) for words in (_cast(domain, regime, 6, seed) for seed in range(600))]
    assert firsts.count(0) / 600 < 2 / 6
    assert firsts.count(5) / 600 < 2 / 6


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_variable_is_used(domain: str) -> None:
    """No variable and no context is out of reach of the draw."""
    casts = [_cast(domain, "real", 12, seed) for seed in range(120)]
    words = load(domain)
    assert {name for each in casts for name in each.names} == {variable.name for variable in words.variables}
    assert {each.context for each in casts} == set(words.contexts)


def test_nonsense_and_placeholder_say_nothing_about_the_domain() -> None:
    """Neutral names, unit and context are the same in every domain."""
    for regime in ("nonsense", "placeholder"):
        casts = [cast(domain, regime, order=range(5), n=5, stream=Stream(1)) for domain in DOMAINS]
        assert len({(each.names, each.states, each.context, each.unit, each.units) for each in casts}) == 1


def test_nonsense_words_begin_differently() -> None:
    """No two nonsense words of a cast share their first three letters, and all have one shape."""
    for seed in range(50):
        names = _cast("medicine", "nonsense", 20, seed).names
        assert len({name[4:7] for name in names}) == 20
        assert all(re.fullmatch(r"the [a-z]{6} level", name) for name in names)


def test_placeholders_are_shuffled_letters() -> None:
    """Placeholders are single letters in no fixed order, with states 0 and 1."""
    casts = [_cast("medicine", "placeholder", 6, seed) for seed in range(20)]
    assert all(re.fullmatch(r"variable [A-HJ-NP-Z]", name) for each in casts for name in each.names)
    assert len({each.names for each in casts}) == 20
    assert {states for each in casts for states in each.states} == {("0", "1")}


# ---- determinism -----------------------------------------------------------------------------------------------------


def _all_casts() -> dict[str, dict[str, object]]:
    """One cast of seven nodes for every domain and regime."""
    order = [3, 0, 6, 2, 5, 1, 4]
    return {
        f"{domain}/{regime}": {
            "context": words.context,
            "unit": [words.unit, words.units],
            "clauses": [[words.clause(node, value) for value in (0, 1)] for node in order],
        }
        for domain in DOMAINS
        for regime in REGIMES
        for words in [cast(domain, regime, order=order, n=7, stream=Stream("golden", domain))]
    }


def test_casts_are_those_of_the_golden_file() -> None:
    """The same stream gives the same words in every version; a change needs a new generator version."""
    assert _all_casts() == json.loads(GOLDEN.read_text("utf-8"))


def test_casts_do_not_depend_on_the_hash_seed() -> None:
    """Two processes with different hash seeds give the same casts."""
    program = (
        "from causal_eval.questions.story import REGIMES, cast, domains\n"
        "from causal_eval.seeds import Stream\n"
        "print([cast(d, r, order=range(9), n=9, stream=Stream(d)) for d in domains() for r in REGIMES])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_importing_stories_loads_no_heavy_library() -> None:
    """Reading files is paid for by the first domain that is loaded, not by the import."""
    program = "import sys, causal_eval.questions.story; print({'importlib.resources', 'tomllib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "set()"


# ---- what is refused -------------------------------------------------------------------------------------------------


def test_unknown_names_suggest_the_nearest() -> None:
    """A misspelt domain or regime is refused with the name that was meant."""
    with pytest.raises(UnknownName, match="did you mean medicine"):
        load("medecine")
    with pytest.raises(UnknownName, match="did you mean nonsense"):
        _cast("medicine", "nonsens", 3, 0)
    with pytest.raises(UnknownName, match="unknown domain"):
        _cast("astrology", "placeholder", 3, 0)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_graph_may_be_as_large_as_the_vocabulary(regime: str) -> None:
    """The capacity is reached, and one node more is refused with the number that is possible."""
    most = capacity("medicine", regime)
    assert most >= 24
    assert len(set(_cast("medicine", regime, most, 5).names)) == most
    with pytest.raises(UsageError, match=f"at most {most}"):
        _cast("medicine", regime, most + 1, 5)


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [1, 2, 3], [0, 1, 2, 3]])
def test_an_order_names_every_node_once(order: list[int]) -> None:
    """What is not a permutation of the nodes is refused."""
    with pytest.raises(ValueError, match="every node below n = 3 once"):
        cast("medicine", "real", order=order, n=3, stream=Stream(0))


@pytest.mark.usefixtures("empty_caches")
def test_a_new_domain_needs_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file put into the folder is a domain at once, and other files are none."""
    (tmp_path / "botany.toml").write_text(_medicine().replace('title = "Medicine"', 'title = "Botany"'), "utf-8")
    (tmp_path / "README.md").write_text("words", "utf-8")
    monkeypatch.setattr(story, "_folder", lambda: tmp_path)
    assert domains() == ("botany",)
    assert load("botany").title == "Botany"
    assert _cast("botany", "real", 5, 0).domain == "botany"
