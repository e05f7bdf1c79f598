"""The commands about questions: generate, verify, explain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from causal_eval.cli import output
from causal_eval.cli.flags import split
from causal_eval.errors import MalformedFile, UnknownName, UsageError, VerificationMismatch
from causal_eval.questions.card import card
from causal_eval.questions.certify import verify
from causal_eval.questions.commitment import FEWEST, committed
from causal_eval.questions.domain import Domain
from causal_eval.questions.file import SetHash, read_questions, write_jsonl, write_parquet
from causal_eval.questions.file import public as without_gold
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR, Question, canonical
from causal_eval.questions.story import own


@dataclass(frozen=True, slots=True)
class Names:
    """What the user narrowed a set down to; empty = all."""

    families: tuple[str, ...] = ()
    domains: tuple[str | Domain, ...] = ()
    regimes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    renderers: tuple[str, ...] = ()
    language: str = "en"
    twins: tuple[str, ...] = ()
    rephrased: bool = False

    def laid_out(
        self, renderer: list[str] | None, *, language: str, rephrased: bool = False, twins: list[str] | None = None
    ) -> Names:
        """The same, printed by these renderers in that language; by all of them, if *rephrased*; linked as *twins*."""
        return replace(self, renderers=split(renderer), language=language, rephrased=rephrased, twins=split(twins))

    @classmethod
    def of(
        cls,
        family: list[str] | None,
        domain: list[str] | None,
        *,
        regime: list[str] | None,
        kind: list[str] | None = None,
        files: list[Path] | None = None,
    ) -> Names:
        """Flags may be repeated or hold commas; *files* are domains of the user's own."""
        return cls(split(family), (*split(domain), *map(own, files or ())), split(regime), split(kind))


def plan_of(*, n: int, seed: str, graph: str = "", difficulty: str, secret_file: Path | None, names: Names) -> Plan:
    """The plan that the flags describe.

    Raises:
        UsageError: a difficulty that is no level or range; a secret file that cannot be read.
    """
    low, dash, high = difficulty.partition("-")
    if not (_is_level(low) and (_is_level(high) or not dash)):
        raise UsageError(f"--difficulty is {difficulty!r}: give a level or a range within 1-5, e.g. 3 or 2-4")
    return Plan(
        n=n,
        seed=seed,
        families=names.families,
        domains=names.domains,
        regimes=names.regimes,
        difficulties=(int(low), int(high or low)),
        secret=None if secret_file is None else secret_in(secret_file),
        kinds=names.kinds,
        graph=graph,
        renderers=names.renderers,
        language=names.language,
        twins=names.twins,
        rephrased=names.rephrased,
    )


def _is_level(text: str) -> bool:
    return text.isascii() and text.isdigit()


def generate_file(plan: Plan, out: Path | None, *, public: bool, json: bool) -> int:
    """Write the questions of *plan* to *out* (JSONL to stdout without it) and print the set hash."""
    if out is None:
        return _generate_to_stdout(plan, public=public)
    if not out.parent.is_dir():
        raise UsageError(f"--out is {str(out)!r}: the folder {str(out.parent)!r} does not exist; make it first")
    if out.suffix not in (".jsonl", ".parquet"):
        raise UsageError(f"--out is {str(out)!r}: the name must end in .jsonl or .parquet")
    gold = out.with_suffix(".gold.jsonl") if public else None
    set_hash = _written(plan, out, gold=gold)
    count = sum(1 for _ in generate(plan)) if plan.graph else plan.n  # a graph allows so many and no more
    commitment = _commitment(plan, out, set_hash=set_hash)
    if json:
        told = {"commitment": commitment} if commitment else {}
        output.emit({"set": set_hash, "n": count, "seed": plan.seed, "generator": GENERATOR, "file": str(out), **told})
        return 0
    output.say(f"{count} questions in {out}")
    if gold is not None:
        output.say(f"answers and proofs in {gold}")
    if commitment:
        output.say(f"commitment {commitment}, to be published before anybody answers, in {_commitment_file(out)}")
    output.say(f"set {set_hash}  seed {plan.seed}  generator {GENERATOR}")
    return 0


def _commitment_file(out: Path) -> Path:
    return out.with_suffix(".commitment.json")


def _commitment(plan: Plan, out: Path, *, set_hash: str) -> str:
    """Write the commitment to a keyed plan beside its set, and give it; nothing for a plan without a secret."""
    if plan.secret is None:
        return ""
    found, path = committed(plan, set_hash=set_hash), _commitment_file(out)
    with output.writing(path):
        path.write_bytes(canonical(found) + b"\n")
    return found.commitment


def _written(plan: Plan, out: Path, *, gold: Path | None) -> str:
    """Write the files of *plan* and return the set hash; nothing is left under a name unless it is whole."""
    if out.suffix == ".jsonl":
        with output.writing(out, *filter(None, [gold])):
            return write_jsonl(generate(plan), out, gold=gold)
    if gold is None:
        with output.writing(out):
            return write_parquet(generate(plan), out)
    with output.writing(gold):
        write_jsonl(generate(plan), gold)
    with output.writing(out):
        return write_parquet(map(without_gold, read_questions(gold)), out)


def verify_file(file: Path, *, json: bool, words: list[Path] | None = None) -> int:
    """Verify every question, told in shipped words or those of the files *words*; exit 8 if one mismatches."""
    digest, wrong, known = SetHash(), 0, [own(path) for path in words or ()]
    for question in read_questions(file):
        digest.add(question)
        try:
            verify(question, own=known)
        except VerificationMismatch as error:
            wrong += 1
            if json:
                output.emit({"id": question.id, "mismatch": str(error)})
            else:
                output.note(str(error))
    summary = {"file": str(file), "set": digest.hexdigest(), "verified": digest.count - wrong, "mismatches": wrong}
    if json:
        output.emit(summary)
    else:
        output.say(f"{summary['verified']} of {digest.count} questions verified, set {summary['set']}")
    return VerificationMismatch.exit_code if wrong else 0


def explain(question_id: str, file: Path | None, *, check: bool, json: bool) -> int:
    """Print the proof card of the question whose id begins with *question_id*."""
    question = _find(question_id, read_questions(file)) if file else _stored(question_id)
    if question.certificate is None:
        raise UsageError(f"{question.id} has no certificate: it comes from a public or a user's own file")
    if check:
        verify(question)
    if json:
        output.emit({"question": msgspec.json.decode(canonical(question)), "verified": check})
    else:
        output.say(card(question))
        if check:
            output.say("\nverified: facts read back from the prompt, both solvers and every step agree")
    return 0


def _generate_to_stdout(plan: Plan, *, public: bool) -> int:
    digest = SetHash()
    for question in generate(plan):
        digest.add(question)
        output.say(canonical(without_gold(question) if public else question).decode())
    output.note(f"set {digest.hexdigest()}  seed {plan.seed}  generator {GENERATOR}")
    return 0


def _find(question_id: str, questions: Iterator[Question]) -> Question:
    wanted = question_id if question_id.startswith("q-") else f"q-{question_id}"
    found, others = [], []
    for question in questions:
        if question.id == question_id:
            return question
        if question.id.startswith((wanted, question_id)):
            found.append(question)
        else:
            others.append(question.id)
    if not found:
        raise UnknownName("question", question_id, others)
    if len(found) > 1:
        raise UsageError(f"{question_id!r} begins the ids of {len(found)} questions: give more of it")
    return found[0]


def _stored(question_id: str) -> Question:
    """The question in the user's database."""
    from causal_eval.cli.opening import opened
    from causal_eval.store.suites import find_question

    wanted = question_id if question_id.startswith("q-") else f"q-{question_id}"
    with opened() as store:
        return find_question(store, wanted)


def secret_in(file: Path) -> bytes:
    """The secret that the file holds, without white space around it.

    Raises:
        MalformedFile, UsageError: it cannot be read, or is too short for one.
    """
    try:
        secret = file.read_bytes().strip()
    except OSError as error:
        raise MalformedFile(str(file), f"the secret cannot be read ({error.strerror})") from error
    if len(secret) < FEWEST:
        raise UsageError(f"the secret in {str(file)!r} is {len(secret)} bytes long: use at least {FEWEST} random bytes")
    return secret
