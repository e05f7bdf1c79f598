"""What batch APIs have in common on the wire: forms that go up, lines that come down, objects that are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from causal_eval.providers.batch import Row, Take
from causal_eval.providers.http import Answered, Http
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Refusal
from causal_eval.providers.transport import LARGEST_BODY, Call

_T = TypeVar("_T")
Check = Callable[[Outcome], Outcome]
"""Lets an outcome through, or says why it does not count."""


class Wire(Protocol):
    """An adapter whose requests go into a batch and whose replies come out of it."""

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""

    def encode(self, prompt: Prompt) -> bytes:
        """The body of a request."""

    def read(self, content: bytes) -> Outcome:
        """What the body of a 200 response says."""


class Lines:
    """A :data:`~causal_eval.providers.transport.Sink` that reads each line once it is whole; memory: a line and a part.

    A line that cannot be read is left out: its row counts as one that no result mentions.
    """

    def __init__(self, read: Callable[[bytes], Row], take: Take) -> None:
        self._read = read
        self._take = take
        self._parts: list[bytes] = []
        self._size = 0

    async def __call__(self, part: bytes) -> None:
        """Take the rows of all lines that *part* completes."""
        head, line_break, rest = part.rpartition(b"\n")
        if line_break:
            whole = b"".join((*self._parts, head))
            self._parts, self._size = [], 0
            await self._give(whole.split(b"\n"))
        if self._size + len(rest) <= LARGEST_BODY:
            self._parts.append(rest)
            self._size += len(rest)

    async def end(self) -> None:
        """Take the last line, which may have no line break."""
        await self(b"\n")

    async def _give(self, lines: list[bytes]) -> None:
        rows = []
        for line in filter(None, map(bytes.strip, lines)):
            try:
                rows.append(self._read(line))
            except msgspec.DecodeError:
                continue
        if rows:
            await self._take(rows)


class Form(NamedTuple):
    """A multipart form with one file."""

    body: bytes
    content_type: str


def form(content: bytes, *, filename: str, purpose: str) -> Form:
    """The form that uploads *content*; its boundary follows from the content, in which it therefore does not stand."""
    mark = f"causal-eval-{hashlib.sha256(content).hexdigest()[:32]}"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = b"".join((head.encode(), content, f"\r\n--{mark}--\r\n".encode()))
    return Form(body, f"multipart/form-data; boundary={mark}")


async def asked(http: Http, call: Call, *, decode: Callable[[bytes], _T]) -> _T | Failure:
    """The object that *call* answers, or what went wrong."""
    answer = await http.send(call)
    if not isinstance(answer, Answered):
        return failed(answer)
    try:
        return decode(answer.content)
    except msgspec.DecodeError as error:
        return http.bad_reply(f"the body cannot be read: {error}")


async def poured(http: Http, call: Call, *, lines: Lines) -> Failure | None:
    """Let *lines* take the body of *call*; None: it came whole."""
    answer = await http.send(call, lines)
    if not isinstance(answer, Answered):
        return failed(answer)
    await lines.end()
    return None


def failed(told: Failure | Refusal) -> Failure:
    """Why a request about a batch has no answer; a content filter is about rows, not about batches."""
    if isinstance(told, Failure):
        return told
    return Failure(FailureKind.BAD_REQUEST, f"the batch was refused: {told.reason}")
