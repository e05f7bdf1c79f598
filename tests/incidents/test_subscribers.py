"""Who has confirmed it hears of every change once, and of none after he said stop."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.errors import NotAllowed, TooSoon, UsageError
from causal_eval.incidents import maintenance, outbox
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.maintenance import NewWindow
from causal_eval.incidents.subscribers import (
    AGAIN,
    FORGOTTEN,
    MOST_WAITING,
    Asked,
    Subscriber,
    called,
    confirm,
    give_up,
    subscribe,
    tell,
    unsubscribe,
)
from causal_eval.operations.guard import Allowed

NOW = 1_790_000_000.0
MAIL, HOOK = "ann@example.org", "https://hooks.example.org/T0/secret"


def ask(hands: Any, target: str = MAIL, *, at: float = 0.0, secret: str = "s" * 32, allowed: str = "") -> None:
    """Somebody asks for messages."""
    channel = "email" if "@" in target and "/" not in target else "webhook"
    with hands.book.writing() as rows:
        subscribe(rows, Asked(channel, target, secret, allowed=Allowed.parse(allowed)), at=NOW + at)


def agree(hands: Any, token: str, *, at: float = 1.0) -> Subscriber:
    """Who got the token confirms."""
    with hands.book.writing() as rows:
        return confirm(rows, token, at=NOW + at)


def hear(hands: Any, *, at: float) -> int:
    """Have everything told that changed; how many letters."""
    page = hands.page(at=at)
    with hands.book.writing() as rows:
        return tell(rows, page, at=NOW + at)


def letters(hands: Any) -> list[outbox.Letter]:
    """Everything that waits."""
    with hands.book.writing() as rows:
        found = [one.letter for one in outbox.take(rows, at=NOW + 10**6, limit=100)]
        rows.execute("DELETE FROM outbox")
    return found


def test_nobody_is_subscribed_before_he_confirms_it(hands: Any) -> None:
    """The letter that asks him holds the token; what was before is not told."""
    ask(hands)
    (letter,) = letters(hands)
    assert (letter.channel, letter.target) == ("email", MAIL)
    assert f"confirm 1.{'s' * 32}" in letter.body
    hear(hands, at=0)
    hands.open()
    assert hear(hands, at=1) == 0
    agree(hands, f"1.{'s' * 32}", at=2)
    assert hear(hands, at=3) == 0
    hands.open("cache", Severity.P2)
    assert hear(hands, at=4) == 1


def test_every_change_is_told_once(hands: Any) -> None:
    """Colours, words, maintenance and the end; nothing twice, and nothing that is not public."""
    ask(hands)
    ask(hands, HOOK, secret="t" * 32)
    ann, hook = agree(hands, f"1.{'s' * 32}"), agree(hands, f"2.{'t' * 32}")
    letters(hands)
    assert hear(hands, at=2) == 0
    one = hands.open("api", Severity.P1)
    assert (hear(hands, at=3), hear(hands, at=4)) == (2, 0)
    assert [letter.body.splitlines()[0] for letter in letters(hands)] == ["API and pages: Partial outage"] * 2
    hands.say(one, "Ask Igor.", at=5, public=False)
    assert hear(hands, at=6) == 0
    hands.say(one, "Requests fail.", at=7)
    with hands.book.writing() as rows:
        maintenance.announce(rows, NewWindow("cache", NOW + 900, NOW + 960, "More memory."), at=NOW + 7)
    assert hear(hands, at=8) == 4
    bodies = [letter.body for letter in letters(hands) if letter.target == MAIL]
    assert bodies[0].startswith("Requests fail.")
    assert bodies[1].startswith("Cache is worked on from 2026-09-21 14:28 UTC to 2026-09-21 14:29 UTC: More memory.")
    hands.end(one, "It was the disk.", at=9)
    assert hear(hands, at=10) == 4
    last = letters(hands)
    assert {letter.target for letter in last} == {MAIL, hook.alias}
    assert all(letter.body.rstrip().endswith((ann.token, hook.token)) for letter in last)


def test_private_incidents_are_told_to_nobody(hands: Any) -> None:
    """Neither as a colour nor as words."""
    ask(hands)
    agree(hands, f"1.{'s' * 32}")
    hear(hands, at=2)
    hands.open("security", family="exposure", security=True)
    assert hear(hands, at=3) == 0


def test_who_says_stop_hears_nothing_more(hands: Any) -> None:
    """What waits for him is taken back, and a later subscription of the same number is another."""
    ask(hands, HOOK)
    one = agree(hands, f"1.{'s' * 32}")
    hear(hands, at=2)
    hands.open()
    assert hear(hands, at=3) == 1
    with hands.book.writing() as rows:
        assert called(rows, one.alias) == one
        unsubscribe(rows, one.token)
        assert called(rows, one.alias) is None
    assert letters(hands) == []
    ask(hands, HOOK, secret="u" * 32)
    with hands.book.reading() as rows:
        assert called(rows, one.alias) is None
    with hands.book.writing() as rows, pytest.raises(NotAllowed, match="not valid"):
        unsubscribe(rows, one.token)


@pytest.mark.parametrize(
    "token", ["", ".", "1.", f"2.{'s' * 32}", f"1.{'s' * 31}", "1", "x.y", f"1.{'s' * 33}", "9" * 40 + ".s", "1.\udcff"]
)
def test_a_wrong_token_does_nothing(hands: Any, token: str) -> None:
    """Whichever part of it is wrong, the answer is the same."""
    ask(hands)
    with hands.book.writing() as rows, pytest.raises(NotAllowed, match="this token is not valid, or no longer"):
        confirm(rows, token, at=NOW)


def test_a_token_is_worth_nothing_after_two_days(hands: Any) -> None:
    """Who did not confirm is forgotten; who did stays."""
    ask(hands)
    with hands.book.writing() as rows, pytest.raises(NotAllowed):
        confirm(rows, f"1.{'s' * 32}", at=NOW + FORGOTTEN + 1)
    agree(hands, f"1.{'s' * 32}", at=FORGOTTEN - 1)
    assert agree(hands, f"1.{'s' * 32}", at=FORGOTTEN + 1).confirmed_at == NOW + FORGOTTEN - 1


def test_nobody_is_flooded_and_nobody_learns_who_is_subscribed(hands: Any) -> None:
    """Asking again sends no second letter within the hour, nor one to who has confirmed."""
    ask(hands)
    ask(hands, at=AGAIN - 1, secret="t" * 32)
    assert len(letters(hands)) == 1
    ask(hands, at=AGAIN, secret="u" * 32)
    (again,) = letters(hands)
    agree(hands, again.body.rpartition("confirm ")[2].splitlines()[0], at=AGAIN + 1)
    ask(hands, at=3 * AGAIN, secret="v" * 32)
    assert letters(hands) == []


def test_many_unconfirmed_wait_and_then_no_more(hands: Any) -> None:
    """Until those are forgotten."""
    for number in range(MOST_WAITING):
        ask(hands, f"a{number}@example.org", secret=f"{number:032}")
    with pytest.raises(TooSoon, match="wait to be confirmed"):
        ask(hands, "b@example.org", secret="b" * 32)
    ask(hands, "b@example.org", at=FORGOTTEN + 1, secret="b" * 32)


@pytest.mark.parametrize(
    "target",
    [
        "http://example.org/x", "https://localhost/x", "https://127.0.0.1/x", "https://10.0.0.1/", "https://[::1]/",
        "https://169.254.169.254/latest", "https://user:word@example.org/", "https://intranet/", "https://a.internal/",
        "https://a.local./", "https://2130706433/", "https://0x7f.1/", "ftp://example.org/", "https://e.org/a b",
        "https://e.org/\n", "https://e.org:99999/", "https://e.org\\@10.0.0.1/", "file:///etc/passwd", "https://",
        f"https://e.org/{'x' * 2000}", "ann@example", "ann@exa mple.org", "ann@example.org\nBcc: b@example.org",
        "@e.org",
    ],
)  # fmt: skip
def test_addresses_that_lead_inside_or_nowhere_are_refused(hands: Any, target: str) -> None:
    """By their text; nothing is kept, nothing is sent."""
    with pytest.raises(UsageError, match="this is no"):
        ask(hands, target)
    assert letters(hands) == []


def test_this_machine_is_taken_only_where_tests_ask_for_it(hands: Any) -> None:
    """And no other inside."""
    ask(hands, "http://127.0.0.1:8080/hook", allowed="127.0.0.1:8080")
    assert len(letters(hands)) == 1
    with pytest.raises(UsageError):
        ask(hands, "http://10.0.0.1/hook", allowed="127.0.0.1:8080")


def test_what_comes_and_goes_is_told_a_few_times_an_hour(hands: Any) -> None:
    """A component that flaps fills nobody's mailbox; once it has calmed down, how it is then is told."""
    ask(hands)
    agree(hands, f"1.{'s' * 32}")
    hear(hands, at=2)
    told = 0
    for turn in range(40):
        one = hands.open("cache", Severity.P2, at=10.0 + turn * 20, family=f"f{turn}")
        told += hear(hands, at=11.0 + turn * 20)
        if turn < 39:
            hands.end(one, "over", at=20.0 + turn * 20)
        told += hear(hands, at=21.0 + turn * 20)
    assert told == 12
    assert hear(hands, at=4500) == 1


def test_a_message_that_does_not_get_through_is_given_up(hands: Any) -> None:
    """After a day; what is for people who have to act never is."""
    ask(hands)
    with hands.book.writing() as rows:
        ours = outbox.Letter(key="INC-1/x", incident=None, channel="file", target="x", subject="", body="")
        outbox.put(rows, ours, at=NOW)
        assert give_up(rows, at=NOW + 86_399) == 0
        assert give_up(rows, at=NOW + 86_401) == 1
        assert outbox.waiting(rows) == 1


def test_who_has_to_act_is_told_before_the_public(hands: Any) -> None:
    """However many subscribers wait for longer."""
    for number in range(5):
        ask(hands, f"ann{number}@example.org", secret=f"{number}" * 32)
    with hands.book.writing() as rows:
        ours = outbox.Letter(key="INC-1/x", incident=None, channel="file", target="x", subject="", body="")
        outbox.put(rows, ours, at=NOW + 60)
        (first,) = outbox.take(rows, at=NOW + 61, limit=1)
    assert first.letter.key == "INC-1/x"
