"""`onecgw check --oauth` against a gateway on a socket: all is well, or what is not."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from onecgw.diagnostics import oauth_check
from onecgw.diagnostics.oauth_check import check_oauth
from onecgw.diagnostics.oauth_http import HttpAnswer
from onecgw.diagnostics.step import CheckFailed, CheckStep
from tests.builders.certificate import make_contexts
from tests.builders.oauth_rig import OWNER_KEY, OauthRig
from tests.web.test_oauth_sdk import find_port, serving

TEST_SECONDS = 30

Prepare = Callable[[OauthRig], Awaitable[tuple[str, str]]]


async def check(issuer: str, key: str) -> tuple[bool, list[CheckStep]]:
    steps: list[CheckStep] = []
    is_well = await trio.to_thread.run_sync(partial(check_oauth, issuer, key, steps.append))
    return is_well, steps


def summary(steps: list[CheckStep]) -> list[tuple[str, bool]]:
    return [(step.name, step.ok) for step in steps]


async def test_every_step_of_a_client_is_walked_and_the_login_is_ended(tmp_path: Path) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, steps = await check(oauth.issuer, OWNER_KEY)
            grants, tokens = oauth.rows("grants"), oauth.rows("tokens")
    assert is_well, steps
    assert [step.name for step in steps] == [
        "challenge",
        "resource metadata",
        "server metadata",
        "registration",
        "key page",
        "key",
        "consent",
        "token",
        "tools/list",
        "refresh",
        "revocation",
    ]
    assert tokens == []
    assert [grant["revoked_why"] for grant in grants] == ["revoked by the client"]
    assert OWNER_KEY not in str(steps)


async def _wrong_key(oauth: OauthRig) -> tuple[str, str]:
    return oauth.issuer, "not-a-key"


async def _onec_down(oauth: OauthRig) -> tuple[str, str]:
    oauth.accounts.is_down = True
    return oauth.issuer, OWNER_KEY


async def _no_scopes(oauth: OauthRig) -> tuple[str, str]:
    oauth.accounts.scopes[OWNER_KEY] = ()
    return oauth.issuer, OWNER_KEY


async def _other_name(oauth: OauthRig) -> tuple[str, str]:
    return oauth.issuer.replace("127.0.0.1", "localhost"), OWNER_KEY


async def _no_registrations_left(oauth: OauthRig) -> tuple[str, str]:
    for _ in range(30):
        await oauth.register()
    return oauth.issuer, OWNER_KEY


async def _no_tries_left(oauth: OauthRig) -> tuple[str, str]:
    client_id = (await oauth.register())["client_id"]
    for _ in range(10):
        await oauth.open_consent(client_id, "not-a-key", resource=oauth.resource)
    return oauth.issuer, OWNER_KEY


async def _no_database(oauth: OauthRig) -> tuple[str, str]:
    oauth.store.close()
    return oauth.issuer, OWNER_KEY


async def _read_only_database(oauth: OauthRig) -> tuple[str, str]:
    await oauth.store.write(lambda db: db.execute("PRAGMA query_only = ON"))
    return oauth.issuer, OWNER_KEY


@pytest.mark.parametrize(
    ("prepare", "failed", "detail", "advice"),
    [
        (_wrong_key, "key", "the key is not valid", "is it the whole key"),
        (_onec_down, "key", "could not be checked", "1C does not answer; see `onecgw check`"),
        (_no_scopes, "consent", "the account may see nothing", "give the account scopes"),
        (_other_name, "challenge", "the metadata is at", "has another oauth.public_url"),
        (_no_registrations_left, "registration", "status 429", "wait 2 s; behind a proxy set"),
        (_no_tries_left, "key", "Too many attempts. Wait 12 seconds", "oauth.rate_limit.*"),
        (_no_database, "key page", "status 503, 200 is expected", "look at the disk"),
        (_read_only_database, "key", "storage_unavailable", "look at the disk, and at the rights"),
    ],
)
async def test_the_step_that_fails_is_named_with_what_to_do(
    tmp_path: Path, prepare: Prepare, failed: str, detail: str, advice: str
) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, steps = await check(*await prepare(oauth))
    assert not is_well
    assert (steps[-1].name, steps[-1].ok) == (failed, False)
    assert detail in steps[-1].detail
    assert advice in steps[-1].advice


class Proxy:
    """A reverse proxy that does something wrong, as an ASGI application around the gateway."""

    def __init__(
        self,
        *,
        prefix: str = "",
        drop: bytes = b"",
        host: bytes = b"",
        drop_answer: bytes = b"",
        add_answer: tuple[bytes, bytes] | None = None,
        blocks: dict[str, int] | None = None,
    ) -> None:
        self.prefix = prefix
        self.drop = drop
        self.host = host
        self.drop_answer = drop_answer
        self.add_answer = add_answer
        self.blocks = blocks or {}

    def __call__(self, app: Any) -> Any:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path = scope["path"]
            for start, status in self.blocks.items():
                if path.startswith(start):
                    body = b"<html><style>x{}</style><h1>Blocked by policy</h1></html>"
                    location = (b"location", b"https://login.example.org/")
                    head = {"type": "http.response.start", "status": status}
                    await send(head | {"headers": [location] if status < 400 else []})
                    await send({"type": "http.response.body", "body": body})
                    return
            headers = [
                (name, self.host if name == b"host" and self.host else value)
                for name, value in scope["headers"]
                if name != self.drop
            ]
            changed = {"headers": headers, "path": f"{self.prefix}{path}"}
            await app({**scope, **changed}, receive, self._answering(send))

        return wrapped

    def _answering(self, send: Any) -> Any:
        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != self.drop_answer]
                added = [self.add_answer] if self.add_answer else []
                message = {**message, "headers": [*kept, *added]}
            await send(message)

        return answer


POLICY = (b"content-security-policy", b"form-action 'self'")


@pytest.mark.parametrize(
    ("proxy", "failed", "detail", "advice"),
    [
        (Proxy(drop=b"authorization"), "tools/list", "has not arrived", "pass the header Auth"),
        (Proxy(drop_answer=b"www-authenticate"), "challenge", "401 without WWW", "WWW-Authent"),
        (Proxy(prefix="/onec"), "challenge", "status 404", "without a prefix added or cut"),
        (Proxy(host=b"upstream.local"), "challenge", "status 421", "proxy_set_header Host $host;"),
        (Proxy(drop_answer=b"set-cookie"), "key page", "without its cookie", "Set-Cookie"),
        (Proxy(drop=b"cookie"), "key", "status 400", "request_id"),
        (Proxy(add_answer=POLICY), "key page", "form-action", "browsers would stop after Allow"),
        (Proxy(blocks={"/oauth/register": 403}), "registration", "Blocked by policy", "reverse"),
        (Proxy(blocks={"/.well-known": 404}), "resource metadata", "status 404", "every path"),
        (Proxy(blocks={"/": 502}), "challenge", "status 502", "does not reach the gateway"),
        (Proxy(blocks={"/mcp": 302}), "challenge", "status 302", "https://login.example.org/"),
        (Proxy(blocks={"/oauth/token": 200}), "token", "no JSON object", "reverse proxy"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_fault_of_a_proxy_is_named_as_one(
    tmp_path: Path, proxy: Proxy, failed: str, detail: str, advice: str
) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port(), wrap=proxy) as oauth:
            is_well, steps = await check(oauth.issuer, OWNER_KEY)
            tokens = oauth.rows("tokens")
    assert not is_well
    assert (steps[-1].name, steps[-1].ok) == (failed, False)
    assert detail in steps[-1].detail
    assert advice in steps[-1].advice
    assert "x{}" not in steps[-1].detail
    # Where the gateway still answers, no token is left behind.
    assert tokens == []


async def _hang_up(stream: trio.SSLStream[trio.SocketStream]) -> None:
    with contextlib.suppress(trio.BrokenResourceError):
        await stream.do_handshake()


@pytest.mark.parametrize(
    ("valid_days", "name", "advice"),
    [
        ((-3, -1), "localhost", "renew the certificate"),
        ((1, 3), "localhost", "set this machine's clock"),
        ((-1, 1), "stranger", "SSL_CERT_FILE=/path/ca.pem"),
        ((-1, 1), "other.example.org", "must name the host of oauth.public_url"),
    ],
)
async def test_a_certificate_that_is_not_valid_is_reported(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    valid_days: tuple[int, int],
    name: str,
    advice: str,
) -> None:
    server, _ = make_contexts(tmp_path, name, valid_days=valid_days)
    if name != "stranger":
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / f"{name}.pem"))
    with trio.fail_after(TEST_SECONDS):
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_ssl_over_tcp, _hang_up, 0, server, host="127.0.0.1")
            (listener,) = await nursery.start(serve)
            port = listener.transport_listener.socket.getsockname()[1]
            is_well, steps = await check(f"https://localhost:{port}", OWNER_KEY)
            nursery.cancel_scope.cancel()
    assert (is_well, summary(steps)) == (False, [("challenge", False)])
    assert advice in steps[0].advice


async def test_plain_http_where_tls_is_expected_is_reported(tmp_path: Path) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, steps = await check(oauth.issuer.replace("http", "https"), OWNER_KEY)
    assert (is_well, summary(steps)) == (False, [("challenge", False)])
    assert "no TLS at that port" in steps[0].advice


async def test_a_name_without_an_address_is_reported() -> None:
    with trio.fail_after(TEST_SECONDS):
        _, steps = await check("https://no-such-name.invalid", OWNER_KEY)
    assert "DNS" in steps[0].advice


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, ""), (-400, "behind this one: synchronise both"), (400, "ahead of this one")],
)
def test_clocks_that_differ_are_reported(
    monkeypatch: pytest.MonkeyPatch, seconds: int, words: str
) -> None:
    issuer, steps = "https://mcp.example.org", list[CheckStep]()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds))
    challenge = f'Bearer resource_metadata="{issuer}/r", scope="mcp:resolve"'

    def ask(_method: str, url: str, **_options: object) -> HttpAnswer:
        headers = {"www-authenticate": challenge, "date": date}
        return HttpAnswer(status=401 if url.endswith("/mcp") else 404, headers=headers, body="")

    monkeypatch.setattr(oauth_check, "send_request", ask)
    check_oauth(issuer, OWNER_KEY, steps.append)
    assert steps[0].ok
    assert words in steps[0].detail
    assert ("clock" in steps[0].detail) is bool(words)


async def test_an_account_that_opens_only_what_is_confidential_can_be_checked(
    tmp_path: Path,
) -> None:
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            oauth.accounts.scopes[OWNER_KEY] = ("mcp:report:money",)
            is_well, steps = await check(oauth.issuer, OWNER_KEY)
    assert is_well, steps


async def test_a_gateway_that_does_not_run_is_reported(tmp_path: Path) -> None:
    with trio.fail_after(TEST_SECONDS):
        is_well, steps = await check(f"http://127.0.0.1:{find_port()}", OWNER_KEY)
    assert (is_well, summary(steps)) == (False, [("challenge", False)])
    assert "does the gateway run" in steps[0].advice


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "registration_endpoint is missing"),
        ({"registration_endpoint": "https://evil.example/register"}, "is not an address of"),
    ],
)
def test_the_key_goes_to_the_issuer_alone(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, str], words: str
) -> None:
    issuer, steps = "https://mcp.example.org", list[CheckStep]()
    challenge = {"www-authenticate": f'Bearer resource_metadata="{issuer}/r"'}
    answers = {
        f"{issuer}/tools": (401, challenge, {}),
        f"{issuer}/r": (
            200,
            {},
            {"resource": f"{issuer}/tools", "authorization_servers": [issuer]},
        ),
        f"{issuer}/.well-known/oauth-authorization-server": (
            200,
            {},
            {"issuer": issuer} | document,
        ),
    }

    def ask(_method: str, url: str, **_options: object) -> HttpAnswer:
        status, headers, body = answers[url]
        return HttpAnswer(status=status, headers=headers, body=json.dumps(body))

    monkeypatch.setattr(oauth_check, "send_request", ask)
    assert not check_oauth(issuer, "secret-key", steps.append, resource=f"{issuer}/tools")
    assert steps[-1].name == "server metadata"
    assert words in steps[-1].detail


async def test_a_login_is_ended_after_a_failure_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object) -> str:
        raise CheckFailed("no", "try again")

    monkeypatch.setattr(oauth_check._CheckingClient, "refresh", fail)  # noqa: SLF001 - a gateway that answers otherwise
    with trio.fail_after(TEST_SECONDS):
        async with serving(tmp_path, find_port()) as oauth:
            is_well, _ = await check(oauth.issuer, OWNER_KEY)
            tokens = oauth.rows("tokens")
    assert (is_well, tokens) == (False, [])
