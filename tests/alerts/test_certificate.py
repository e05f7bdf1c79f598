"""A certificate that ends soon, shown by a real server to the real exporter: it becomes an alert, and is over again."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests import lacking
from tests.alerts.test_live import Sink, running, served
from tests.servers import free_port

from causal_eval.mock.certificate import Certificate, server_context
from causal_eval.operations.monitoring.configure import PROBE, Job, Receivers, Watch, lay_out

EXPORTER = "prometheus-blackbox-exporter"


class Front:
    """Shakes hands with everybody, by whichever certificate it has now."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        self.socket = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self) -> None:
        """Until its socket is closed."""
        while True:
            try:
                caller, _ = self.socket.accept()
                with self.context.wrap_socket(caller, server_side=True):
                    pass
            except ssl.SSLError:
                continue  # who went away in the middle
            except OSError:
                return


@contextmanager
def front(context: ssl.SSLContext) -> Iterator[Front]:
    """One that listens meanwhile."""
    made = Front(context)
    thread = threading.Thread(target=made.serve)
    thread.start()
    try:
        yield made
    finally:
        made.socket.shutdown(socket.SHUT_RDWR)
        made.socket.close()
        thread.join()


def long_lived(folder: Path) -> ssl.SSLContext:
    """A certificate for a year, as docker/make-secrets.sh makes it."""
    made = ["-keyout", f"{folder}/long.key", "-out", f"{folder}/long.pem", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-days", "365", *made], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{folder}/long.pem", f"{folder}/long.key")
    return context


@pytest.mark.full
@pytest.mark.usefixtures("prometheus", "alertmanager")
def test_a_certificate_that_ends_soon_is_told_of(tmp_path: Path) -> None:
    """Of one day: the sentinel hears of it; of a year: it hears that it is over."""
    lacking.program(EXPORTER)
    lacking.program("openssl")
    sentinel, exporter, watcher, told = Sink(), free_port(), free_port(), free_port()
    with served(sentinel) as port, front(server_context(Certificate.SELF_SIGNED, tmp_path)) as shown:
        job = Job(name="causal-eval-tls", targets=(shown.address,), prober=f"127.0.0.1:{exporter}", module="tls")
        watch = Watch(jobs=(job,), alertmanagers=(f"127.0.0.1:{told}",))
        lay_out(tmp_path, watch, told=Receivers(sentinel=f"http://127.0.0.1:{port}/alerts"), times=60)
        with (
            running(
                tmp_path, EXPORTER, f"--config.file={tmp_path}/{PROBE}", f"--web.listen-address=127.0.0.1:{exporter}"
            ),
            running(
                tmp_path, "prometheus-alertmanager", f"--config.file={tmp_path}/alertmanager.yml",
                f"--storage.path={tmp_path}/am", f"--web.listen-address=127.0.0.1:{told}", "--cluster.listen-address=",
            ),
            running(
                tmp_path, "prometheus", f"--config.file={tmp_path}/prometheus.yml",
                f"--storage.tsdb.path={tmp_path}/tsdb", f"--web.listen-address=127.0.0.1:{watcher}",
                "--rules.alert.resend-delay=1s",
            ),
        ):  # fmt: skip
            sentinel.wait_for("CertificateExpiring", "firing")
            shown.context = long_lived(tmp_path)
            sentinel.wait_for("CertificateExpiring", "resolved")
