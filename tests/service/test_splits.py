"""Sets that follow from a secret: made once, committed to, closed until they are revealed, and proven by anybody."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from causal_eval.errors import Conflict, NotAllowed, UnknownName, UsageError
from causal_eval.service import contamination, jobs, makings, projects, questions, results, splits
from causal_eval.service.access import Caller, Role
from causal_eval.service.jobs import JobOrder
from causal_eval.service.set_orders import OwnWords, SetOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.makings import Making
from causal_eval.store.suites import StoredSet, set_questions

SECRET = b"what-only-the-operator-knows-32b"
WANTED = SetOrder(seed="1", n=12, families=("attribution", "effect"), split="private")


@pytest.fixture
def keyed(service: Service, tmp_path: Path) -> Service:
    """The service, with a secret."""
    file = tmp_path / "split-secret"
    file.write_bytes(SECRET + b"\n")
    file.chmod(0o600)
    return replace(service, settings=replace(service.settings, split_secret_file=file))


@pytest.fixture
def orders(keyed: Service, caller: Callable[..., Caller]) -> Visit:
    """An evaluator at that service."""
    return Visit(keyed, caller(Role.EVALUATOR))


@pytest.fixture
def admin(keyed: Service, caller: Callable[..., Caller]) -> Visit:
    """An admin at that service."""
    return Visit(keyed, caller(Role.ADMIN))


def made(visit: Visit, wanted: SetOrder) -> StoredSet:
    """The set, which is small enough to be made at once."""
    found = makings.make(visit, wanted)
    assert isinstance(found, StoredSet)
    return found


def everything(service: Service) -> Iterator[str]:
    """Every value of every row."""
    with service.store.reading() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        for name in list(names):
            for row in connection.execute(text(f'SELECT * FROM "{name}"')):
                yield from map(str, row)


def test_a_private_set_is_committed_to_and_proven_once_it_is_revealed(orders: Visit, admin: Visit) -> None:
    """Made once; its commitment is there at once, its key nowhere until an admin reveals it; then anybody proves it."""
    one = made(orders, WANTED)
    assert made(orders, WANTED) == one
    committed = splits.commitment(orders, one.digest)
    document = json.loads(committed.document)
    assert (committed.split, committed.key, document["set"]) == ("private", None, one.hash)
    assert document["plan"]["secret"] is None
    assert document["plan"]["seed"] == "split/private/1"
    with pytest.raises(NotAllowed):
        splits.disclose(orders, one.digest)
    assert not any(SECRET.decode() in value for value in everything(orders.service))
    shown = splits.disclose(admin, one.digest)
    assert splits.disclose(admin, one.digest) == shown
    assert shown.key is not None
    assert SECRET.decode() not in shown.key
    assert contamination.revealed(orders, committed.document.encode(), secret=shown.key).proven
    other = contamination.revealed(orders, committed.document.encode(), secret=shown.key[::-1])
    assert "another secret" in other.differs


def test_two_projects_and_two_dates_have_two_sets(orders: Visit, admin: Visit, caller: Callable[..., Caller]) -> None:
    """Who orders the same in another project learns nothing of it; no two splits share a question."""
    projects.add(Visit(admin.service, replace(admin.caller, projects=None)), "other", name="Other")
    elsewhere = Visit(orders.service, caller(Role.EVALUATOR, "other"))
    wanted = [
        WANTED, replace(WANTED, split="rotating", date="2026-12-01"), replace(WANTED, split="public"),
        replace(WANTED, split="rotating", date="2026-12-02"),
    ]  # fmt: skip
    sets = [made(orders, one) for one in wanted] + [made(elsewhere, replace(WANTED, project="other"))]
    ids = [{one.id for one in set_questions(orders.service.store, found.digest)} for found in sets]
    assert all(not one & other for one, other in itertools.combinations(ids, 2))
    with pytest.raises(UnknownName):
        questions.find(elsewhere, sets[0].digest)
    with pytest.raises(UnknownName):
        splits.commitment(orders, sets[2].digest)


def test_nobody_is_shown_its_answers_before_it_is_revealed(orders: Visit, admin: Visit) -> None:
    """Prompts are; answers, proofs and replies beside them are not, be it by the set or by an evaluation on it."""
    one = made(orders, WANTED)
    run = jobs.order(orders, JobOrder("baseline/oracle", one.digest)).evaluation
    first = next(set_questions(orders.service.store, one.digest))
    shut: list[Callable[[Visit], object]] = [
        lambda visit: questions.exported(visit, one.digest, answers=True),
        lambda visit: questions.explain(visit, one.digest, question=first.id),
        lambda visit: results.answers(visit, run.id, question=first.id),
    ]
    for ask, visit in itertools.product(shut, (orders, admin)):
        with pytest.raises(Conflict, match="closed"):
            ask(visit)
    bodies = [json.loads(line.body) for line in questions.page(admin, one.digest)]
    assert {(body["gold"], body["certificate"]) for body in bodies} == {(None, None)}
    assert questions.verify_part(orders, one.digest).mismatches == {}
    exported = [json.loads(line) for line in questions.exported(orders, one.digest).lines]
    assert [line["prompt"] for line in exported] == [body["prompt"] for body in bodies]
    kept = projects.export(admin, "local")
    assert not any(first.prompt[:60] in line.decode() for line in kept)
    splits.disclose(admin, one.digest)
    for ask in shut:
        ask(orders)
    assert json.loads(questions.page(orders, one.digest)[0].body)["gold"] is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "sets CEB_SPLIT_SECRET_FILE"), (b"short", "holds 5 bytes"), ("gone", "cannot be read"),
     ("open", "others may read")],
)  # fmt: skip
def test_a_service_without_a_secret_says_which_setting_is_missing(
    content: bytes | str | None, said: str, service: Service, caller: Callable[..., Caller], tmp_path: Path
) -> None:
    """No set is made of a secret that is none."""
    file = tmp_path / "secret"
    if content != "gone":
        file.write_bytes(content if isinstance(content, bytes) else SECRET)
        file.chmod(0o644 if content == "open" else 0o600)
    settings = replace(service.settings, split_secret_file=None if content is None else file)
    visit = Visit(replace(service, settings=settings), caller(Role.EVALUATOR))
    with pytest.raises(Conflict, match=f"split is 'private'.*{said}"):
        makings.make(visit, WANTED)
    assert not questions.listed(visit)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (replace(WANTED, split="rotating"), "date is ''"),
        (replace(WANTED, date="2026-12-01"), "goes with the split rotating"),
        (replace(WANTED, split="rotating", date="today"), "YYYY-MM-DD"),
        (replace(WANTED, split="secret"), "split is 'secret'"),
        (SetOrder(suite="quick", split="private"), "is what its name says"),
        (replace(WANTED, words=(OwnWords("tea", "title = 1"),)), "words tea.toml"),
        (replace(WANTED, words=(OwnWords("tea", "#" * 70_000),)), "words tea has 70000 characters"),
    ],
)
def test_an_order_that_cannot_be_names_its_field(wanted: SetOrder, said: str, orders: Visit) -> None:
    """Before anything is made."""
    with pytest.raises(UsageError, match=said):
        makings.make(orders, wanted)


@pytest.mark.slow
def test_a_worker_makes_the_set_that_was_committed_to(orders: Visit, keyed: Service) -> None:
    """One whose secret was changed meanwhile says so, and makes no other set."""
    order = replace(WANTED, n=320, families=("attribution",))
    one = makings.make(orders, order)
    assert isinstance(one, Making)
    assert keyed.settings.split_secret_file is not None
    keyed.settings.split_secret_file.write_bytes(b"another secret of the operator")
    assert makings.settle(keyed, worker="w", others=frozenset(), stop=lambda: False)
    failed = makings.find(orders, one.id)
    assert (failed.status, failed.question_set) == ("failed", None)
    assert "CEB_SPLIT_SECRET_FILE holds another secret" in failed.note
    keyed.settings.split_secret_file.write_bytes(SECRET)
    assert makings.make(orders, order) == replace(one, status="open")
    assert makings.settle(keyed, worker="w", others=frozenset(), stop=lambda: False)
    done = makings.find(orders, one.id)
    assert done.question_set is not None
    assert splits.commitment(orders, done.question_set).key is None
