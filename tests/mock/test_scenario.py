"""A scenario file says what happens when and to whom; what is wrong in it is named with line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from causal_eval.errors import MalformedFile
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.keys import Key
from causal_eval.mock.latency import FixedTime, LogNormal, Uniform
from causal_eval.mock.scenario import Scenario, parse_scenario, read_scenario
from causal_eval.mock.timeline import Phase

WHOLE = """
seed = "monday"
latency = { lognormal = 0.2, sigma = 0.4 }

[keys.small]
value = "sk-small"
quota = 100
requests_per_minute = 60
tokens_per_minute = 9000

[keys.dead]
value = "sk-dead"
revoked_from_request = 1

[[phase]]
name = "storm"
mode = "rate-limit"
seconds = 2
key = "small"
from_request = 10
to_request = 60

[[phase]]
mode = "server-error"
every = 2
chance = 0.5
model = "gpt-*"
path = "*/chat/completions"
from_second = 5
for_seconds = 5
latency = { uniform = [0.1, 0.3] }

[[phase]]
key = "sk-dead"
latency = 1

[batch]
polls = 3
errored_every = 4
shuffled = true
"""


def test_a_whole_scenario() -> None:
    """Every table and field arrives where it belongs."""
    storm = Phase(Fault(Mode.RATE_LIMIT, seconds=2.0), key="small", from_request=10, to_request=60)
    flap = Phase(
        Fault(Mode.SERVER_ERROR, every=2, chance=0.5), Uniform(0.1, 0.3),
        model="gpt-*", path="*/chat/completions", from_second=5.0, for_seconds=5.0,
    )  # fmt: skip
    assert parse_scenario(WHOLE) == Scenario(
        keys=(
            Key("small", "sk-small", quota=100, requests_per_minute=60, tokens_per_minute=9000),
            Key("dead", "sk-dead", revoked_from_request=1),
        ),
        phases=(storm, flap, Phase(latency=FixedTime(1.0), key="dead")),
        latency=LogNormal(0.2, 0.4),
        batch=BatchPlan(polls=3, errored_every=4, shuffled=True),
        seed="monday",
    )
    assert parse_scenario("") == Scenario()


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("a = [", 1, None, "no TOML"),
        ('x = 1\nseed = "a"\n', 1, "x", "unknown field `x`"),
        ("\nseed = 3\n", 2, "seed", "expected `str"),
        ("[keys.a]\nquota = 1\n", 1, "keys.a.value", "missing required"),
        ('[keys.a]\nvalue = "v"\n\nquota = -1\n', 4, "keys.a.quota", ">= 0"),
        ('[keys.a]\nvalue = "v"\n[keys.b]\nvalue = "v"\n', 4, "keys.b.value", "that of 'a' too"),
        (
            '[keys.a]\nvalue = "v"\nrequests_per_minut = 9\n',
            3,
            "keys.a.requests_per_minut",
            "did you mean requests_per_m",
        ),
        ("[[phase]]\nfrom_second = 1\n", 1, "phase[0].mode", "a mode, a latency or both"),
        ('[[phase]]\nmode = "reset"\n[[phase]]\n# no\nmode = "rest"\n', 5, "phase[1].mode", "did you mean reset"),
        ('[[phase]]\nmode = "qqq"\n', 2, "phase[0].mode", "known: rate-limit"),
        ('[[phase]]\nmode = "reset"\nchance = 1.5\n', 3, "phase[0].chance", "<= 1"),
        ('[[phase]]\nmode = "reset"\nchance = "x"\n', 3, "phase[0].chance", "got `str`"),
        ('[[phase]]\nmode = "reset"\nkey = "bob"\n', 3, "phase[0].key", "[keys.NAME] (defined: none)"),
        (
            '[[phase]]\nmode="reset"\nfrom_request=9\nto_request=3\n',
            4,
            "phase[0].to_request",
            "before from_request = 9",
        ),
        ("[[phase]]\nlatency = { uniform = [2, 1] }\n", 2, "phase[0].latency", "uniform = [LOW, HIGH]"),
        ("[[phase]]\nlatency = { uniform = [2] }\n", 2, "phase[0].latency", "length 2"),
        ("latency = -1\n", 1, "latency", ">= 0"),
        ("[batch]\npols = 1\n", 2, "batch.pols", "did you mean polls"),
        ("phase = 3\n", 1, "phase", "expected `array`"),
    ],
)
def test_a_mistake_is_named(text: str, line: int, field: str | None, words: str) -> None:
    """File, line, field, what is wrong."""
    with pytest.raises(MalformedFile) as told:
        parse_scenario(text, "s.toml")
    assert words in str(told.value)
    assert str(told.value).startswith(f"s.toml:{line}: ")
    assert (told.value.line, told.value.field) == (line, field)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, or no text."""
    with pytest.raises(MalformedFile, match="check the path"):
        read_scenario(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MalformedFile, match="UTF-8"):
        read_scenario(tmp_path / "odd.toml")
    (tmp_path / "good.toml").write_text('seed = "x"')
    assert read_scenario(tmp_path / "good.toml").seed == "x"
