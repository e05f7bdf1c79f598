"""Certificates that no client should trust, made by the ``openssl`` command when the server starts."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from enum import StrEnum
from pathlib import Path

from causal_eval.errors import UnknownName, UsageError

_NEW_KEY = (
    "req",
    "-new",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-subj",
    "/CN=localhost",
)
_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n"


class Certificate(StrEnum):
    """What is wrong with it."""

    SELF_SIGNED = "self-signed"
    """Nothing for who trusts it by name; nobody else does."""
    EXPIRED = "expired"
    """Signed by itself too, and a day too old."""


def server_context(kind: str, folder: Path) -> ssl.SSLContext:
    """A context for serving https; leaves ``certificate.pem`` in *folder* for who wants to trust it."""
    if kind not in set(Certificate):
        raise UnknownName("certificate", kind, list(Certificate))
    certificate, key, order = (folder / name for name in ("certificate.pem", "key.pem", "order.pem"))
    names = folder / "names"
    names.write_text(_NAMES)
    _openssl(*_NEW_KEY, "-keyout", str(key), "-out", str(order))
    days = "1" if kind == Certificate.SELF_SIGNED else "-1"
    signed = ("x509", "-req", "-in", str(order), "-signkey", str(key), "-days", days, "-extfile", str(names))
    _openssl(*signed, "-out", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _openssl(*arguments: str) -> None:
    command = shutil.which("openssl")
    if command is None:
        raise UsageError("--tls needs the command openssl to make a certificate; install it, or serve http")
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"--tls: openssl {arguments[0]} failed: {last}")
