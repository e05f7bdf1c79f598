"""Question files of users' own, kept as sets of a project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from causal_eval.errors import UsageError
from causal_eval.questions.file import read_text
from causal_eval.questions.question import Question
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.owners import own_set
from causal_eval.store.projects import find_project
from causal_eval.store.suites import StoredSet, keep_set

LARGEST_BROUGHT = 2_000
"""Questions; larger files are asked by the command line."""
LONGEST_NAME = 200


def bring(visit: Visit, content: str, *, name: str, project: str = LOCAL) -> StoredSet:
    """Keep the questions of a JSONL file as a set; the same file is kept once.

    Nothing of it is believed: an answer is only what the file says is right, unless a certificate proves it.

    Raises:
        NotAllowed, UnknownName: the caller may not evaluate in *project*, or there is none.
        MalformedFile, UsageError: a line that cannot be read, by its number and field, no question, or too many.
    """
    require(visit.caller, Permission.EVALUATE, project=project)
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"name has {len(name)} characters: give the file a name of 1 to {LONGEST_NAME}")
    service = visit.service
    with service.store.reading() as connection:
        find_project(connection, project)
    now = service.clock()
    kept = keep_set(service.store, _few(content), name=name, now=datetime.fromtimestamp(now, UTC))
    with service.store.writing() as connection:
        if own_set(connection, kept.digest, project=project, by=visit.caller.actor, at=now):
            record(connection, visit, deed=Deed("question_set.bring", kept.hash, project))
    return kept


def _few(content: str) -> Iterator[Question]:
    for number, question in enumerate(read_text(content.encode(), name="file"), 1):
        if number > LARGEST_BROUGHT:
            raise UsageError(
                f"file has more than {LARGEST_BROUGHT} questions: send parts, or use `causal-eval eval --questions`"
            )
        yield question
