"""Endpoints: what evaluators may choose, without a secret and without another project's affairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.errors import NotAllowed, UnknownName
from causal_eval.service import catalog, vault
from causal_eval.service.access import Caller, Role
from causal_eval.service.endpoints import Endpoint, endpoints
from causal_eval.service.vault import NewCredential, make_master
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.key_states import KeyState, note_keys, owned
from causal_eval.store.moment import read_moment
from causal_eval.store.projects import insert_project

SECRET = "sk-planted-endpoint-secret"


@pytest.fixture
def visiting(service: Service, caller: Callable[..., Caller], tmp_path: Path) -> Callable[..., Visit]:
    """Makes an evaluator at a service with these variables."""
    make_master(tmp_path / "master")

    def make(role: Role = Role.EVALUATOR, **env: str) -> Visit:
        settings = replace(service.settings, credentials=env, master_key_file=tmp_path / "master")
        return Visit(replace(service, settings=settings), caller(role))

    return make


def one(visit: Visit) -> Endpoint:
    """The only endpoint."""
    (found,) = endpoints(visit)
    return found


def test_an_api_of_the_catalogue_is_shown_by_its_origin(visiting: Callable[..., Visit]) -> None:
    """A key makes it usable; nothing that is not set up is listed."""
    found = one(visiting(OPENAI_API_KEY=f"{SECRET},{SECRET}2"))
    assert (found.name, found.origin, found.keys, found.usable) == ("openai", "https://api.openai.com:443", 2, True)
    assert SECRET not in repr(found)
    assert endpoints(visiting()) == []


def test_servers_of_ones_own_are_named_as_they_are_asked(visiting: Callable[..., Visit]) -> None:
    """One line for each address; the path stays behind, and no key is needed where none is."""
    found = endpoints(visiting(MY_SERVER_BASE_URL="http://a:8000/v1", VLLM_BASE_URL="http://b:1/v1,http://c:2/x/v1"))
    assert [(each.name, each.origin, each.usable) for each in found] == [
        ("vllm", "http://b:1", True),
        ("vllm", "http://c:2", True),
        ("openai-api/my-server", "http://a:8000", True),
    ]


@pytest.mark.parametrize("address", [f"https://user:{SECRET}@host/v1", "ftp://host", "no address"])
def test_an_address_that_cannot_be_used_is_told_without_it(visiting: Callable[..., Visit], address: str) -> None:
    """A password in it is shown to nobody."""
    found = one(visiting(OPENAI_API_KEY="sk-x", OPENAI_BASE_URL=address))
    assert (found.origin, found.usable) == ("", False)
    assert found.fault.startswith("OPENAI_BASE_URL is no address")
    assert SECRET not in repr(found)


def test_keys_in_a_file_count(visiting: Callable[..., Visit], tmp_path: Path) -> None:
    """In the list of providers too; a file that is away is a fault that names no path."""
    (tmp_path / "keys").write_text("sk-a\nsk-b\n")
    there = visiting(OPENAI_API_KEY_FILE=str(tmp_path / "keys"))
    assert (one(there).keys, one(there).usable) == (2, True)
    assert (catalog.offer(there, "openai").keys, catalog.offer(there, "openai").configured) == (2, True)
    away = one(visiting(OPENAI_API_KEY_FILE=str(tmp_path / "away")))
    assert (away.keys, away.usable) == (0, False)
    assert "tell an operator" in away.fault
    assert str(tmp_path) not in repr(away)


def test_a_switch_shows(visiting: Callable[..., Visit]) -> None:
    """What is switched off says by which setting, and is not usable."""
    found = one(visiting(OPENAI_API_KEY="sk-x", OPENAI_ENABLED="false"))
    assert (found.usable, found.switched_off) == (False, "OPENAI_ENABLED=false")


def test_a_projects_sealed_key_counts_for_its_origin_alone(visiting: Callable[..., Visit]) -> None:
    """Kept for another origin it is a fault that says what to do; for this one it makes the endpoint usable."""
    admin = visiting(Role.ADMIN)
    vault.keep(admin, "local", brought=NewCredential("openai", "https://elsewhere.example", SECRET))
    there = one(visiting())
    assert (there.project_keys, there.usable) == (0, False)
    assert "https://elsewhere.example:443" in there.fault
    vault.keep(admin, "local", brought=NewCredential("openai", "https://api.openai.com/v1", SECRET))
    there = one(visiting())
    assert (there.keys, there.project_keys, there.usable, there.fault) == (0, 1, True, "")


def test_the_health_of_anothers_key_is_not_shown(visiting: Callable[..., Visit]) -> None:
    """The service's own and the project's are."""
    visit = visiting(OPENAI_API_KEY="sk-x")
    with visit.service.store.writing() as connection:
        now = read_moment(connection)
        insert_project(connection, "theirs", name="Theirs", at=now)
        for key in ("...aaaa", owned("...bbbb", "local"), owned("...cccc", "theirs")):
            note_keys(connection, [KeyState("openai", key, None, now, "closed", "refused", now)])
    assert {state.key for state in one(visit).states} == {"...aaaa", "...bbbb of local"}


def test_only_evaluators_of_the_project_see_them(visiting: Callable[..., Visit]) -> None:
    """Addresses of the house are no viewer's and no stranger's business."""
    with pytest.raises(NotAllowed):
        endpoints(visiting(Role.VIEWER))
    with pytest.raises(UnknownName):
        endpoints(visiting(), "theirs")
