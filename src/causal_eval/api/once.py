"""``Idempotency-Key``: a request that is sent again with its key is not done again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header


def once(
    idempotency_key: Annotated[
        str | None, Header(max_length=200, pattern=r"^[!-~]+$", description="The same key and body: done once.")
    ] = None,
) -> str | None:
    """The key under which this request is done once; None: whenever it is sent."""
    return idempotency_key


Once = Annotated[str | None, Depends(once)]
