"""The provider keys of a project: added and revoked, never shown."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import UsageError
from causal_eval.service import projects, vault
from causal_eval.service.vault import NewCredential
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

FIELDS = ("provider", "origin", "key")


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, dict.fromkeys(FIELDS, ""), {})


def kept(asked: Asked) -> Response:
    """Seal a key; without an origin for the one that the provider's calls go to."""
    project = asked.part("project")
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    usual = vault.origins(asked.visit, project).get(given["provider"], "")
    try:
        if not given["provider"]:
            return _page(asked, given, {"provider": "provider is empty: name one"})
        brought = NewCredential(given["provider"], given["origin"] or usual, given["key"])
        vault.keep(asked.visit, project, brought=brought)
    except UsageError as error:
        return _page(asked, given, faults(error, ("origin", "key")))
    return see(f"/projects/{project}/keys")


def revoked(asked: Asked) -> Response:
    """Destroy a key."""
    project = asked.part("project")
    vault.revoke(asked.visit, project, credential=asked.part("key"))
    return see(f"/projects/{project}/keys")


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str]) -> Response:
    project = asked.part("project")
    there = vault.listed(asked.visit, project)
    values = {
        "project": projects.find(asked.visit, project),
        "keys": there,
        "origins": vault.origins(asked.visit, project),
        "has_master": asked.door.service.settings.master_key_file is not None,
        "given": given | {"key": ""},  # what was typed is never sent back
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
    }
    return asked.page("vault", values, status=422 if wrong else 200)
