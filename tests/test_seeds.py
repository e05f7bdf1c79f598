"""Randomness is named, reproducible everywhere, uniform, and never modulo-biased."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.seeds import Stream

DRAWS = """
import json
from causal_eval.seeds import Stream
s = Stream("7", "effect", 3)
k = Stream.keyed(b"secret", "round", 1)
c = s.child("names", "für")
print(json.dumps([
    s.bits(1), s.bits(64), hex(s.bits(256)), [s.below(n) for n in (1, 2, 3, 10, 10**20)], s.between(-5, 5),
    s.chance(1, 3), s.choice("abcdef"), s.weighted([1, 0, 5]), s.shuffled(range(10)), s.sample("abcdefgh", 3),
    k.bits(128), c.bits(128),
]))
"""
GOLDEN = (
    '[1, 5325650173223595644, "0x75754959fd75a2b4d1fc93b9c31d5e24debb539f130b0385fde4bcfbd04dbf66", '
    '[0, 0, 1, 4, 29756944072066530310], -5, false, "e", 2, [6, 2, 9, 1, 8, 5, 4, 0, 3, 7], ["h", '
    '"b", "a"], 135716514395970587519500758510878531721, 176515196204776089881470313196057597667]'
)
FAIR = 4.5
"""Standard deviations within which a count must lie; draws are fixed, so this never flickers."""


@pytest.mark.parametrize(
    "place",
    [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "1"},
    ],
    ids=["plain", "kathmandu", "turkish"],
)
def test_the_same_name_gives_the_same_values_everywhere(place: dict[str, str]) -> None:
    """Values are pinned: hash seed, time zone and locale change nothing, and no edit may."""
    run = subprocess.run(
        [sys.executable, "-c", DRAWS], env={**os.environ, **place}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == GOLDEN


def test_the_stream_is_the_documented_one() -> None:
    """Block n is SHA-256(key, n as 8 bytes), the key SHA-256 of the parts, each after its length in 8 bytes."""
    key = hashlib.sha256(bytes(7) + b"\x01" + b"7" + bytes(7) + b"\x02" + "ü".encode()).digest()
    blocks = [hashlib.sha256(key + bytes(7) + bytes([n])).digest() for n in range(2)]
    stream = Stream(7, "ü")
    assert [stream.bits(256) for _ in blocks] == [int.from_bytes(block, "big") for block in blocks]


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_different_names_are_different_streams(one: list[str], other: list[str]) -> None:
    """Parts are framed: no two different lists of parts give the same stream."""
    assert (Stream(*one).bits(256) == Stream(*other).bits(256)) == (one == other)


def test_a_number_and_its_text_are_one_name() -> None:
    """``Stream(7)`` and ``Stream("7")`` are equal, so a seed from the command line is the seed of a script."""
    assert Stream(7, "a").bits(256) == Stream("7", "a").bits(256)


def test_a_child_does_not_depend_on_what_was_drawn_before() -> None:
    """Naming a child consumes nothing, and drawing does not move it."""
    fresh, used = Stream("s"), Stream("s")
    used.bits(100)
    assert fresh.child("c").bits(256) == used.child("c").bits(256)
    assert Stream("s").bits(256) == fresh.bits(256)


def test_a_keyed_stream_follows_from_its_secret() -> None:
    """Another secret or another name gives another stream, the same pair the same one."""
    drawn = {Stream.keyed(secret, name).bits(256) for secret in (b"a", b"b") for name in ("x", "y")}
    assert len(drawn) == 4
    assert Stream.keyed(b"a", "x").bits(256) in drawn


@given(st.lists(st.integers(1, 256), min_size=1, max_size=12))
def test_bits_are_one_endless_sequence(widths: list[int]) -> None:
    """How bits are cut into pieces does not change them."""
    whole = format(Stream("w").bits(256), "0256b")
    stream = Stream("w")
    pieces = "".join(format(stream.bits(width), f"0{width}b") for width in widths)
    shared = min(256, len(pieces))
    assert pieces[:shared] == whole[:shared]


@given(st.integers(1, 10**30), st.text(max_size=3))
def test_below_stays_below(bound: int, name: str) -> None:
    """Every draw lies in ``range(bound)``."""
    assert 0 <= Stream(name).below(bound) < bound


@given(st.integers(-50, 50), st.integers(0, 50))
def test_between_has_both_ends_inside(low: int, width: int) -> None:
    """Every draw lies in ``low..high``."""
    assert low <= Stream("b", low, width).between(low, low + width) <= low + width


@pytest.mark.parametrize("bound", [2, 3, 5, 6, 7, 100])
def test_below_is_uniform(bound: int) -> None:
    """Every value comes as often as every other, within chance."""
    stream, total = Stream("uniform", bound), 20_000
    counts = Counter(stream.below(bound) for _ in range(total))
    share = 1 / bound
    spread = (total * share * (1 - share)) ** 0.5
    assert set(counts) == set(range(bound))
    assert all(abs(count - total * share) < FAIR * spread for count in counts.values())


def test_weights_are_kept() -> None:
    """An index comes in proportion to its weight, and never with weight 0."""
    stream, total = Stream("weights"), 20_000
    counts = Counter(stream.weighted([1, 0, 3]) for _ in range(total))
    assert set(counts) == {0, 2}
    assert abs(counts[0] - total / 4) < FAIR * (total * 3 / 16) ** 0.5


def test_chance_is_its_fraction() -> None:
    """``chance(1, 3)`` is true a third of the time; 0 never, 1 always."""
    stream, total = Stream("chance"), 20_000
    hits = sum(stream.chance(1, 3) for _ in range(total))
    assert abs(hits - total / 3) < FAIR * (total * 2 / 9) ** 0.5
    assert not any(stream.chance(0, 3) for _ in range(100))
    assert all(stream.chance(3, 3) for _ in range(100))


def test_every_permutation_is_as_likely() -> None:
    """Shuffling three items gives all six orders equally often."""
    stream, total = Stream("shuffle"), 12_000
    counts = Counter("".join(stream.shuffled("abc")) for _ in range(total))
    spread = (total * (1 / 6) * (5 / 6)) ** 0.5
    assert len(counts) == 6
    assert all(abs(count - total / 6) < FAIR * spread for count in counts.values())


@given(st.lists(st.integers(), max_size=12))
def test_shuffling_keeps_the_items(items: list[int]) -> None:
    """A shuffle is a permutation, in place or as a copy that leaves the original alone."""
    before = list(items)
    copy = Stream("keep").shuffled(items)
    assert items == before
    assert sorted(copy) == sorted(items)


@given(st.integers(0, 12), st.integers(0, 12))
def test_a_sample_has_no_item_twice(size: int, count: int) -> None:
    """*count* different items, or an error that says how many there are."""
    if count > size:
        with pytest.raises(ValueError, match=f"cannot draw {count} different items from {size}"):
            Stream("s").sample(range(size), count)
    else:
        assert len(set(Stream("s").sample(range(size), count))) == count


@pytest.mark.parametrize("bound", [0, -1])
def test_below_nothing_is_an_error(bound: int) -> None:
    """There is no integer below 0 in ``range(bound)``: the message says so."""
    with pytest.raises(ValueError, match=f"at least 1, got {bound}"):
        Stream("s").below(bound)


@given(st.lists(st.integers(1, 256), min_size=1, max_size=40))
def test_bits_are_those_of_the_hash_one_after_the_other(counts: list[int]) -> None:
    """Whatever the sizes of the pieces, together they are the hashes of the counter, no bit lost or used twice."""
    stream, twin = Stream("pieces"), Stream("pieces")
    written = "".join(f"{stream.bits(count):0{count}b}" for count in counts)
    expected = "".join(f"{twin.bits(256):0256b}" for _ in range(sum(counts) // 256 + 1))
    assert written == expected[: len(written)]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=60))
def test_a_power_of_two_takes_as_many_bits_as_it_needs(widths: list[int]) -> None:
    """``below`` and ``bits`` read one and the same stream, and may take turns."""
    stream, twin = Stream("turns"), Stream("turns")
    for width in widths:
        assert stream.below(1 << width) == twin.bits(width)
    assert stream.bits(64) == twin.bits(64)


@pytest.mark.parametrize(("low", "high"), [(5, 95), (0, 0), (-3, 4), (2, 1 << 70)])
def test_several_values_are_those_of_as_many_calls(low: int, high: int) -> None:
    """What is drawn at once is what is drawn one by one, and the stream goes on from the same place."""
    one, other = Stream("several"), Stream("several")
    assert one.betweens(low, high, count=40) == [other.between(low, high) for _ in range(40)]
    assert one.bits(64) == other.bits(64)


def test_an_empty_range_has_no_values() -> None:
    """A range whose end lies before its beginning is refused and not searched for ever."""
    with pytest.raises(ValueError, match="not empty"):
        Stream("several").betweens(2, 1, count=3)
