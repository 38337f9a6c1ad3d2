"""What commands say about server.tls, before a socket is opened."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onecgw.cli import main
from tests.builders.certificate import make_certificate

CONFIG = """\
server: {host: 127.0.0.1, port: 0, tls: {TLS}, workers: WORKERS}
onec: {base_url: "http://127.0.0.1:9/hs", auth: {type: none}}
mcp: {bearer_token: a-token-of-sixteen}
oauth: {enabled: false}
audit: {retention_days: 0}
"""


def run(folder: Path, tls: str, *words: str, workers: int = 1) -> Result:
    config = folder / "config.yml"
    text = CONFIG.replace("TLS", tls).replace("WORKERS", str(workers))
    config.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, [*words, "--config", str(config)])


@pytest.mark.parametrize("workers", [1, 2])
def test_the_gateway_does_not_start_with_a_certificate_that_has_ended(
    tmp_path: Path, workers: int
) -> None:
    path = make_certificate(tmp_path, "localhost", valid_days=(-2, -1))
    done = run(tmp_path, f"cert: {path.name}, key: {path.name}", "serve", workers=workers)

    assert done.exit_code == 2
    assert f"onecgw serve cannot run:\nserver.tls.cert: {path} expired at " in done.output


def test_a_certificate_without_its_key_is_a_wrong_setting(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, "localhost")
    done = run(tmp_path, f"cert: {path.name}", "serve")

    assert done.exit_code == 2
    assert "server.tls.key: missing; server.tls.cert needs its key" in done.output


@pytest.mark.parametrize(
    ("valid_days", "exit_code", "said"),
    [
        ((-1, 90), 0, "ok   certificate: "),
        ((-1, 3), 1, "renew it, then `onecgw reload`"),
        ((-3, -1), 1, "FAIL certificate: server.tls.cert: "),
    ],
)
def test_check_offline_looks_at_the_certificate(
    tmp_path: Path, valid_days: tuple[int, int], exit_code: int, said: str
) -> None:
    path = make_certificate(tmp_path, "localhost", valid_days=valid_days)
    done = run(tmp_path, f"cert: {path.name}, key: {path.name}", "check", "--offline")

    assert (done.exit_code, said in done.output) == (exit_code, True), done.output


def test_connect_wants_the_name_of_the_certificate(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, "localhost")
    done = run(tmp_path, f"cert: {path.name}, key: {path.name}", "connect", "curl")

    assert (done.exit_code, "server.public_url: missing" in done.output) == (2, True)
