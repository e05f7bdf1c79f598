"""Whether questions were known before they were asked, for somebody who waits: runs and sets beside each other."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.alike import Likeness, alike
from causal_eval.analysis.memorisation import Gap, memorisation
from causal_eval.errors import SolversDisagree, UsageError, VerificationMismatch
from causal_eval.questions.commitment import FEWEST, Commitment, read_commitment, reveal
from causal_eval.service import jobs, questions
from causal_eval.service.access import Permission, require
from causal_eval.service.deadline import SOLVE_SECONDS, within
from causal_eval.service.reporting import LARGEST_COMPARED, check_fresh
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations
from causal_eval.store.suites import StoredSet, set_questions

LARGEST_ALIKE = 4_000
"""Questions of both sets: the permutations of 1,200 take three seconds of a core."""
LARGEST_REVEALED = 1_000
"""Questions that are made again; no worker makes larger sets, as it would have to be given the secret."""
LARGEST_COMMITMENT = 2**16
LONGEST_SECRET = 1_024
MOST_WEIGHT = 1_000


@dataclass(frozen=True, slots=True)
class Memorised:
    """One answerer on published questions and on fresh ones, and the gap between its scores."""

    published: Evaluation
    fresh: Evaluation
    gap: Gap


@dataclass(frozen=True, slots=True)
class Likened:
    """Two stored sets, and whether they are of one distribution."""

    one: StoredSet
    other: StoredSet
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Revealed:
    """What became of holding a commitment against a secret."""

    commitment: str
    n: int
    """Questions of the plan."""
    set: str
    """Hash of the set that was committed to."""
    differs: str
    """What is not as it was committed to; empty: the set is proven to follow from the secret and the plan."""

    @property
    def proven(self) -> bool:
        """Whether nothing differs."""
        return not self.differs


def memorised(visit: Visit, published: str, *, fresh: str) -> Memorised:
    """The memorisation gap of two evaluations of one answerer.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError: they are of two answerers, asked the same set, or are too large to be waited for.
    """
    found = [jobs.find(visit, name).evaluation for name in (published, fresh)]
    if large := next((one for one in found if one.planned * one.spec.epochs > LARGEST_COMPARED), None):
        raise UsageError(
            f"{large.id} asks more than {LARGEST_COMPARED} times: use `causal-eval memorisation` for larger ones"
        )
    return gap_between(visit.service.store, *found)


def gap_between(store: Store, published: Evaluation, fresh: Evaluation) -> Memorised:
    """The same of two evaluations that are at hand.

    Raises:
        UsageError: they are of two answerers, or asked the same set.
    """
    check_fresh(published, than=fresh)
    gap = memorisation(observations(store, published), observations(store, fresh))
    return Memorised(published, fresh, gap)


def likened(visit: Visit, one: str, *, other: str, seed: str = "0") -> Likened:
    """The test of two stored sets against each other; the seed decides the permutations.

    Raises:
        UnknownName: the caller may not use one of them.
        UsageError: they are too large to be waited for, share a cluster, or one has fewer than two.
        TooLarge: it takes too long.
    """
    sets = [questions.find(visit, key) for key in (one, other)]
    if (whole := sum(found.count for found in sets)) > LARGEST_ALIKE:
        raise UsageError(
            f"these sets have {whole} questions: at most {LARGEST_ALIKE} are compared here; keep them as files and use "
            "`causal-eval compare-sets`"
        )
    first, second = (list(set_questions(visit.service.store, found.digest)) for found in sets)
    found = within(
        SOLVE_SECONDS, lambda: alike(first, second, seed=seed), instead="keep them as files and use `compare-sets`"
    )
    return Likened(sets[0], sets[1], found)


def revealed(visit: Visit, commitment: bytes, *, secret: str) -> Revealed:
    """Whether the set of *commitment* (the file) follows from *secret*, which is kept nowhere and told to nobody.

    Raises:
        MalformedFile: it is no commitment.
        UsageError: another version made it, it is too large to be waited for, or the secret is none.
        TooLarge: it takes too long.
    """
    require(visit.caller, Permission.READ)
    if len(commitment) > LARGEST_COMMITMENT:
        raise UsageError(f"the commitment has more than {LARGEST_COMMITMENT} bytes: use `causal-eval reveal`")
    found = read_commitment(commitment, path="commitment")
    _check_at_a_door(found)
    key = secret.strip().encode()
    if not FEWEST <= len(key) <= LONGEST_SECRET:
        raise UsageError(f"the secret has {len(key)} bytes: a commitment is to {FEWEST} to {LONGEST_SECRET} of them")
    differs = ""
    try:
        within(SOLVE_SECONDS, lambda: reveal(found, key), instead="use `causal-eval reveal`")
    except SolversDisagree:
        raise
    except VerificationMismatch as error:
        differs = str(error)
    return Revealed(found.commitment, found.plan.n, found.set, differs)


def _check_at_a_door(found: Commitment) -> None:
    """Refuse a plan that anybody may have written, where making its set is more than somebody can wait for."""
    plan = found.plan
    if not all(isinstance(one, str) for one in plan.domains):
        raise UsageError("the commitment's plan brings words of its own: use `causal-eval reveal`")
    if plan.n > LARGEST_REVEALED or not all(0 <= weight <= MOST_WEIGHT for weight in plan.weights.values()):
        raise UsageError(
            f"the commitment is to {plan.n} questions: sets of up to {LARGEST_REVEALED}, with weights of 0 to "
            f"{MOST_WEIGHT}, are made again here; use `causal-eval reveal`"
        )
