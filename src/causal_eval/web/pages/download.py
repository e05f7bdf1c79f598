"""The results of an evaluation as a file that the browser keeps."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from causal_eval.service import charts, report_files
from causal_eval.service.exporting import Form, export
from causal_eval.web.asked import Asked

TYPES = {Form.CSV: "text/csv; charset=utf-8; header=present", Form.JSONL: "application/x-ndjson"}
_CHUNK = 2**16


def as_csv(asked: Asked) -> Response:
    """A row for each outcome, for spreadsheets."""
    return _file(asked, Form.CSV)


def as_jsonl(asked: Asked) -> Response:
    """A line of JSON for each outcome, for programs."""
    return _file(asked, Form.JSONL)


def as_report(asked: Asked) -> Response:
    """The report about it and those `beside` it, in the form that the address ends in; `?summary=1`: no questions."""
    form, is_summary = asked.part("form"), asked.query.get("summary") == "1"
    names = [asked.part("evaluation"), *filter(None, asked.query.get("beside", "").split(","))]
    return _kept(report_files.made(asked.visit, names, form=form, summary=is_summary))


def as_chart(asked: Asked) -> Response:
    """One picture of it and those `beside` it, in the form that the address ends in."""
    names = [asked.part("evaluation"), *filter(None, asked.query.get("beside", "").split(","))]
    look = charts.Look(asked.part("form"), asked.query.get("by", ""))
    return _kept(charts.drawn(asked.visit, asked.part("chart"), names, look=look))


def _kept(made: report_files.ReportFile) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"'}
    return Response(made.content, headers=headers, media_type=made.media)


def _file(asked: Asked, form: Form) -> Response:
    made = export(asked.visit, asked.part("evaluation"), form=form)
    name = f'attachment; filename="{made.name}"'
    return StreamingResponse(chunks(made.lines), headers={"Content-Disposition": name}, media_type=TYPES[form])


def chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same in larger pieces: each costs a turn of a thread."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)
