"""Question sets that a worker makes or checks, and evaluations that wait for one: ordered, looked after, carried out.

Whoever orders is answered at once. A worker makes a set part by part; one that is killed loses the part that was under
way, and another goes on where it was. The same set of the same generator is made once for a project.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection

import causal_eval
from causal_eval.analysis.suites.checked import check_set
from causal_eval.analysis.weakness import aimed, weakness
from causal_eval.errors import CausalEvalError, Conflict, NotAllowed, StoreError, UnknownName, UsageError
from causal_eval.questions.narrowing import kind_names
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.questions.resumption import resumed
from causal_eval.service import jobs, questions, set_orders, submissions
from causal_eval.service.access import Caller, Permission, Role, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.jobs import JobOrder, Ordered
from causal_eval.service.readonly import is_read_only
from causal_eval.service.set_orders import SetOrder
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import makings as kept
from causal_eval.store.evaluations import LOCAL, Evaluation
from causal_eval.store.locks import take_turn
from causal_eval.store.makings import DONE, FAILED, OPEN, Hold, Making
from causal_eval.store.observations import observations
from causal_eval.store.owners import owners_of
from causal_eval.store.suites import StoredSet, keep_set, set_questions

MOST_OPEN = 50
"""Makings of a project that wait at once."""
MOST_TRIES = 10
"""After which whatever ends every worker that takes it up is left alone."""
PART = 50
"""Questions that are kept at once: less than a second of a core."""
LARGEST_CHECKED = 20_000
KEPT_SECONDS = 30 * 86_400.0
PAGE = 100

Stop = Callable[[], bool]
"""Whether the worker is to end."""

_LOG = logging.getLogger(__name__)


class _LetGo(Exception):
    """The worker ends, or another has taken it up."""


def order_set(visit: Visit, wanted: SetOrder) -> Making:
    """Have the set made; the same order gives the same making, done if it was.

    Raises:
        NotAllowed, UnknownName, UsageError, Conflict: it cannot be made; the message names the field.
    """
    plan = questions.checked(visit, wanted)
    wanted = set_orders.pinned(wanted, plan)
    body = msgspec.json.encode(wanted, order="sorted").decode()
    name = _same("set", body, GENERATOR)
    return _put(visit, Making(name, wanted.project, "set", wanted.name, body, *_when(visit), wanted=plan.n))


def order_check(visit: Visit, key: str, *, project: str | None = None) -> Making:
    """Have every question of a stored set proven again, and shortcuts try it; the same set is checked once.

    It is of *project*, or of one of the caller's that has the set.

    Raises:
        NotAllowed, UnknownName: the caller (in *project*) may not use the set.
        Conflict: too much waits, or the set is too large.
    """
    require(visit.caller, Permission.EVALUATE, project=project)
    found = questions.find(visit, key, project=project)
    if project is None:
        with visit.service.store.reading() as connection:
            owners = [name for name in owners_of(connection, found.digest) if visit.caller.enters(name)]
        project = owners[0] if owners else LOCAL
    if found.count > LARGEST_CHECKED:
        raise Conflict(f"question set {key} has {found.count} questions: at most {LARGEST_CHECKED} are checked here")
    name = _same("check", project, found.digest, GENERATOR, causal_eval.__version__)
    one = Making(name, project, "check", found.name, "{}", *_when(visit), wanted=found.count)
    return _put(visit, replace(one, question_set=found.digest))


def make(visit: Visit, wanted: SetOrder) -> StoredSet | Making:
    """The set, made at once where that takes a few seconds, or made before; else what a worker is to make.

    Raises:
        NotAllowed, UnknownName, UsageError, Conflict: it cannot be made; the message names the field.
    """
    wanted = _aimed(visit, wanted)
    if is_small(visit, wanted):
        return questions.generate_set(visit, wanted)
    one = order_set(visit, wanted)
    return one if one.question_set is None else questions.find(visit, one.question_set, project=wanted.project)


def _aimed(visit: Visit, wanted: SetOrder) -> SetOrder:
    """The same order, which says itself at what it aims: the evaluation may go on meanwhile."""
    if wanted.adversarial_to is None:
        return wanted
    if wanted.adversarial or wanted.suite is not None or wanted.n is None:
        raise UsageError("adversarial_to aims at what a run got wrong: give n with it, no suite and no other traps")
    found = jobs.find(visit, wanted.adversarial_to).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
    spots = weakness(observations(visit.service.store, found), kinds=kind_names())
    plan = aimed(replace(set_orders.plan_of(replace(wanted, adversarial_to=None)), weights={}), spots, run=found.id)
    return replace(
        wanted, seed=plan.seed, families=(), kinds=plan.kinds, weights=dict(plan.weights), split=None,
        adversarial_to=None,
    )  # fmt: skip


def is_small(visit: Visit, wanted: SetOrder) -> bool:
    """Whether the set is made while somebody waits.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be made; the message names the field.
    """
    plan = questions.checked(visit, wanted)
    return plan.n <= questions.AT_ONCE and not plan.settings  # chosen kinds may all be those that take longest


def begin(visit: Visit, wanted: JobOrder) -> Ordered | Making:
    """Begin the evaluation; on a set that is being made (the id of its making) it begins when that is done.

    Raises:
        NotAllowed, UnknownName, UsageError, Conflict: it cannot be begun; the message names the field.
    """
    after = _waited_for(visit, wanted.question_set, project=wanted.project)
    if after is None or after.question_set is not None:
        key = wanted.question_set if after is None else after.question_set or ""
        return jobs.order(visit, replace(wanted, question_set=key))
    jobs.checked(visit, wanted)
    body = msgspec.json.encode(wanted).decode()
    one = Making(visit.service.token(), wanted.project, "evaluation", wanted.answerer, body, *_when(visit))
    return _put(visit, replace(one, after=after.id))


def _waited_for(visit: Visit, key: str, *, project: str) -> Making | None:
    """The making of a set that *key* names; None: it names none of *project*."""
    require(visit.caller, Permission.EVALUATE, project=project)
    with visit.service.store.reading() as connection:
        found = kept.find_making(connection, key, projects=frozenset({project}))
    if found is None or found.kind != "set":
        return None
    if found.status == FAILED:
        raise Conflict(f"question set {key} could not be made: {found.note}")
    return found


def listed(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None, limit: int = PAGE
) -> list[Making]:
    """The newest makings of *project*, or of all that the caller enters, newest first."""
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        return kept.list_makings(connection, projects, before=before, limit=min(limit, PAGE))


def find(visit: Visit, making: str) -> Making:
    """The making with that id.

    Raises:
        UnknownName: there is none, or it is another project's.
    """
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        found = kept.find_making(connection, making, projects=visit.caller.projects)
    if found is None:
        raise UnknownName("making", making, ())
    return found


def may_cancel(caller: Caller, one: Making) -> bool:
    """Whether *caller* ordered it, or is an admin of its project; a submission is nobody's to take back."""
    is_theirs = one.requested_by == caller.actor and caller.may(Permission.EVALUATE)
    return one.kind != "submission" and (is_theirs or caller.may(Permission.ADMINISTER))


def cancel(visit: Visit, making: str) -> Making:
    """Have it made no further: what waits for it says why it does not go on, and the same order makes it again.

    Raises:
        UnknownName: there is none, or it is another project's.
        NotAllowed: another has ordered it, or it is a submission.
        Conflict: it has ended.
    """
    one = find(visit, making)
    if not may_cancel(visit.caller, one):
        raise NotAllowed(f"making {one.id} is cancelled by {one.requested_by}, who ordered it, or by an admin")
    with visit.service.store.writing() as connection:
        now, note = visit.service.clock(), f"cancelled by {visit.caller.actor}"
        if not kept.cancel(connection, one.id, at=now, note=note):
            raise Conflict(f"making {one.id} has ended: only what is under way is cancelled")
        record(connection, visit, deed=Deed("making.cancel", one.id, one.project))
    return find(visit, making)


def texts(visit: Visit, making: str) -> tuple[str, str]:
    """What was found of a set, as a page and as JSON.

    Raises:
        Conflict: it is not checked yet, could not be, or is no check.
    """
    found = find(visit, making)
    with visit.service.store.reading() as connection:
        written = kept.read_texts(connection, found.id)
    if written is None:
        why = f"could not be made: {found.note}" if found.note else "is no check that is done: ask for its status"
        raise Conflict(f"making {found.id} {why}")
    return written


def settle(service: Service, *, worker: str, others: Collection[str] | None, stop: Stop) -> bool:
    """Carry out the oldest making that nobody has in hand; False: there is none, or the service only reads.

    *others* are the workers that live beside *worker*; None: that is not known, and what another has is left alone.

    Raises:
        StoreError: the database is away; it is taken up again later.
    """
    with service.store.reading() as connection:
        waiting = None if is_read_only(connection) else kept.next_open(connection, worker=worker, others=others)
    if waiting is None:
        return False
    with service.store.writing() as connection:
        kept.purge(connection, before=service.clock() - KEPT_SECONDS)
        hold = kept.claim(connection, waiting, worker=worker, others=others)
    if hold is not None:
        _carry_out(service, hold, stop=stop)
    return True


def _carry_out(service: Service, hold: Hold, *, stop: Stop) -> None:
    if hold.tries > MOST_TRIES:
        _fail(service, hold, why=f"{MOST_TRIES} workers ended while they made it: an operator finds why in their logs")
        return
    try:
        _MAKERS[hold.making.kind](service, hold, stop)
    except _LetGo:
        with service.store.writing() as connection:
            kept.release(connection, hold)
    except StoreError:
        with service.store.writing() as connection:
            kept.release(connection, hold)
        raise
    except CausalEvalError as error:
        _fail(service, hold, why=str(error))
    except Exception as error:
        _fail(service, hold, why=f"{type(error).__name__}, a fault of this program: an operator finds it in the log")
        raise


def _fail(service: Service, hold: Hold, *, why: str) -> None:
    with service.store.writing() as connection:
        if kept.end(connection, hold, at=service.clock(), values={}, note=why) and hold.making.kind == "submission":
            submissions.give_up(connection, hold.making.asked, why=why, at=service.clock())


def _make_set(service: Service, hold: Hold, stop: Stop) -> None:
    """Make what is left of it, part by part, and keep the whole."""
    wanted = msgspec.json.decode(hold.making.asked, type=SetOrder)
    plan = set_orders.keyed_plan(service, wanted)
    made = hold.making.made
    for part in _parts(resumed(plan, kept.parts(service.store, hold.making.id)), stop=stop):
        with service.store.writing() as connection:
            if not kept.keep_part(connection, hold, questions=part, made=made):
                raise _LetGo
        made += len(part)
    found = _keep(service, kept.parts(service.store, hold.making.id), name=wanted.name)
    now = service.clock()
    with service.store.writing() as connection:
        questions.take_over(connection, found, plan=plan, order=wanted, caller=_caller(hold.making), at=now)
        if not kept.end(connection, hold, at=now, values={"question_set": found.digest, "made": found.count}):
            raise _LetGo  # cancelled, or another's by now: with the transaction the set is nobody's


def _parts(made: Iterable[Question], *, stop: Stop) -> Iterator[list[Question]]:
    """Parts of whole twin groups; the last is whatever is made when the worker ends."""
    part: list[Question] = []
    for _, group in itertools.groupby(made, key=lambda one: one.seed):
        part += group
        ends = stop()
        if ends or len(part) >= PART:
            yield part
            part = []
        if ends:
            raise _LetGo
    if part:
        yield part


def _check_set(service: Service, hold: Hold, stop: Stop) -> None:
    """Check it, and say on the way how far that is."""
    digest = hold.making.question_set
    assert digest is not None

    def told(looked: int) -> None:
        if stop():
            raise _LetGo
        if looked:
            with service.store.writing() as connection:
                if not kept.keep_part(connection, hold, questions=(), made=looked):
                    raise _LetGo

    own = questions.words_of(service, digest)
    found = check_set(set_questions(service.store, digest), told=told, own=own)
    document = msgspec.json.encode(found.document(hold.making.name)).decode()
    texts = {"page": found.page(f"What {hold.making.name} is worth"), "document": document}
    with service.store.writing() as connection:
        kept.end(connection, hold, at=service.clock(), values=texts)


def _begin_evaluation(service: Service, hold: Hold, stop: Stop) -> None:
    """Begin it on the set that it waited for."""
    del stop
    assert hold.making.after is not None
    with service.store.reading() as connection:
        before = kept.find_making(connection, hold.making.after)
    if before is None or before.status != DONE or before.question_set is None:
        raise Conflict(f"question_set {hold.making.after} could not be made: {before.note if before else 'it is gone'}")
    visit = Visit(service, _caller(hold.making))
    wanted = replace(msgspec.json.decode(hold.making.asked, type=JobOrder), question_set=before.question_set)
    question_set = questions.find(visit, before.question_set, project=wanted.project)

    def ended(connection: Connection, evaluation: Evaluation) -> None:
        values = {"evaluation": evaluation.id, "question_set": question_set.digest}
        if not kept.end(connection, hold, at=service.clock(), values=values):
            raise _LetGo  # another has begun it: with the transaction this one is gone

    jobs.order_over(visit, wanted, question_set=question_set, also=ended)


def _submit(service: Service, hold: Hold, stop: Stop) -> None:
    """Make the questions of a submission, and ask or score them."""
    del stop
    found = submissions.go_on(Visit(service, _caller(hold.making)), hold.making.asked)
    with service.store.writing() as connection:
        kept.end(connection, hold, at=service.clock(), values={"evaluation": found.evaluation_id, "asked": "{}"})


_MAKERS: dict[str, Callable[[Service, Hold, Stop], None]] = {
    "set": _make_set, "check": _check_set, "evaluation": _begin_evaluation, "submission": _submit,
}  # fmt: skip


def _put(visit: Visit, one: Making) -> Making:
    """Put it down, or find the equal one; one that failed, or whose set is gone, is made again."""
    with visit.service.store.writing() as connection:
        take_turn(connection, f"making {one.id}")
        there = kept.find_making(connection, one.id)
        if there is not None and there.status in (OPEN, DONE):
            return there
        if kept.count_open(connection, one.project) >= MOST_OPEN:
            raise Conflict(f"project {one.project} has {MOST_OPEN} sets that are to be made: wait for one of them")
        if there is None:
            kept.insert_making(connection, one)
        else:
            kept.reopen(connection, one.id, by=one.requested_by)
        record(connection, visit, deed=Deed("making.create", one.id, one.project), detail={"kind": one.kind})
        found = kept.find_making(connection, one.id)
    assert found is not None
    return found


def _keep(service: Service, made: Iterable[Question], *, name: str) -> StoredSet:
    return keep_set(service.store, made, name=name, now=datetime.fromtimestamp(service.clock(), UTC))


def _same(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _when(visit: Visit) -> tuple[str, float]:
    return visit.caller.actor, visit.service.clock()


def _caller(one: Making) -> Caller:
    """Whoever ordered it, with the right that was asked for then, in that project alone."""
    return Caller(one.requested_by, one.requested_by, Role.EVALUATOR, frozenset({one.project}))
