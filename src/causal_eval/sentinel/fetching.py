"""What an address says, within limits of size and time: whatever it does, whoever asks goes on."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from causal_eval.errors import OperationFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked, and how much patience there is."""

    url: str
    most: int
    """Bytes, unpacked."""
    seconds: float = 5.0
    etag: str = ""
    """Of what is known already."""
    any_status: bool = False
    """An answer that says that something is not well is one too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said."""

    body: bytes
    etag: str = ""
    changed: bool = True
    """False: it is as it was at that etag, and there is no body."""


async def fetch(session: aiohttp.ClientSession, wanted: Wanted) -> Answer:
    """What it says; no redirect is followed.

    Raises:
        OperationFailed: nothing that can be used, with the reason.
    """
    headers = {"If-None-Match": wanted.etag} if wanted.etag else {}
    patience = aiohttp.ClientTimeout(total=wanted.seconds)
    try:
        async with session.get(wanted.url, headers=headers, timeout=patience, allow_redirects=False) as answer:
            if answer.status == HTTPStatus.NOT_MODIFIED and wanted.etag:
                return Answer(b"", wanted.etag, changed=False)
            if answer.status != HTTPStatus.OK and not wanted.any_status:
                raise OperationFailed(f"it answers with status {answer.status}")
            body = await _body(answer.content, wanted.most)
            return Answer(body, answer.headers.get("ETag", "")[:200])
    except TimeoutError as error:
        raise OperationFailed(f"no whole answer within {wanted.seconds:g} s") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise OperationFailed(f"nobody answers ({type(error).__name__})") from error


async def _body(content: aiohttp.StreamReader, most: int) -> bytes:
    body = b""
    async for part in content.iter_chunked(2**16):
        body += part
        if len(body) > most:
            raise OperationFailed(f"it says more than {most} bytes")
    return body
