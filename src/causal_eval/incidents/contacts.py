"""Who is told, and who is on call (``contacts.yml``): people, channels, roles of the runbook, a rotation by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import yaml

from causal_eval.errors import MalformedFile, UnknownName
from causal_eval.incidents import contact_fields
from causal_eval.incidents.contact_fields import Faults, Fields

WEEK = 7 * 24 * 3600.0


class Way(StrEnum):
    """How somebody is reached."""

    WEBHOOK = "webhook"
    """As Slack takes it."""
    EMAIL = "email"
    FILE = "file"


class Role(StrEnum):
    """Whom the runbook names."""

    INCIDENTS = "incidents"
    """The channel in which people talk about incidents."""
    ON_CALL = "on-call"
    TEAM_LEAD = "team-lead"
    INFRASTRUCTURE = "infrastructure"
    SECURITY = "security"
    STAKEHOLDERS = "stakeholders"
    CLOUD = "cloud"
    DBA = "dba"
    SECURITY_IR = "security-ir"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a letter goes: a mailbox, or the name of a channel, whose address is nobody's business."""

    way: Way
    target: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A place that messages are sent to."""

    name: str
    way: Way
    place: str = field(repr=False)
    """Address of a webhook, which is a secret; a mailbox; the path of a file."""

    @property
    def address(self) -> Address:
        """What a letter says of it."""
        return Address(self.way, self.place if self.way is Way.EMAIL else self.name)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is on call or has a role."""

    id: str
    name: str
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else is on call for a time."""

    starts: float
    ends: float
    person: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is on call: each for a week, in turn."""

    starts: float
    """When the first one's first week begins."""
    rotation: tuple[str, ...]
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """The server that sends e-mail."""

    host: str
    port: int
    sender: str
    tls: bool = True
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Everybody who can be told."""

    people: Mapping[str, Person]
    channels: Mapping[str, Channel]
    roles: Mapping[Role, tuple[str, ...]]
    """Names of people and channels."""
    schedule: Schedule | None
    mail: Mail | None = None


def to_file(path: Path) -> Contacts:
    """Everybody is told by lines in the file at *path*: where nobody has written down any contacts."""
    channel = Channel("messages", Way.FILE, str(path))
    return Contacts({}, {channel.name: channel}, {Role.INCIDENTS: (channel.name,)}, None)


def on_call(contacts: Contacts, *, at: float) -> Person | None:
    """Who is on call at *at*; None: nobody said."""
    plan = contacts.schedule
    if plan is None:
        return None
    now = [one.person for one in plan.overrides if one.starts <= at < one.ends]
    turn = int((at - plan.starts) // WEEK) % len(plan.rotation)
    return contacts.people[now[-1] if now else plan.rotation[turn]]


def reach(contacts: Contacts, role: Role, *, at: float) -> tuple[Address, ...]:
    """Where whoever has *role* at *at* is told; where nobody has, the channel of incidents is."""
    person = on_call(contacts, at=at) if role is Role.ON_CALL else None
    found = [] if person is None else list(person.channels)
    for name in contacts.roles.get(role, ()):
        found += contacts.people[name].channels if name in contacts.people else [contacts.channels[name]]
    found = [one for one in found if one.place]  # a placeholder reaches nobody
    if not found and role is not Role.INCIDENTS:
        return reach(contacts, Role.INCIDENTS, at=at)
    return tuple(dict.fromkeys(one.address for one in found))


def person_called(contacts: Contacts, name: str) -> Person | None:
    """Who has that id or name; None: nobody who is listed."""
    return next((one for one in contacts.people.values() if name in {one.id, one.name}), None)


def channel_of(contacts: Contacts, address: Address) -> Channel:
    """The channel that a letter to *address* goes through.

    Raises:
        UnknownName: it was taken out since.
    """
    everywhere = [*contacts.channels.values(), *(one for who in contacts.people.values() for one in who.channels)]
    for one in everywhere:
        if one.address == address:
            return one
    raise UnknownName("channel", address.target, (one.name for one in everywhere))


def read_contacts(path: Path, *, production: bool = False) -> Contacts:
    """The contacts in the file at *path*; in *production* each role has somebody, and nobody is a placeholder.

    Raises:
        MalformedFile: it cannot be read; every fault is named, with its field and value.
    """
    try:
        read: object = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise MalformedFile(str(path), f"{error.strerror}: write it from deploy/contacts.yml") from error
    except UnicodeDecodeError as error:
        raise MalformedFile(str(path), "this is no UTF-8") from error
    except yaml.MarkedYAMLError as error:  # its own words would repeat the line, with what is secret in it
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise MalformedFile(str(path), f"this is no YAML: {error.problem}", line=line) from None
    except yaml.YAMLError as error:
        raise MalformedFile(str(path), "this is no YAML: it holds characters that may not be in it") from error
    faults = Faults(production)
    top = Fields(read, "", faults)
    channels = {name: _channel(name, one, path=path) for name, one in top.sections("channels").items()}
    people = {name: _person(name, one) for name, one in top.sections("people").items()}
    roles = _roles(top.section("roles"), frozenset({*channels, *people}), has_schedule="schedule" in top.names())
    schedule = _schedule(top.section("schedule"), frozenset(people)) if "schedule" in top.names() else None
    mails = any(one.way is Way.EMAIL for one in (*channels.values(), *(c for p in people.values() for c in p.channels)))
    mail = _mail(top.section("mail"), path) if "mail" in top.names() or (mails and production) else None
    top.only("channels", "people", "roles", "schedule", "mail")
    if faults.found:
        raise MalformedFile(str(path), "".join(f"\n  {one}" for one in faults.found))
    return Contacts(people, channels, roles, schedule, mail)


def _channel(name: str, fields: Fields, *, path: Path) -> Channel:
    ways = [way for way in Way if way.value in fields.names() or f"{way.value}_file" in fields.names()]
    if len(ways) != 1:
        fields.fault("", sorted(fields.names()), "one of webhook, webhook_file, email, file")
        return Channel(name, Way.FILE, "")
    fields.only("webhook", "webhook_file", "email", "file")
    way = ways[0]
    if way is Way.WEBHOOK:
        return Channel(name, way, fields.secret("webhook", path, check=contact_fields.url))
    return Channel(name, way, fields.text(way.value, check=contact_fields.mailbox if way is Way.EMAIL else None))


def _person(name: str, fields: Fields) -> Person:
    fields.only("name", "email")
    shown, email = fields.text("name"), fields.text("email", check=contact_fields.mailbox)
    return Person(name, shown, (Channel(name, Way.EMAIL, email),))


def _roles(fields: Fields, known: frozenset[str], *, has_schedule: bool) -> Mapping[Role, tuple[str, ...]]:
    fields.only(*(role.value for role in Role))
    found = {role: fields.texts(role.value, known) for role in Role if role.value in fields.names()}
    for role in Role:
        held = bool(found.get(role)) or (role is Role.ON_CALL and has_schedule)
        if not held and (fields.faults.production or role is Role.INCIDENTS):
            fields.fault(role.value, None, "at least one name of people or channels")
    return found


def _schedule(fields: Fields, people: frozenset[str]) -> Schedule:
    fields.only("starts", "rotation", "overrides")
    rotation = fields.texts("rotation", people)
    if not rotation:
        fields.fault("rotation", None, "at least one name of people")
    overrides = [_override(one, people) for one in fields.rows("overrides")]
    return Schedule(fields.moment("starts"), rotation, tuple(overrides))


def _override(fields: Fields, people: frozenset[str]) -> Override:
    fields.only("starts", "ends", "person")
    starts, ends = fields.moment("starts"), fields.moment("ends")
    if ends <= starts:
        fields.fault("ends", ends, "later than starts")
    person = fields.text("person")
    if person and person not in people:
        fields.fault("person", person, f"one of {', '.join(sorted(people))}")
    return Override(starts, ends, person)


def _mail(fields: Fields, path: Path) -> Mail:
    fields.only("host", "port", "from", "tls", "user", "password_file")
    user = fields.text("user") if "user" in fields.names() else ""
    password = fields.secret("password", path) if "password_file" in fields.names() else ""
    return Mail(
        host=fields.text("host"), port=fields.number("port", 587), sender=fields.text("from", contact_fields.mailbox),
        tls=fields.switch("tls", default=True), user=user, password=password,
    )  # fmt: skip
