"""`onecgw probe`: the exit code says whether the gateway of the settings answers."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from onecgw.cli import main
from tests.builders.certificate import make_certificate


class Answers(http.server.BaseHTTPRequestHandler):
    """Lives, and is not ready."""

    def do_GET(self) -> None:
        assert self.headers["Host"] == "localhost"
        self.send_response(200 if self.path == "/livez" else 503)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(certificate: Path | None) -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def probe(folder: Path, port: int, *words: str, host: str = "127.0.0.1", tls: str = "") -> int:
    config = folder / "config.yml"
    config.write_text(
        f"server: {{host: '{host}', port: {port}{tls}}}\n"
        "onec: {base_url: 'http://127.0.0.1:9/hs', auth: {type: none}}\n"
        "mcp: {bearer_token: a-token-of-sixteen}\noauth: {enabled: false}\n"
        "audit: {retention_days: 0}\n",
        encoding="utf-8",
    )
    return CliRunner().invoke(main, ["probe", "--config", str(config), *words]).exit_code


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what settings say
def test_it_lives_and_is_not_ready(tmp_path: Path, host: str) -> None:
    with answering(None) as port:
        assert probe(tmp_path, port, host=host) == 0
        assert probe(tmp_path, port, "--ready", host=host) == 1


def test_over_tls_with_the_certificate_of_another_name(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, "mcp.example.org")
    tls = f", tls: {{cert: {path.name}, key: {path.name}}}"
    with answering(path) as port:
        assert probe(tmp_path, port, tls=tls) == 0


def test_a_probe_fails_without_an_answer_or_a_known_port(tmp_path: Path) -> None:
    with answering(None) as port:
        pass
    assert probe(tmp_path, port) == 1
    assert probe(tmp_path, 0) == 2
