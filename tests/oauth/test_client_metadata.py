"""Documents of clients: which URLs are fetched, from where, and what is believed of them."""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from onecgw.oauth.client_metadata import ClientMetadataDocuments, check_url
from onecgw.oauth.redirect_policy import RedirectPolicy
from onecgw.oauth.safe_fetch import (
    Address,
    DocumentFetcher,
    FetchedDocument,
    FetchFailed,
    is_public,
    resolve_name,
)
from tests.builders.certificate import make_contexts
from tests.builders.oauth_rig import CALLBACK, open_oauth

URL = "https://app.example.org/client.json"
POLICY = RedirectPolicy(allowed=frozenset(), open_https=False)
GOOD = {"client_id": URL, "client_name": "App", "redirect_uris": [CALLBACK]}
TEST_SECONDS = 20


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://a.b/c",
        "https://xn--80ak6aa92e.example/oauth/client.json",
        "https://app.example.org/a/b%20c/",
    ],
)
def test_urls_of_documents(url: str) -> None:
    host, _, path = url.removeprefix("https://").partition("/")
    assert check_url(url) == (host, f"/{path}")


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.org/client.json",
        "https://app.example.org",
        "https://app.example.org/",
        "https://app.example.org:443/client.json",
        "https://app.example.org:8443/client.json",
        "https://user@app.example.org/client.json",
        "https://app.example.org/client.json?x=1",
        "https://app.example.org/client.json#x",
        "https://app.example.org/client.json#",
        "https://app.example.org/a/../client.json",
        "https://app.example.org/a/%2e%2E/client.json",
        "https://app.example.org/./client.json",
        "https://app.example.org//client.json",
        "https://APP.example.org/client.json",
        "https://localhost/client.json",
        "https://127.0.0.1/client.json",
        "https://2130706433/client.json",
        "https://0x7f.1/client.json",
        "https://[::1]/client.json",
        "https://app.example.org./client.json",
        "https://app_.example.org/client.json",
        "https://app.example.org/client.json\n",
        "https://app.example.org\\@evil.example/client.json",
        "https://app.example.org/" + "x" * 512,
        "HTTPS://app.example.org/client.json",
    ],
)
def test_urls_that_are_not_fetched(url: str) -> None:
    assert check_url(url) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that must be refused
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378::1", False),
        ("2001:db8::1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("192.88.99.1", False),
    ],
)
def test_only_public_addresses_are_reached(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected


async def _at(addresses: list[str], host: str) -> list[Address]:
    assert host == "app.example.org"
    return [ipaddress.ip_address(address) for address in addresses]


@asynccontextmanager
async def website(
    tmp_path: Path, answer: bytes, *, names: str = "app.example.org"
) -> AsyncIterator[tuple[DocumentFetcher, list[bytes]]]:
    """A TLS server on loopback that gives everybody one answer; a fetcher that may go there."""
    server_context, client_context = make_contexts(tmp_path, names)
    received: list[bytes] = []

    def hear_name(_tls: object, name: str | None, _context: object) -> None:
        received.append(f"for {name}".encode())

    server_context.sni_callback = hear_name

    async def serve(stream: trio.SocketStream) -> None:
        tls = trio.SSLStream(stream, server_context, server_side=True, https_compatible=True)
        try:
            async with tls:
                received.append(bytes(await tls.receive_some()))
                await tls.send_all(answer)
        except (trio.BrokenResourceError, ssl.SSLError):
            received.append(b"broken")

    with trio.fail_after(TEST_SECONDS):
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
            fetcher = DocumentFetcher(
                resolve=partial(_at, ["127.0.0.1"]),
                allows=lambda _: True,
                context=client_context,
                port=listeners[0].socket.getsockname()[1],
            )
            yield fetcher, received
            nursery.cancel_scope.cancel()


def http_answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_document_is_fetched_from_the_address_that_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")  # a closed port, which must not be used
    async with website(
        tmp_path, http_answer(b"{}", headers="Cache-Control: public, max-age=900\r\n")
    ) as (fetcher, received):
        fetched = await fetcher.fetch("app.example.org", "/client.json")
    assert fetched == FetchedDocument(body=b"{}", max_age_seconds=900)
    assert received[0] == b"for app.example.org"
    assert received[1].startswith(b"GET /client.json HTTP/1.1\r\n")
    assert b"Host: app.example.org\r\n" in received[1]


async def test_a_document_that_does_not_come_is_waited_for_five_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def resolve(_host: str) -> list[Address]:
        await trio.sleep(3600)
        return []

    began = trio.current_time()
    with pytest.raises(FetchFailed, match="did not answer within 5 s"):
        await DocumentFetcher(resolve=resolve).fetch("app.example.org", "/client.json")
    assert autojump_clock.current_time() - began == 5


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http_answer(b"{}", status="302 Found", headers="Location: /x\r\n"), "status is 302"),
        (http_answer(b"{}", status="404 Not Found"), "status is 404"),
        (http_answer(b"x" * 6000), "larger than"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", "not JSON"),
        (http_answer(b"{}")[:-1], ""),
        (b"SSH-2.0-OpenSSH\r\n", ""),
        (b"", ""),
    ],
)
async def test_what_is_no_small_json_document_is_not_taken(
    tmp_path: Path, answer: bytes, reason: str
) -> None:
    async with website(tmp_path, answer) as (fetcher, _):
        with pytest.raises(FetchFailed, match=reason or None):
            await fetcher.fetch("app.example.org", "/client.json")


async def test_the_certificate_must_be_for_the_name(tmp_path: Path) -> None:
    async with website(tmp_path, http_answer(b"{}"), names="other.example.org") as (
        fetcher,
        received,
    ):
        with pytest.raises(FetchFailed, match="certificate"):
            await fetcher.fetch("app.example.org", "/client.json")
    assert received[1:] in ([b"broken"], [])


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], []])
async def test_one_address_that_is_not_public_is_enough_to_refuse(addresses: list[str]) -> None:
    with pytest.raises(FetchFailed, match="not public"):
        await DocumentFetcher(resolve=partial(_at, addresses)).fetch("app.example.org", "/c")


async def test_a_name_without_an_address_is_not_fetched() -> None:
    with trio.fail_after(TEST_SECONDS), pytest.raises(FetchFailed):
        await resolve_name("no-such-name.invalid")


async def test_names_that_are_looked_up_for_ever_take_no_thread_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look-up that hangs keeps its thread beyond its deadline; 1C's address needs another one."""
    release, hanging = threading.Event(), threading.Semaphore(0)

    def hang(*_: object, **__: object) -> list[Any]:
        hanging.release()
        release.wait(TEST_SECONDS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    others = trio.to_thread.current_default_thread_limiter()
    try:
        with trio.fail_after(TEST_SECONDS):
            async with trio.open_nursery() as nursery:
                for _ in range(int(others.total_tokens)):
                    nursery.start_soon(resolve_name, "hangs.example.org")
                await trio.to_thread.run_sync(hanging.acquire)
                nursery.cancel_scope.cancel()
            assert others.borrowed_tokens == 0
            assert await trio.to_thread.run_sync(lambda: "served") == "served"
    finally:
        release.set()


class Pages(DocumentFetcher):
    """A fetcher that has the documents at hand."""

    body: bytes = json.dumps(GOOD).encode()
    max_age: int | None = None
    count: int = 0

    async def fetch(self, host: str, target: str) -> FetchedDocument:  # noqa: ARG002 - like the real one
        type(self).count += 1
        return FetchedDocument(body=type(self).body, max_age_seconds=type(self).max_age)


def make_pages(body: object = GOOD, max_age: int | None = None) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return type("Pages", (Pages,), {"body": text, "max_age": max_age, "count": 0})()


def make_documents(
    fetcher: Any, *, now: Callable[[], float] = lambda: 0.0, **options: Any
) -> ClientMetadataDocuments:
    values: dict[str, Any] = {"mode": "open", "hosts": frozenset(), "policy": POLICY}
    return ClientMetadataDocuments(**(values | options), fetcher=fetcher, now=now)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 5000,
        GOOD | {"client_id": "https://app.example.org/other.json"},
        GOOD | {"client_id": f"{URL}/"},
        {"redirect_uris": [CALLBACK]},
        {"client_id": URL},
        GOOD | {"redirect_uris": []},
        GOOD | {"redirect_uris": ["https://foreign.example.org/cb"]},
        GOOD | {"redirect_uris": [CALLBACK, "javascript:alert(1)"]},
        GOOD | {"redirect_uris": [CALLBACK, "https://приклад.укр/cb"]},
        GOOD | {"redirect_uris": CALLBACK},
        GOOD | {"token_endpoint_auth_method": "client_secret_post"},
        GOOD | {"client_name": {"en": "x"}},
    ],
    ids=lambda document: str(document)[:50],
)
async def test_a_hostile_document_describes_no_client(document: object) -> None:
    assert await make_documents(make_pages(document)).find(URL) is None


@pytest.mark.parametrize(
    ("max_age", "kept_seconds"), [(None, 3600), (0, 300), (900, 900), (10**9, 86_400)]
)
async def test_a_document_is_kept_for_a_while(max_age: int | None, kept_seconds: int) -> None:
    moment = [1000.0]
    pages = make_pages(max_age=max_age)
    documents = make_documents(pages, now=lambda: moment[0])
    first = await documents.find(URL)
    moment[0] += kept_seconds - 1
    await documents.find(URL)
    assert type(pages).count == 1
    moment[0] += 1
    again = await documents.find(URL)
    assert type(pages).count == 2
    assert first == again
    assert first is not None
    assert first.name == "App (app.example.org)"


async def test_modes_decide_who_is_let_in() -> None:
    assert await make_documents(make_pages(), mode="off").find(URL) is None
    assert await make_documents(make_pages(), mode="auto").find(URL) is None
    listed = frozenset({"app.example.org"})
    assert await make_documents(make_pages(), mode="allowlist").find(URL) is None
    assert await make_documents(make_pages(), mode="allowlist", hosts=listed).find(URL) is not None


async def test_auto_is_on_only_when_a_test_has_shown_that_documents_come() -> None:
    offline = make_documents(DocumentFetcher(resolve=partial(_at_nowhere)), mode="auto")
    await offline.test()
    test_url = "https://vscode.dev/oauth/client-metadata.json"
    online = make_documents(make_pages(GOOD | {"client_id": test_url}), mode="auto")
    await online.test()
    assert (offline.is_live, online.is_live) == (False, True)


async def test_that_documents_cannot_be_fetched_is_logged_once_until_they_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    url = "https://vscode.dev/oauth/client-metadata.json"
    pages = make_pages(b"")
    documents = make_documents(pages, mode="auto")
    for body in (b"", b"", json.dumps(GOOD | {"client_id": url}).encode(), b"", b""):
        type(pages).body = body
        await documents.test()

    assert [record.getMessage() for record in caplog.records] == ["oauth.cimd_off"] * 2


async def _at_nowhere(_host: str) -> list[Address]:
    raise FetchFailed("offline")


async def test_a_client_with_a_document_logs_in(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, cimd="open", fetcher=make_pages()) as oauth:
        metadata = (await oauth.http.get("/.well-known/oauth-authorization-server")).json()
        redirect = await oauth.fetch_code(URL)
        answer = await oauth.redeem(URL, redirect["code"])
    assert metadata["client_id_metadata_document_supported"] is True
    assert answer.status_code == 200


async def test_the_metadata_is_silent_where_documents_are_off(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, cimd="off") as oauth:
        metadata = (await oauth.http.get("/.well-known/oauth-authorization-server")).json()
    assert "client_id_metadata_document_supported" not in metadata
    assert None not in metadata.values()


async def test_a_login_goes_on_while_its_document_cannot_be_fetched(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, cimd="open", fetcher=make_pages()) as oauth:
        redirect = await oauth.fetch_code(URL)
        tokens = (await oauth.redeem(URL, redirect["code"])).json()
    offline = DocumentFetcher(resolve=partial(_at_nowhere))
    form: dict[str, str | None] = {
        "grant_type": "refresh_token",
        "client_id": URL,
        "refresh_token": tokens["refresh_token"],
    }
    async with open_oauth(tmp_path, cimd="off", fetcher=offline) as oauth:
        off = await oauth.post_token(form)
    async with open_oauth(tmp_path, cimd="auto", fetcher=offline) as oauth:
        page = await oauth.open_page(URL)
        refreshed = await oauth.post_token(form)
    assert (off.status_code, page.status_code, refreshed.status_code) == (401, 400, 200)


async def test_a_code_is_redeemed_although_its_document_has_gone(tmp_path: Path) -> None:
    async with open_oauth(tmp_path, cimd="open", fetcher=make_pages()) as oauth:
        redirect = await oauth.fetch_code(URL)
    offline = DocumentFetcher(resolve=partial(_at_nowhere))
    async with open_oauth(tmp_path, cimd="open", fetcher=offline) as oauth:
        answer = await oauth.redeem(URL, redirect["code"])
        page = await oauth.open_page(URL)
    assert (answer.status_code, page.status_code) == (200, 400)


async def test_the_self_test_is_repeated(autojump_clock: trio.testing.MockClock) -> None:
    assert autojump_clock is not None
    url = "https://vscode.dev/oauth/client-metadata.json"
    pages = make_pages(b"")
    documents = make_documents(pages, mode="auto")
    with trio.move_on_after(300):
        await documents.keep_testing()
    before = documents.is_live
    type(pages).body = json.dumps(GOOD | {"client_id": url}).encode()
    with trio.move_on_after(1300):
        await documents.keep_testing()
    assert (before, documents.is_live, type(pages).count) == (False, True, 4)


async def test_a_document_is_fetched_once_at_a_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    assert autojump_clock is not None
    pages = make_pages()
    documents = make_documents(pages)

    async def fetch(host: str, target: str) -> FetchedDocument:
        await trio.sleep(1)
        return await Pages.fetch(pages, host, target)

    object.__setattr__(pages, "fetch", fetch)
    found = []

    async def find() -> None:
        found.append(await documents.find(URL))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(find)
    assert [client is not None for client in found] == [True] * 5
    assert type(pages).count == 1
