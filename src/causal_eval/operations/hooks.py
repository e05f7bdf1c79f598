"""What a webhook's receiver checks: headers and signature of Standard Webhooks, HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

import causal_eval


def signed(key: bytes, body: bytes, *, name: str, at: float) -> Mapping[str, str]:
    """The headers of a delivery called *name*, sent at *at*."""
    stamp = str(int(at))
    told = b".".join((name.encode(), stamp.encode(), body))
    signature = base64.b64encode(hmac.digest(key, told, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "user-agent": f"causal-eval/{causal_eval.__version__}",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
