"""``causal-eval domains``: the words that stories are told in, shown and checked."""

from __future__ import annotations

from pathlib import Path

from causal_eval.cli import output
from causal_eval.questions.domain import Domain
from causal_eval.questions.grating import grating
from causal_eval.questions.samples import samples
from causal_eval.questions.story import domains, load, own


def listed(*, json: bool) -> int:
    """A line for each domain that comes with the package."""
    for domain in map(load, domains()):
        if json:
            output.emit(_told(domain))
        else:
            output.say(f"{domain.id:20}  {len(domain.variables):3} quantities of {domain.units}")
    return 0


def check(name: str | None, *, seed: str, json: bool) -> int:
    """Tell what grates in the domain of that name or file; without one, in all that come with the package.

    Raises:
        UnknownName: no such domain.
        MalformedFile: the file breaks a rule; the message names variable and field.
    """
    if name is None:
        for domain in map(load, domains()):
            _brief(domain, json=json)
        return 0
    domain = own(Path(name)) if _is_file(name) else load(name)
    if json:
        _brief(domain, json=True)
        for question in samples(domain, seed=seed):
            output.emit({"family": question.family, "regime": question.regime, "prompt": question.prompt})
        return 0
    _at_length(domain, seed)
    return 0


def _is_file(name: str) -> bool:
    return name.endswith(".toml") or Path(name).is_file()


def _told(domain: Domain) -> dict[str, object]:
    return {"domain": domain.id, "title": domain.title, "units": domain.units, "quantities": len(domain.variables)}


def _brief(domain: Domain, *, json: bool) -> None:
    found = list(grating(domain))
    if json:
        output.emit({**_told(domain), "reason": domain.reason, "warnings": found})
        return
    output.say(f"{domain.id}: {len(domain.variables)} quantities, {_count(found)}")
    for warning in found:
        output.say(f"  {warning}")


def _at_length(domain: Domain, seed: str) -> None:
    output.say(f"{domain.title}: {len(domain.variables)} quantities of {domain.units}; every rule is kept\n")
    for number, (stage, reason) in enumerate(zip(domain.stages, domain.reason, strict=True)):
        output.say(f"stage {number}: {reason}")
        for one in stage:
            output.say(f"  {one.name} is {one.states[0]} / {one.states[1]}")
    found = list(grating(domain))
    output.say(f"\n{_count(found)}")
    for warning in found:
        output.say(f"  {warning}")
    for question in samples(domain, seed=seed):
        output.say(f"\n--- {question.family}, {question.regime} names\n{question.prompt}")
    output.say("\nRead these aloud: the rules hold, but only a reader hears whether it is English.")


def _count(found: list[str]) -> str:
    return f"{len(found) or 'no'} warning{'' if len(found) == 1 else 's'}"
