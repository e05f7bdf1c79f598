"""OpenAI's batches: a file of requests goes up, a file of results and one of errors come down.

A batch carries its tag as metadata, so it is found again by listing.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from causal_eval.providers.batch import Found, Limits, Request, Row, Sought, Standing, Take, tag_digest
from causal_eval.providers.batch_wire import Check, Lines, Wire, asked, form, poured
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Failure, FailureKind, Prompt
from causal_eval.providers.transport import OK, Call

FIELD = "causal_eval"
"""Name of the metadata that holds the tag."""
MOST = Limits(requests=50_000, bytes=190 * 2**20)
"""OpenAI takes 200 MB."""
_SKEW = 3600.0
"""Seconds that the provider's clock may be behind ours."""
_PAGE = 100
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_UNDONE = frozenset({"batch_cancelled", "batch_canceled"})


class _Id(msgspec.Struct):
    id: str


class _Counts(msgspec.Struct):
    total: int = 0
    completed: int = 0
    failed: int = 0


class _Fault(msgspec.Struct):
    code: str | None = None
    line: int | None = None
    message: str | None = None


class _Faults(msgspec.Struct):
    data: list[_Fault] | None = None


class _Batch(msgspec.Struct):
    """A batch, as far as it matters here; unknown fields are ignored."""

    id: str
    status: str
    created_at: float = 0
    metadata: dict[str, str] | None = None
    request_counts: _Counts | None = None
    errors: _Faults | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None


class _List(msgspec.Struct):
    data: list[_Batch]
    has_more: bool = False


class _Response(msgspec.Struct):
    status_code: int
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Line(msgspec.Struct):
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


_id = msgspec.json.Decoder(_Id).decode
_batch = msgspec.json.Decoder(_Batch).decode
_list = msgspec.json.Decoder(_List).decode
_line = msgspec.json.Decoder(_Line).decode
_encode = msgspec.json.Encoder().encode


class OpenAIBatches:
    """One model behind ``/files`` and ``/batches``."""

    limits = MOST

    def __init__(self, wire: Wire, http: Http, *, path: str, check: Check) -> None:
        self._wire = wire
        self._http = http
        self._endpoint = f"/v1{path}"
        self._check = check

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._wire.name

    def encode(self, prompt: Prompt) -> bytes:
        """See the protocol."""
        return self._wire.encode(prompt)

    async def submit(self, tag: str, requests: Sequence[Request]) -> str | Failure:
        """Upload the file, then order the batch; a file without a batch costs nothing."""
        head = b'","method":"POST","url":"%b","body":' % self._endpoint.encode()
        lines = [b'{"custom_id":"%b%b%b}\n' % (request.name.encode(), head, request.body) for request in requests]
        upload = form(b"".join(lines), filename=f"{tag_digest(tag)}.jsonl", purpose="batch")
        headers = (("Content-Type", upload.content_type),)
        file = await asked(self._http, Call("POST", self._http.url("/files"), upload.body, headers), decode=_id)
        if isinstance(file, Failure):
            return file
        order = {
            "completion_window": "24h",
            "endpoint": self._endpoint,
            "input_file_id": file.id,
            "metadata": {FIELD: tag},
        }
        batch = await asked(self._http, Call("POST", self._http.url("/batches"), _encode(order)), decode=_batch)
        return batch if isinstance(batch, Failure) else batch.id

    async def find(self, sought: Sought) -> Found | Failure:
        """The batch whose metadata holds the tag; the list is read until it holds only older batches."""
        after = ""
        while True:
            page = await asked(self._http, self._get(f"/batches?{after}limit={_PAGE}"), decode=_list)
            if isinstance(page, Failure):
                return page
            for batch in page.data:
                if (batch.metadata or {}).get(FIELD) == sought.tag:
                    return Found(batch.id)
            if not page.has_more or not page.data or _all_older(page.data, sought.since - _SKEW):
                return Found()
            after = f"after={page.data[-1].id}&"

    async def poll(self, handle: str) -> Standing | Failure:
        """See the protocol."""
        batch = await asked(self._http, self._get(f"/batches/{handle}"), decode=_batch)
        if isinstance(batch, Failure):
            return batch
        counts = batch.request_counts or _Counts()
        return Standing(
            handle=batch.id,
            ended=batch.status in _ENDED,
            done=counts.completed + counts.failed,
            total=counts.total,
            cancelled=batch.status in {"cancelling", "cancelled"},
            refused=self._refused(batch) if batch.status == "failed" else None,
        )

    async def fetch(self, handle: str, take: Take) -> Failure | None:
        """See the protocol."""
        batch = await asked(self._http, self._get(f"/batches/{handle}"), decode=_batch)
        if isinstance(batch, Failure):
            return batch
        for file in filter(None, (batch.output_file_id, batch.error_file_id)):
            problem = await poured(self._http, self._get(f"/files/{file}/content"), lines=Lines(self._row, take))
            if problem is not None:
                return problem
        return None

    async def cancel(self, handle: str) -> Failure | None:
        """See the protocol."""
        batch = await asked(self._http, Call("POST", self._http.url(f"/batches/{handle}/cancel")), decode=_batch)
        return batch if isinstance(batch, Failure) else None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _get(self, path: str) -> Call:
        return Call("GET", self._http.url(path))

    def _row(self, content: bytes) -> Row:
        line = _line(self._http.clean(content))
        if line.response is None:
            error = line.error or _Error()
            if error.code in _UNDONE:
                return Row(line.custom_id, None)
            kind = FailureKind.TIMEOUT if error.code == "batch_expired" else FailureKind.SERVER_ERROR
            return Row(line.custom_id, self._http.failure(kind, f"{error.code}: {error.message}"))
        if line.response.status_code != OK:
            return Row(line.custom_id, self._http.error_in_reply(line.response.status_code, bytes(line.response.body)))
        return Row(line.custom_id, self._check(self._http.reading(bytes(line.response.body), self._wire.read)))

    def _refused(self, batch: _Batch) -> Failure:
        faults = (batch.errors.data if batch.errors else None) or [_Fault()]
        where = "" if faults[0].line is None else f"line {faults[0].line}: "
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        kind = FailureKind.RATE_LIMIT if faults[0].code == "token_limit_exceeded" else FailureKind.BAD_REQUEST
        said = faults[0].message or faults[0].code
        return self._http.failure(kind, f"batch {batch.id} was not taken: {where}{said}{more}")


def _all_older(batches: Sequence[_Batch], moment: float) -> bool:
    """Whether none of a page, nor any that follows, is younger; only a list with the newest first tells."""
    times = [batch.created_at for batch in batches]
    return times == sorted(times, reverse=True) and times[-1] < moment
