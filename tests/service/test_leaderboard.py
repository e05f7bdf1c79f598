"""The leaderboard: one tier and suite at a time, ties shown as ties, and nothing that is not published."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

import pytest

from causal_eval.errors import NotLoggedIn, UnknownName
from causal_eval.questions.generate import generate
from causal_eval.questions.question import Question
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service import leaderboard, sealing, submissions
from causal_eval.service.access import NOBODY, Caller, Role
from causal_eval.service.placing import placed
from causal_eval.service.sealing import Action
from causal_eval.service.submissions import Entrant
from causal_eval.service.wiring import Visit
from causal_eval.store.standings import BoardOf, Point
from causal_eval.store.submissions import Tier

SELF = BoardOf(Tier.SELF_REPORTED, "quick")


@pytest.fixture(scope="module")
def quick() -> list[Question]:
    """The questions of the suite with the seed 7."""
    return list(generate(suite("quick", "7")))


@pytest.fixture
def admin(visit: Visit, caller: Callable[..., Caller]) -> Visit:
    """An admin of the same project."""
    return Visit(visit.service, caller(Role.ADMIN))


@pytest.fixture
def enter(admin: Visit, quick: list[Question]) -> Callable[..., str]:
    """Enters an answerer with so many right answers, published unless it is not public; the submission."""

    def made(name: str, right: int, *, is_public: bool = True, size: float | None = None) -> str:
        answers = {
            asked.id: f"Well.\nANSWER: {example(asked.answer, asked.gold)}" if number < right else "no idea"
            for number, asked in enumerate(quick)
        }
        entrant = Entrant(name, "quick", is_public=is_public, size=size)
        one = submissions.reported(admin, entrant, seed="7", answers=answers)
        sealing.moderate(admin, one.id, action=Action.PUBLISH, reason="checked")
        return one.id

    return made


def point(name: str, score: float, *, spread: float = 0.1, of: str = "", paired: str = "{}") -> Point:
    """A result as far as its place depends on it."""
    return Point(name, score, score - spread, score + spread, f"ev-{name}", of or f"set-{name}", paired)


def test_ranks_count_who_is_shown_to_be_better() -> None:
    """Each lies within its rank set, and never falls: what one is shown to be worse than, lower scores are too."""
    found = placed([point("a", 0.9), point("b", 0.8), point("c", 0.65), point("d", 0.58), point("e", 0.1)])
    assert [(place.best, place.worst) for place in found] == [(1, 3), (1, 4), (1, 4), (2, 4), (5, 5)]
    assert [place.rank for place in found] == [1, 1, 1, 2, 5]
    wide = placed([point("a", 0.9), point("b", 0.4), point("c", 0.39, spread=0.38)])
    assert [(place.rank, place.best) for place in wide] == [(1, 1), (2, 2), (2, 1)]
    assert placed([]) == []


def test_the_paired_test_tells_more_where_the_questions_are_the_same() -> None:
    """Adjusted for how many, never against the scores, about the whole suite alone; old findings tell nothing."""
    sure, unsure, old = '{"ev-a":[-0.05,0.001]}', '{"ev-a":[-0.05,0.03]}', '{"ev-a":"worse"}'

    def ranks(paired: str, *, of_whole: bool = True) -> list[int]:
        return [place.rank for place in placed([point("a", 0.9), point("b", 0.85, paired=paired)], paired=of_whole)]

    assert [ranks(one) for one in (sure, unsure, old)] == [[1, 2], [1, 1], [1, 1]]
    assert ranks(sure, of_whole=False) == [1, 1]
    assert ranks('{"ev-a":[0.05,0.001]}') == [1, 1]
    assert ranks('{"ev-gone":[-0.05,0.001]}') == [1, 1]


def test_a_result_without_an_interval_is_told_from_nobody() -> None:
    """Nothing is known about how far off it may be."""
    assert [place.rank for place in placed([point("a", 0.9), Point("b", 0.2, None, None, "e", "s", "{}")])] == [1, 1]


def test_a_board_is_of_one_tier_and_suite_and_narrows(admin: Visit, enter: Callable[..., str]) -> None:
    """Best first; by rung, family, domain and size; the other tier has a board of its own."""
    good, bad = enter("good/one", 60, size=70.0), enter("bad/one", 5, size=1.5)
    found = leaderboard.board(admin, SELF)
    assert [(one.line.submission, one.place.rank) for one in found.ranked] == [(good, 1), (bad, 2)]
    assert leaderboard.board(admin, replace(SELF, tier=Tier.VERIFIED)).total == 0
    assert [one.line.submission for one in leaderboard.board(admin, replace(SELF, largest=10.0)).ranked] == [bad]
    scopes = leaderboard.scopes(admin, SELF)
    assert scopes[0] == "overall"
    assert "rung 2" in scopes
    domain = next(scope for scope in scopes if scope.startswith("domain "))
    family = next(scope for scope in scopes[1:] if " " not in scope)
    for scope in ("rung 2", family, domain):
        assert leaderboard.board(admin, replace(SELF, scope=scope)).ranked[0].line.score == 1.0
    assert leaderboard.choices(admin) == [(Tier.SELF_REPORTED, "quick")]
    assert [one.place.rank for one in leaderboard.board(admin, SELF, start=1, limit=1).ranked] == [2]
    sealing.moderate(admin, good, action=Action.REJECT, reason="taken back")
    assert [(one.line.submission, one.place.rank) for one in leaderboard.board(admin, SELF).ranked] == [(bad, 1)]


@pytest.mark.slow
def test_private_results_stand_on_the_projects_own_board_alone(
    admin: Visit, caller: Callable[..., Caller], enter: Callable[..., str]
) -> None:
    """Members see them there; for a stranger neither they nor the project exist."""
    private, public = enter("our/secret", 30, is_public=False), enter("our/pride", 50)
    stranger = Visit(admin.service, caller(Role.ADMIN, "theirs"))
    assert [one.line.submission for one in leaderboard.board(stranger, SELF).ranked] == [public]
    ours = leaderboard.board(admin, replace(SELF, project="local"))
    assert {one.line.submission for one in ours.ranked} == {private, public}
    with pytest.raises(UnknownName):
        leaderboard.board(stranger, replace(SELF, project="local"))
    with pytest.raises(UnknownName):
        leaderboard.badge(stranger, private)


@pytest.mark.slow
def test_nobody_reads_it_unless_it_is_public(admin: Visit, enter: Callable[..., str]) -> None:
    """With the setting on, whoever asks sees what is published for everybody, and no project's board."""
    public = enter("our/pride", 50)
    private = enter("our/secret", 30, is_public=False)
    nobody = Visit(admin.service, NOBODY)
    for read in (leaderboard.choices, leaderboard.public_key):
        with pytest.raises(NotLoggedIn):
            read(nobody)
    with pytest.raises(NotLoggedIn):
        leaderboard.badge(nobody, public)
    settings = replace(admin.service.settings, public_leaderboard=True)
    opened = Visit(replace(admin.service, settings=settings), NOBODY)
    assert leaderboard.board(opened, SELF).total == 1
    assert leaderboard.badge(opened, public).startswith("<svg")
    for refused in (lambda: leaderboard.badge(opened, private), lambda: sealing.log(opened, public)):
        with pytest.raises((NotLoggedIn, UnknownName)):
            refused()
    with pytest.raises(NotLoggedIn):
        leaderboard.board(opened, replace(SELF, project="local"))


@pytest.mark.slow
def test_a_badge_shows_score_and_interval_and_fetches_nothing(admin: Visit, enter: Callable[..., str]) -> None:
    """Well-formed, and no address in it but the name of its own format."""
    svg = leaderboard.badge(admin, enter("<b>&/x", 60))
    text = "".join(ET.fromstring(svg).itertext())
    assert "100.0 % [" in text
    assert "self-reported" in text
    assert svg.count("http") == 1
    assert "url(" not in svg


@pytest.mark.slow
def test_a_result_is_exported_as_an_entry_of_eval_results(admin: Visit, enter: Callable[..., str]) -> None:
    """Data set, task, revision, value, date and what is to be known, as a list of one."""
    one = enter("a/b", 60)
    entry = leaderboard.exported(admin, one)
    assert entry["value"] == 1.0
    assert "self-reported" in str(entry["notes"])
    lines = leaderboard.exported_yaml(admin, one).splitlines()
    assert lines[0].startswith('- dataset: {"id":"causal-eval-bench","task_id":"quick","revision":"')
    assert lines[1:3] == ["  value: 1.0", '  date: "2026-09-21"']
