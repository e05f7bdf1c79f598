"""Providers' keys, sealed: each under a data key of its own, that under a master key which lies in a file.

A key is for one origin (scheme, host and port) of one project, and the seal holds it to them: a row that is moved to
another cannot be opened. The master key file has one key a line: the first seals, the others still open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from causal_eval.errors import UnknownName, UsageError, VerificationMismatch
from causal_eval.providers.catalog import LOCAL, Route, read_catalog, route
from causal_eval.providers.keys import key_label
from causal_eval.providers.live import Variables, Watched
from causal_eval.providers.prices import FREE
from causal_eval.providers.stack import CAP
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.live import variables
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings.private import for_others
from causal_eval.store.audit import Entry, note
from causal_eval.store.credentials import (
    Credential,
    KeptCredential,
    Sealed,
    insert_credential,
    list_credentials,
    rewrap,
    sealed_rows,
    wipe_credential,
)
from causal_eval.store.projects import find_project

OWN_KEYS = "CEB_KEYS_OF_PROJECT"
"""Among the variables of calls: whose sealed keys they are; absent: the service's own."""
LONGEST_KEY = 8192
_BITS = 256
_NONCE = 12
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Master:
    """A key that wraps data keys."""

    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The name that rows remember it by."""
        return hashlib.sha256(b"master " + self.key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A provider's key that somebody brings."""

    provider: str
    origin: str
    """Address of the server; what follows the port does not count."""
    key: str = field(repr=False)


def make_master(path: Path) -> str:
    """Write a new master key to *path*, which only its owner may read; its id.

    Raises:
        UsageError: the file is there, or cannot be written.
    """
    key = AESGCM.generate_key(_BITS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"master key file {path} is there: name another file, and rotate to it") from error
    except OSError as error:
        raise UsageError(f"master key file {path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(handle)
    return Master(key).id


def read_masters(path: Path | None) -> list[Master]:
    """The keys of the file, the one that seals first.

    Raises:
        UsageError: there is no file, others may read it, or it holds something else.
    """
    if path is None:
        raise UsageError("CEB_MASTER_KEY_FILE is not set: provider keys are kept only where it names a master key file")
    try:
        shown, lines = for_others(path), path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"CEB_MASTER_KEY_FILE is {path}, which cannot be read: {error}") from error
    if shown:
        raise UsageError(f"CEB_MASTER_KEY_FILE is {path}, which others may read: run `chmod 600 {path}`")
    masters = [Master(_decoded(line)) for line in lines]
    if not masters or any(len(master.key) * 8 != _BITS for master in masters):
        raise UsageError(f"CEB_MASTER_KEY_FILE is {path}, which is no master key file: each line is 32 bytes in base64")
    return masters


def origin_of(address: str) -> str:
    """Scheme, host and port of *address*, in the one form that origins are compared in.

    Raises:
        UsageError: it is no http or https address, or has a name and password in it.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in _PORTS or not host or parts.username is not None or not host.isprintable() or " " in host:
        raise UsageError(
            "origin is no address of a server: give such as https://api.openai.com, without user and password"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown.rstrip('.')}:{port or _PORTS[parts.scheme]}"


def keep(visit: Visit, project: str, *, brought: NewCredential) -> Credential:
    """Seal a provider's key for *project*.

    Raises:
        UsageError: it is no key, or there is no master key.
    """
    require(visit.caller, Permission.ADMINISTER, project=project)
    key = brought.key.strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise UsageError(
            f"key of provider {brought.provider} is empty, too long or no text: give it as the provider did"
        )
    service, now = visit.service, visit.service.clock()
    service.hide([key])
    origin, actor = origin_of(brought.origin), visit.caller.actor
    line = Credential(service.token(), project, brought.provider[:64], origin, key_label(key), actor, now)
    what = seal(service, key.encode(), row=line.id, bound=_bound(line))
    with service.store.writing() as connection:
        find_project(connection, project)
        insert_credential(connection, line, what=what)
        told = {"provider": line.provider, "origin": line.origin, "shown": line.shown}
        record(connection, visit, deed=Deed("credential.keep", line.id, project), detail=told)
    return line


def listed(visit: Visit, project: str) -> list[Credential]:
    """The keys of *project*, newest first, as far as they are shown."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.reading() as connection:
        return [kept.line for kept in list_credentials(connection, project)]


def origins(visit: Visit, project: str) -> dict[str, str]:
    """Provider -> the origin that its calls go to as things are set; one without an address is left out."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    env, found = variables(visit.service.now), dict[str, str]()
    for name, entry in read_catalog().items():
        address = Route(name, name, "").own_address(env) or entry.base_url
        if address:
            found[name] = origin_of(address.split(",")[0])
    return found


def revoke(visit: Visit, project: str, *, credential: str) -> None:
    """Destroy a key: its row stays, nothing in it can be opened any more."""
    require(visit.caller, Permission.ADMINISTER, project=project)
    with visit.service.store.writing() as connection:
        if credential not in {kept.line.id for kept in list_credentials(connection, project)}:
            raise UnknownName("provider key", credential, ())
        wipe_credential(connection, credential, at=visit.service.clock())
        record(connection, visit, deed=Deed("credential.revoke", credential, project))


def reveal_for_call(service: Service, project: str, *, provider: str, origin: str) -> list[str]:
    """The keys of *project* for calls to *origin*, newest first; for the service itself, never for a door.

    Raises:
        UnknownName: the project has none for this provider.
        UsageError: those that it has are for another origin.
        VerificationMismatch: a row was changed, or moved.
    """
    usable = _usable(service, project, provider=provider)
    if not usable:
        raise UnknownName("provider key", provider, ())
    wanted = origin_of(origin)
    fitting = [kept for kept in usable if kept.line.origin == wanted]
    if not fitting:
        others = ", ".join(sorted({kept.line.origin for kept in usable}))
        raise UsageError(
            f"key of provider {provider} is for {others}, not for {wanted}: store it again for that origin"
        )
    keys = [unseal(service, kept.what, row=kept.line.id, bound=_bound(kept.line)).decode() for kept in fitting]
    service.hide(keys)
    return keys


def variables_for(service: Service, project: str, *, answerer: str, usual: Mapping[str, str]) -> Mapping[str, str]:
    """*usual*, with the sealed keys of *project* in place of the service's own, where it has any for this provider.

    Raises:
        UsageError: those that it has are for another origin than is asked now.
        VerificationMismatch: a row was changed, or moved.
    """
    if answerer.startswith(FREE) or (way := route(answerer)).api == LOCAL:
        return usual
    if not _usable(service, project, provider=way.provider):
        return usual
    addresses = (way.own_address(usual) or way.entry.base_url).split(",")
    if len({origin_of(address) for address in addresses}) > 1:
        raise UsageError(f"{answerer} is asked at several addresses, and a key of a project is for one: name one")
    keys = reveal_for_call(service, project, provider=way.provider, origin=addresses[0])
    names = {f"{name}{part}" for name in way.key_variables for part in ("", "_FILE")}
    return {
        **{name: value for name, value in usual.items() if name not in names},
        way.key_variables[0]: ",".join(keys),
        OWN_KEYS: project,
    }


def live_for(service: Service, project: str, *, answerer: str, usual: Watched | None = None) -> Variables:
    """The variables by which *answerer* is asked for *project*: as they are now, or without *usual* were at start.

    Raises:
        UsageError: the project's keys are for another origin than is asked now.
        VerificationMismatch: one of them was changed, or moved.
    """
    if usual is not None:
        usual.look()
    env = variables(service.now) if usual is None else usual.env
    return Variables(variables_for(service, project, answerer=answerer, usual=of_calls(env)))


def of_calls(env: Mapping[str, str]) -> Mapping[str, str]:
    """The variables that the calls of a worker go by: all but the hard cap, which is leased."""
    return {name: value for name, value in env.items() if name != CAP}


def good_names(service: Service, project: str, *, answerer: str) -> frozenset[str]:
    """What the sealed keys of *project* for the provider of *answerer* that are not revoked are called."""
    return frozenset(kept.line.shown for kept in _usable(service, project, provider=route(answerer).provider))


def rotate(service: Service, new: Path) -> int:
    """Wrap every data key with the first key of *new* instead; all or none, and how many.

    Raises:
        UsageError: a file cannot be used, or a row is under a master key that neither of them has.
    """
    fresh = read_masters(new)
    old = {master.id: master for master in (*read_masters(service.settings.master_key_file), *fresh)}
    count = 0
    with service.store.writing() as connection:
        for row in sealed_rows(connection, but=fresh[0].id):
            if row.what.wrapped:
                data = _unwrap(_named(old, row.what.master), row.what.wrapped, row=row.id)
                wrapped = _wrap(service, fresh[0], data=data, row=row.id)
                rewrap(connection, replace(row, what=replace(row.what, wrapped=wrapped, master=fresh[0].id)))
                count += 1
        done = Entry("system", "master.rotate", fresh[0].id, detail={"rows": count})
        note(connection, done, at=service.clock())
    return count


def seal(service: Service, plain: bytes, *, row: str, bound: str) -> Sealed:
    """*plain*, sealed to the row with this id and to what *bound* says of it."""
    master, data = read_masters(service.settings.master_key_file)[0], AESGCM.generate_key(_BITS)
    nonce = _nonce(service)
    sealed = nonce + AESGCM(data).encrypt(nonce, plain, bound.encode())
    return Sealed(sealed, _wrap(service, master, data=data, row=row), master.id)


def unseal(service: Service, what: Sealed, *, row: str, bound: str) -> bytes:
    """What was sealed to *row* and *bound*.

    Raises:
        VerificationMismatch: it was sealed to something else, or changed.
    """
    masters = {master.id: master for master in read_masters(service.settings.master_key_file)}
    data = _unwrap(_named(masters, what.master), what.wrapped, row=row)
    return _opened(data, what.sealed, bound=bound, row=row)


def _usable(service: Service, project: str, *, provider: str) -> list[KeptCredential]:
    with service.store.reading() as connection:
        found = list_credentials(connection, project, provider=provider)
    return [kept for kept in found if kept.line.revoked_at is None]


def _bound(line: Credential) -> str:
    return f"{line.id}\n{line.project}\n{line.provider}\n{line.origin}"


def _named(masters: dict[str, Master], name: str) -> Master:
    if name not in masters:
        raise UsageError(
            f"CEB_MASTER_KEY_FILE has no master key {name}, which keys are sealed with: add its line again"
        )
    return masters[name]


def _wrap(service: Service, master: Master, *, data: bytes, row: str) -> bytes:
    nonce = _nonce(service)
    return nonce + AESGCM(master.key).encrypt(nonce, data, row.encode())


def _unwrap(master: Master, wrapped: bytes, *, row: str) -> bytes:
    return _opened(master.key, wrapped, bound=row, row=row)


def _opened(key: bytes, box: bytes, *, bound: str, row: str) -> bytes:
    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound.encode())
    except (InvalidTag, ValueError) as error:
        raise VerificationMismatch(f"sealed row {row} is not what was kept: store the key again") from error


def _nonce(service: Service) -> bytes:
    return bytes.fromhex(service.token())[-_NONCE:]


def _decoded(line: str) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return b""
