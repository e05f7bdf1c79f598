"""Who is told, who is on call, and what is wrong with the file that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import MalformedFile, UnknownName
from causal_eval.incidents.contacts import (
    WEEK,
    Address,
    Contacts,
    Role,
    Way,
    channel_of,
    on_call,
    reach,
    read_contacts,
    to_file,
)

EXAMPLE = Path(__file__).parents[2] / "deploy" / "contacts.yml"
START = 1_767_603_600.0  # 2026-01-05T09:00:00Z
SECRET = "https://hooks.slack.test/services/T0/B0/s3cr3t"
WHOLE = f"""
people:
  maria: {{name: Maria Silva, email: maria@company.test}}
  li: {{name: Li Wei, email: li@company.test}}
channels:
  incidents: {{webhook: "{SECRET}"}}
  all: {{file: messages.jsonl}}
schedule:
  starts: 2026-01-05T09:00:00Z
  rotation: [maria, li]
  overrides:
    - {{starts: 2026-01-06, ends: 2026-01-07, person: li}}
roles:
  incidents: [incidents]
  team-lead: [maria]
  infrastructure: [li]
  security: [maria, all]
  stakeholders: [all]
  cloud: [all]
  dba: [li]
  security-ir: [all]
  legal: [all]
mail: {{host: mail.company.test, from: incidents@company.test}}
"""


def read(tmp_path: Path, text: str, *, production: bool = True) -> Contacts:
    """The contacts that *text* says."""
    path = tmp_path / "contacts.yml"
    path.write_text(text, "utf-8")
    return read_contacts(path, production=production)


@pytest.fixture
def contacts(tmp_path: Path) -> Contacts:
    """Contacts fit for production."""
    return read(tmp_path, WHOLE)


@pytest.mark.parametrize(
    ("days", "who"), [(0, "maria"), (0.99, "li"), (1.62, "li"), (1.63, "maria"), (7, "li"), (14, "maria"), (-1, "li")]
)
def test_each_is_on_call_for_a_week(contacts: Contacts, days: float, who: str) -> None:
    """In turn, an override first; before the beginning as well as long after."""
    person = on_call(contacts, at=START + days * 86_400)
    assert person is not None
    assert person.id == who


@given(weeks=st.integers(-500, 500), into=st.floats(0, WEEK - 1))
def test_the_rotation_never_ends(weeks: int, into: float) -> None:
    """Every week has somebody, and two weeks later it is the same one."""
    contacts = read_contacts(EXAMPLE)
    bare = Contacts(contacts.people, {}, {}, contacts.schedule and type(contacts.schedule)(START, ("first", "second")))
    one, next_one = on_call(bare, at=START + weeks * WEEK + into), on_call(bare, at=START + (weeks + 2) * WEEK + into)
    assert one == next_one == bare.people[("first", "second")[weeks % 2]]


def test_a_role_is_reached(contacts: Contacts) -> None:
    """Each address once; a webhook by its name alone."""
    assert reach(contacts, Role.INCIDENTS, at=START) == (Address(Way.WEBHOOK, "incidents"),)
    assert reach(contacts, Role.ON_CALL, at=START) == (Address(Way.EMAIL, "maria@company.test"),)
    assert reach(contacts, Role.SECURITY, at=START) == (
        Address(Way.EMAIL, "maria@company.test"),
        Address(Way.FILE, "all"),
    )


def test_where_nobody_has_a_role_the_channel_is_told(tmp_path: Path) -> None:
    """Rather than nobody."""
    contacts = to_file(tmp_path / "messages.jsonl")
    assert {reach(contacts, role, at=START) for role in Role} == {(Address(Way.FILE, "messages"),)}
    assert on_call(contacts, at=START) is None


def test_the_address_of_a_webhook_is_shown_nowhere(contacts: Contacts) -> None:
    """It is looked up by name when something is sent."""
    assert SECRET not in repr(contacts)
    assert channel_of(contacts, Address(Way.WEBHOOK, "incidents")).place == SECRET
    with pytest.raises(UnknownName, match="did you mean incidents"):
        channel_of(contacts, Address(Way.WEBHOOK, "incident"))


def test_secrets_may_be_files(tmp_path: Path) -> None:
    """Beside the file."""
    (tmp_path / "hook").write_text(f"{SECRET}\n")
    contacts = read(tmp_path, WHOLE.replace(f'webhook: "{SECRET}"', "webhook_file: hook"))
    assert channel_of(contacts, Address(Way.WEBHOOK, "incidents")).place == SECRET


def test_the_example_is_read_but_not_in_production() -> None:
    """Each placeholder in it is named, with its value."""
    contacts = read_contacts(EXAMPLE)
    assert reach(contacts, Role.CLOUD, at=START) == reach(contacts, Role.INCIDENTS, at=START)
    with pytest.raises(MalformedFile) as refused:
        read_contacts(EXAMPLE, production=True)
    faults = str(refused.value).splitlines()[1:]
    assert len(faults) == 15
    assert "  channels.cloud.email: '[Support ticket system]': this is a placeholder" in str(refused.value)
    assert all("placeholder" in fault for fault in faults)


@pytest.mark.parametrize(
    "placeholder", ["[Phone/Slack]", "ops@example.org", "ops@team.example", "<name>@company.test", "TODO", " "]
)
def test_production_refuses_a_placeholder(tmp_path: Path, placeholder: str) -> None:
    """Whoever is called by it would never know."""
    with pytest.raises(MalformedFile, match=r"people\.maria\.email: .*placeholder"):
        read(tmp_path, WHOLE.replace("email: maria@company.test", f'email: "{placeholder}"'))


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """With field and value."""
    text = """
people: {maria: {name: 7, email: nobody}}
channels: {chat: {webhook: "ftp://x.test/s3cr3t"}, two: {file: a, email: b@c.test}, text: "https://s3cr3t.test"}
schedule: {starts: soon, rotation: [anna], overrides: [{starts: 2026-01-07, ends: 2026-01-06, person: otto}]}
roles: {incidents: [chat], boss: [maria]}
mail: {host: mail.company.test, from: a@b.test, port: 70000, tls: perhaps}
"""
    with pytest.raises(MalformedFile) as refused:
        read(tmp_path, text)
    told = str(refused.value)
    for part in (
        "people.maria.name: 7: a text", "people.maria.email: 'nobody': a mailbox", "channels.chat.webhook: '(secret)'",
        "channels.two: ['email', 'file']: one of", "channels.text: (str): a section", "schedule.starts: 'soon'",
        "schedule.rotation: 'anna': one of maria", "overrides[0].ends", "overrides[0].person: 'otto'",
        "roles.boss: 'a name that nobody reads'", "roles.legal: missing", "mail.port: 70000", "mail.tls: 'perhaps'",
    ):  # fmt: skip
        assert part in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "the file: missing"), ("- a\n", "the file: \\(list\\)"), ('people: {a: "s3cr3t', "no YAML"),
     ("a: \x00", "no YAML"), ("people: {maria: [1]}", "people.maria: \\(list\\)"),
     ("!!python/object/apply:os.system ['true']", "no YAML")],
)  # fmt: skip
def test_what_is_no_such_file_is_said_to_be_none(tmp_path: Path, text: str, told: str) -> None:
    """Nothing in it is carried out, and nothing of it repeated."""
    with pytest.raises(MalformedFile, match=told) as refused:
        read(tmp_path, text)
    assert "s3cr3t" not in str(refused.value)


def test_a_file_that_is_not_there_names_the_example(tmp_path: Path) -> None:
    """Which is copied."""
    with pytest.raises(MalformedFile, match=r"deploy/contacts\.yml"):
        read_contacts(tmp_path / "contacts.yml")
