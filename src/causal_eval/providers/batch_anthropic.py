"""Anthropic's message batches: requests go up in one body, results come down as JSON lines.

A batch carries no word of ours but the names of its rows, and those are told when it has ended. So a batch of which
nobody knows whether it arrived is looked for among those of its size that are not older; as long as one of them has not
ended, the question stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from causal_eval.providers.batch import Found, Limits, Request, Row, Sought, Standing, Take, tag_digest
from causal_eval.providers.batch_wire import Check, Lines, Wire, asked, poured
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Failure, FailureKind, Prompt
from causal_eval.providers.transport import Call

MOST = Limits(requests=100_000, bytes=240 * 2**20)
"""Anthropic takes 256 MB."""
PATH = "/messages/batches"
_SKEW = 600.0
"""Seconds that the provider's clock may be behind ours; batches in it are looked at too."""
_PAGE = 100
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Type of an error -> the HTTP status that a call outside of a batch would have had; others: 500."""


class _Counts(msgspec.Struct, frozen=True):
    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def done(self) -> int:
        return self.succeeded + self.errored + self.canceled + self.expired


class _Batch(msgspec.Struct):
    """A batch, as far as it matters here; unknown fields are ignored."""

    id: str
    processing_status: str
    created_at: datetime
    request_counts: _Counts = _Counts()
    cancel_initiated_at: str | None = None

    @property
    def made(self) -> float:
        """Seconds since 1970."""
        return self.created_at.timestamp()

    @property
    def ended(self) -> bool:
        return self.processing_status == "ended"


class _List(msgspec.Struct):
    data: list[_Batch]
    has_more: bool = False
    last_id: str | None = None


class _Error(msgspec.Struct, frozen=True):
    type: str = ""


class _ErrorResponse(msgspec.Struct):
    error: _Error = _Error()


class _Result(msgspec.Struct):
    type: str
    message: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Line(msgspec.Struct):
    custom_id: str
    result: _Result


_batch = msgspec.json.Decoder(_Batch).decode
_list = msgspec.json.Decoder(_List).decode
_line = msgspec.json.Decoder(_Line).decode
_error = msgspec.json.Decoder(_ErrorResponse).decode


class _EnoughError(Exception):
    """One row was read: the rest need not come down."""


class AnthropicBatches:
    """One model behind ``/messages/batches``."""

    limits = MOST

    def __init__(self, wire: Wire, http: Http, *, check: Check) -> None:
        self._wire = wire
        self._http = http
        self._check = check
        self._foreign: set[str] = set()
        """Ended batches whose rows have other names than those sought."""

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._wire.name

    def encode(self, prompt: Prompt) -> bytes:
        """See the protocol."""
        return self._wire.encode(prompt)

    async def submit(self, tag: str, requests: Sequence[Request]) -> str | Failure:
        """One call; *tag* is in the rows' names alone."""
        del tag
        rows = [b'{"custom_id":"%b","params":%b}' % (request.name.encode(), request.body) for request in requests]
        body = b'{"requests":[%b]}' % b",".join(rows)
        batch = await asked(self._http, Call("POST", self._http.url(PATH), body), decode=_batch)
        return batch if isinstance(batch, Failure) else batch.id

    async def find(self, sought: Sought) -> Found | Failure:
        """The batch whose rows have the names of the tag, among those of its size and age."""
        candidates = await self._candidates(sought)
        if isinstance(candidates, Failure):
            return candidates
        for batch in candidates:
            if batch.ended:
                name = await self._first_name(batch.id)
                if isinstance(name, Failure):
                    return name
                if name.startswith(tag_digest(sought.tag)):
                    return Found(batch.id)
                self._foreign.add(batch.id)
        return Found(undecided=tuple(batch.id for batch in candidates if not batch.ended))

    async def poll(self, handle: str) -> Standing | Failure:
        """See the protocol."""
        batch = await asked(self._http, self._get(f"{PATH}/{handle}"), decode=_batch)
        if isinstance(batch, Failure):
            return batch
        counts = batch.request_counts
        return Standing(
            handle=batch.id,
            ended=batch.ended,
            done=counts.done,
            total=counts.done + counts.processing,
            cancelled=batch.cancel_initiated_at is not None,
        )

    async def fetch(self, handle: str, take: Take) -> Failure | None:
        """See the protocol."""
        return await poured(self._http, self._get(f"{PATH}/{handle}/results"), lines=Lines(self._row, take))

    async def cancel(self, handle: str) -> Failure | None:
        """See the protocol."""
        batch = await asked(self._http, Call("POST", self._http.url(f"{PATH}/{handle}/cancel")), decode=_batch)
        return batch if isinstance(batch, Failure) else None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _get(self, path: str) -> Call:
        return Call("GET", self._http.url(path))

    async def _candidates(self, sought: Sought) -> list[_Batch] | Failure:
        found: list[_Batch] = []
        after, oldest = "", sought.since - _SKEW
        while True:
            page = await asked(self._http, self._get(f"{PATH}?{after}limit={_PAGE}"), decode=_list)
            if isinstance(page, Failure):
                return page
            found += [batch for batch in page.data if batch.made >= oldest and _fits(batch, sought.count)]
            if not page.has_more or not page.data or page.data[-1].made < oldest:
                return [batch for batch in found if batch.id not in sought.known | self._foreign]
            after = f"after_id={page.last_id}&"

    async def _first_name(self, handle: str) -> str | Failure:
        """Name of a row of an ended batch; empty: it has none."""
        names: list[str] = []

        async def take(rows: Sequence[Row]) -> None:
            names.append(rows[0].name)
            raise _EnoughError

        try:
            problem = await poured(self._http, self._get(f"{PATH}/{handle}/results"), lines=Lines(_named, take))
        except _EnoughError:
            return names[0]
        return problem or ""

    def _row(self, content: bytes) -> Row:
        line = _line(self._http.clean(content))
        result = line.result
        match result.type:
            case "succeeded":
                return Row(line.custom_id, self._check(self._http.reading(bytes(result.message), self._wire.read)))
            case "errored":
                status = _STATUSES.get(_error(result.error).error.type, 500)
                return Row(line.custom_id, self._http.error_in_reply(status, bytes(result.error)))
            case "canceled":
                return Row(line.custom_id, None)
            case _:
                late = self._http.failure(FailureKind.TIMEOUT, f"{result.type}: the batch ended before this was done")
                return Row(line.custom_id, late)


def _fits(batch: _Batch, count: int) -> bool:
    """Whether it may hold *count* rows; an ended one, whose names will tell, may have lost some."""
    size = batch.request_counts.done + batch.request_counts.processing
    return size <= count if batch.ended else size == count


def _named(content: bytes) -> Row:
    return Row(_line(content).custom_id, None)
