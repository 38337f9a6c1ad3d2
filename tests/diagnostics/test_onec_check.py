import json
import re
import shlex
import ssl
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path

import attrs
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onecgw.diagnostics.onec_check import check_onec
from onecgw.diagnostics.step import CheckStep
from onecgw.settings import OnecSettings, Settings
from tests.builders.onec_client import recorded
from tests.builders.onec_server import OnecServer, Play, ReceivedRequest, Wire, onec_server
from tests.builders.onec_service import answer_well, but

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check-1c.md"

NETWORK = ["dns", "tcp"]
SERVICE = ["publication", "authentication", "health", "resolver", "report", "verify"]
ALL_STEPS = [*NETWORK, *SERVICE, "sessions", "clock"]


def _settings(base_url: str, **changes: int | str | Path) -> Settings:
    return Settings(onec=attrs.evolve(OnecSettings(base_url=base_url), **changes))  # type: ignore[arg-type] # a handful of fields


async def _check(settings: Settings) -> tuple[bool, dict[str, CheckStep]]:
    steps: list[CheckStep] = []
    with trio.fail_after(10):
        is_well = await check_onec(
            settings.onec,
            steps.append,
            max_response_bytes=settings.limits.max_response_bytes,
        )
    return is_well, {step.name: step for step in steps}


async def _check_against(play: Play) -> tuple[bool, dict[str, CheckStep]]:
    async with onec_server(play) as server:
        return await _check(_settings(server.base_url))


def _says(answer: bytes) -> Play:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.send(answer)

    return play


def _answers(body: bytes, *, headers: tuple[str, ...] = ()) -> Play:
    async def play(_: ReceivedRequest, wire: Wire) -> None:
        await wire.answer(body, headers=headers)

    return play


async def test_good_1c_passes_every_step_in_order() -> None:
    is_well, steps = await _check_against(answer_well)
    assert is_well
    assert list(steps) == ALL_STEPS
    assert [step.advice for step in steps.values()] == [""] * len(ALL_STEPS)
    assert steps["verify"].detail == "1C refuses a wrong key"
    json.dumps([attrs.asdict(step) for step in steps.values()])


async def test_name_that_does_not_resolve_ends_the_check() -> None:
    is_well, steps = await _check(_settings("http://onec.invalid/hs", connect_timeout_ms=5_000))
    assert not is_well
    assert list(steps) == ["dns"]
    assert steps["dns"].advice == "correct the host in onec.base_url, or the DNS of this machine"


async def test_closed_port_ends_the_check() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        is_well, steps = await _check(_settings(f"http://127.0.0.1:{port}/hs"))
    assert not is_well
    assert list(steps) == NETWORK
    assert steps["tcp"].advice.startswith("start the web server of 1C")


@pytest.mark.parametrize(
    ("answer", "failed", "advice"),
    [
        ("apache-401", "authentication", "set onec.auth.username and onec.auth.password"),
        ("platform-403-json", "authentication", "give the 1C user of onec.auth the role"),
        ("iis-404", "publication", "publish the HTTP service with the infobase"),
        ("apache-301-slash", "publication", "set onec.base_url to the redirect's target"),
        ("platform-403-blocked", "publication", "the infobase is blocked"),
        ("platform-500-license", "publication", "free a 1C licence"),
        ("nginx-502", "publication", "start the web server and the 1C server"),
        ("platform-500-ru", "publication", "look into 1C's technological log"),
    ],
)
async def test_health_that_fails_says_what_to_change_and_ends_the_check(
    answer: str, failed: str, advice: str
) -> None:
    is_well, steps = await _check_against(_says(recorded(answer)))
    assert not is_well
    assert list(steps)[-1] == failed
    assert [step.ok for step in steps.values()] == [True] * (len(steps) - 1) + [False]
    assert steps[failed].advice.startswith(advice)
    assert "onecgw check" not in steps[failed].detail + steps[failed].advice


async def test_target_of_a_redirect_is_shown() -> None:
    _, steps = await _check_against(_says(recorded("platform-302-case")))
    assert steps["publication"].detail.endswith("→ /Trade/hs/mcp/reports/sales")


@pytest.mark.parametrize(
    ("path", "play", "failed"),
    [
        ("/mcp/resolve/customer", _says(recorded("platform-500-rights")), "resolver"),
        ("/mcp/resolve/customer", _answers(b'{"items":[]}'), "resolver"),
        ("/mcp/reports/sales", _says(recorded("contract-400")), "report"),
        ("/mcp/reports/sales", _says(recorded("broken-200-json")), "report"),
        ("/mcp/auth/verify", _says(recorded("apache-404")), "verify"),
        ("/mcp/auth/verify", _answers(b'{"sub":"u","name":"n","scopes":[]}'), "verify"),
    ],
)
async def test_one_broken_endpoint_fails_alone_and_with_advice(
    path: str, play: Play, failed: str
) -> None:
    is_well, steps = await _check_against(but(path, play))
    assert not is_well
    assert list(steps) == ALL_STEPS
    assert [name for name, step in steps.items() if not step.ok] == [failed]
    assert steps[failed].advice


async def test_call_that_takes_too_long_names_the_setting() -> None:
    async def silent(_: ReceivedRequest, wire: Wire) -> None:
        await wire.wait_until_the_gateway_hangs_up()

    async with onec_server(but("/mcp/reports/sales", silent)) as server:
        _, steps = await _check(_settings(server.base_url, report_timeout_ms=100))
    assert "onec.report_timeout_ms" in steps["report"].advice


class _OwnSessions:
    """A publication with reuseSessions=use."""

    def __init__(self) -> None:
        self.started = 0
        self.alive: set[str] = set()

    async def play(self, request: ReceivedRequest, wire: Wire) -> None:
        cookie, wish = request.headers.get("cookie"), request.headers.get("ibsession")
        if cookie is None and wish != "start":
            await wire.send(recorded("platform-400-session-wanted"))
            return
        if cookie is None:
            self.started += 1
            cookie = f"ibsession=s{self.started}"
            self.alive.add(cookie)
        if wish == "finish":
            self.alive.discard(cookie)
        await answer_well(request, wire, headers=(f"Set-Cookie: {cookie}; path=/",))


@pytest.mark.parametrize("mode", ["auto", "client"])
async def test_publication_that_wants_its_client_to_keep_sessions_is_healthy(mode: str) -> None:
    publication = _OwnSessions()
    async with onec_server(publication.play) as server:
        is_well, steps = await _check(_settings(server.base_url, session_mode=mode))
    assert is_well
    assert list(steps) == ALL_STEPS
    assert "in a session that the client keeps" in steps["sessions"].detail
    assert (publication.started, publication.alive) == (1, set())


async def test_publication_that_wants_sessions_of_a_gateway_that_may_not_keep_them() -> None:
    async with onec_server(_OwnSessions().play) as server:
        is_well, steps = await _check(_settings(server.base_url, session_mode="off"))
    assert not is_well
    assert list(steps)[-1] == "publication"
    assert steps["publication"].advice.startswith("set onec.session_mode to client")


async def test_clock_that_is_wrong_fails() -> None:
    late = format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)
    is_well, steps = await _check_against(
        but("/mcp/health", _answers(b'{"status":"ok"}', headers=(f"Date: {late}",)))
    )
    assert not is_well
    assert steps["clock"].detail.endswith("s ahead")
    assert steps["clock"].advice.startswith("synchronise the clocks")


async def test_sessions_that_are_not_reused_are_reported_with_the_time_of_a_kept_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("onecgw.diagnostics.onec_check.REUSED_SESSION_MS", 0)
    said: list[str] = []

    async def play(request: ReceivedRequest, wire: Wire) -> None:
        wish = request.headers.get("ibsession", "")
        said.append(wish + request.headers.get("cookie", ""))
        cookie = ("Set-Cookie: ibsession=s1; path=/",) if wish == "start" else ()
        await wire.answer(b'{"status":"ok"}', headers=cookie)

    is_well, steps = await _check_against(but("/mcp/health", play))
    assert is_well
    assert said[-3:] == ["start", "ibsession=s1", "finishibsession=s1"]
    assert "in a session that the client keeps" in steps["sessions"].detail
    assert steps["sessions"].advice.startswith("set reuseSessions")


# TLS


def _certificate(folder: Path, *, host: str = "localhost", days: int = 90) -> tuple[Path, Path]:
    """A self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{host}.pem", folder / f"{host}.key"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


async def _check_tls(certificate: Path, key: Path, **changes: int | Path) -> dict[str, CheckStep]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = OnecServer(answer_well)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_ssl_over_tcp, server.serve, 0, context, host="127.0.0.1")
        )
        port = listeners[0].transport_listener.socket.getsockname()[1]
        _, steps = await _check(_settings(f"https://localhost:{port}/hs", **changes))
        nursery.cancel_scope.cancel()
    return steps


async def test_the_command_of_the_page_fetches_a_certificate_that_ca_file_takes(
    tmp_path: Path,
) -> None:
    (command,) = re.findall(r"^python3 (.*) > onec\.pem$", PAGE.read_text("utf-8"), re.MULTILINE)
    certificate, key = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_ssl_over_tcp, _hang_up, 0, context, host="127.0.0.1")
        )
        port = listeners[0].transport_listener.socket.getsockname()[1]
        arguments = shlex.split(command.replace("1c.example.org", "localhost"))
        arguments[1] = arguments[1].replace("443", str(port))
        with trio.fail_after(60):
            done = await trio.run_process([sys.executable, *arguments], capture_stdout=True)
        nursery.cancel_scope.cancel()

    assert done.stdout == certificate.read_bytes()
    fetched = tmp_path / "onec.pem"
    fetched.write_bytes(done.stdout)
    steps = await _check_tls(certificate, key, ca_file=fetched)
    assert steps["tls"].ok


async def _hang_up(stream: trio.SSLStream[trio.SocketStream]) -> None:
    with suppress(trio.BrokenResourceError):
        await stream.do_handshake()
    await trio.aclose_forcefully(stream)


async def test_certificate_of_a_private_ca_is_good_with_ca_file(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    steps = await _check_tls(certificate, key, ca_file=certificate)
    assert steps["tls"].detail.endswith("the certificate is good for 90 days")
    assert steps["clock"].ok


async def test_certificate_that_ends_soon_is_reported_but_no_failure(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path, days=5)
    steps = await _check_tls(certificate, key, ca_file=certificate)
    assert (steps["tls"].ok, steps["tls"].advice) == (
        True,
        "renew the certificate of 1C's web server soon",
    )


async def test_self_signed_certificate_without_ca_file_says_what_to_set(tmp_path: Path) -> None:
    steps = await _check_tls(*_certificate(tmp_path))
    assert list(steps) == [*NETWORK, "tls"]
    assert steps["tls"].advice.startswith("set onec.ca_file")


async def test_certificate_of_another_host_says_so(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path, host="1c.example.org")
    steps = await _check_tls(certificate, key, ca_file=certificate)
    assert "write the host in onec.base_url" in steps["tls"].advice


async def test_expired_certificate_says_so(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path, days=-3)
    steps = await _check_tls(certificate, key, ca_file=certificate)
    assert "it has expired" in steps["tls"].advice


async def test_https_to_a_port_without_tls_says_so() -> None:
    async def speak_plainly(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(recorded("nginx-400-plain-to-tls"))

    async with trio.open_nursery() as nursery:
        [listener] = await nursery.start(
            partial(trio.serve_tcp, speak_plainly, 0, host="127.0.0.1")
        )
        port = listener.socket.getsockname()[1]
        _, steps = await _check(_settings(f"https://localhost:{port}/hs"))
        nursery.cancel_scope.cancel()
    assert steps["tls"].advice.startswith("write http:// in onec.base_url")
