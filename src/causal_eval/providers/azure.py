"""Azure OpenAI: OpenAI's wire formats at a resource's own address, by deployment; both of Azure's address forms."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from causal_eval.errors import UsageError
from causal_eval.providers import openai, responses
from causal_eval.providers.catalog import Site, checked_url

VERSION = "OPENAI_API_VERSION"
_ROOT = "/openai"
_UNVERSIONED = "/openai/v1"


def resource(given: str, variable: str, *, deployment: str, env: Mapping[str, str]) -> Site:
    """Where *deployment* is served, from the address in *variable*: the resource's, or one that ends in /openai/v1.

    Raises:
        UsageError: no http address, or the API version is missing, which only /openai/v1 does without.
    """
    address = checked_url(given, variable)
    if address.endswith(_UNVERSIONED):
        return Site(address, "Authorization", openai.PATH, responses.PATH)
    version = env.get(VERSION, "").strip()
    if not version:
        raise UsageError(
            f"{VERSION} is not set: Azure needs it, e.g. export {VERSION}=2025-04-01-preview, "
            f"or let {variable} end in {_UNVERSIONED}"
        )
    query = f"?api-version={quote(version, safe='')}"
    root = address.partition(_ROOT)[0] + _ROOT
    chat = f"/deployments/{quote(deployment, safe='')}{openai.PATH}{query}"
    return Site(root, "api-key", chat, f"{responses.PATH}{query}")
