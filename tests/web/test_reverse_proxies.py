"""The reverse proxies as the guide and docs/deploy set them up: their own text, in the real
program, with TLS.
"""

import re
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import attrs
import httpx
import msgspec
import pytest
import trio
import yaml

from onecgw.mcp.validation import STATELESS_VERSION
from onecgw.settings import ServerSettings
from tests.builders.certificate import make_contexts
from tests.builders.mcp_engine import stateless
from tests.builders.oauth_rig import OWNER_KEY, OauthRig
from tests.builders.process import running
from tests.web.test_oauth_sdk import find_port, serving

PATH: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
PROGRAMS: Final = {
    "guide": shutil.which("nginx", path=PATH),
    "nginx": shutil.which("nginx", path=PATH),
    "caddy": shutil.which("caddy", path=PATH),
    "apache": shutil.which("apache2", path=PATH),
}
DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "how-to" / "oauth-admin.md"
DEPLOY: Final = DOCS / "deploy"
NAME: Final = "mcp.example.org"
ISSUER: Final = f"https://{NAME}"
PERSON: Final = "127.0.0.2"  # not the proxy, which is trusted
BODY_BYTES: Final = 1024 * 1024
TEST_SECONDS: Final = 60
pytestmark = pytest.mark.parametrize(
    "proxy",
    [
        pytest.param(
            name,
            marks=pytest.mark.skipif(
                program is None,
                reason=f"NO TEST OF {name}: apt-get install nginx-light caddy apache2-bin",
            ),
        )
        for name, program in PROGRAMS.items()
    ],
)

MAIN: Final = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{snippet}
}}
"""


def blocks(language: str) -> list[str]:
    """The snippets of the page."""
    page = PAGE.read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"(?ms)^```{language}\n(.*?)^```", page)
    return found


def put(text: str, written: str, real: str) -> str:
    """The snippet with one thing of this machine in it."""
    assert text.count(written) == 1, written
    return text.replace(written, real)


APACHE: Final = """\
ServerRoot {folder}
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog /dev/stderr
ServerName localhost
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
Listen 127.0.0.1:{port} https
{snippet}
"""
APACHE_MODULES: Final = "/usr/lib/apache2/modules"
CADDY: Final = """\
{{
    admin off
    auto_https disable_redirects
    storage file_system {folder}
}}
{snippet}
"""


def nginx_config(text: str, folder: Path, port: int, gateway_port: int) -> str:
    (listen,) = re.findall(r"listen 443 ssl(?: http2)?;", text)
    text = put(text, listen, listen.replace("443", f"127.0.0.1:{port}"))
    text = _with_certificate(text, folder)
    text = put(text, "http://127.0.0.1:8088", f"http://127.0.0.1:{gateway_port}")
    return MAIN.format(folder=folder, snippet=text)


def apache_config(text: str, folder: Path, port: int, gateway_port: int) -> str:
    text = put(text, "*:443", f"127.0.0.1:{port}")
    text = _with_certificate(text, folder)
    text = put(text, "http://127.0.0.1:8088/", f"http://127.0.0.1:{gateway_port}/")
    return APACHE.format(folder=folder, port=port, snippet=text, modules=APACHE_MODULES)


def caddy_config(text: str, folder: Path, port: int, gateway_port: int) -> str:
    pem = folder / f"{NAME}.pem"
    tls = f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {pem} {pem}"
    text = put(text, f"{NAME} {{", tls)
    text = put(text, "{$ONECGW:127.0.0.1:8088}", f"127.0.0.1:{gateway_port}")
    return CADDY.format(folder=folder, snippet=text)


def _with_certificate(text: str, folder: Path) -> str:
    text = put(text, f"/etc/ssl/{NAME}.pem", str(folder / f"{NAME}.pem"))
    return put(text, f"/etc/ssl/{NAME}.key", str(folder / f"{NAME}.pem"))


@contextmanager
def proxy_before(name: str, folder: Path, gateway_port: int) -> Iterator[int]:
    """A proxy before a gateway; yields its port.

    Args:
        name: the `guide` for the snippet of its page, else a file of docs/deploy.
        folder: for everything that it writes.
        gateway_port: on loopback.
    """
    program, port, config = PROGRAMS[name], find_port(), folder / "proxy.conf"
    assert program is not None
    if name == "apache":
        text = (DEPLOY / "apache.conf").read_text(encoding="utf-8")
        config.write_text(apache_config(text, folder, port, gateway_port), encoding="utf-8")
        command = [program, "-X", "-f", str(config)]
    elif name == "caddy":
        text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
        config.write_text(caddy_config(text, folder, port, gateway_port), encoding="utf-8")
        # It keeps a copy of its configuration there.
        command = [
            "env",
            f"XDG_CONFIG_HOME={folder}",
            program,
            "run",
            "--adapter",
            "caddyfile",
            "--config",
            str(config),
        ]
    else:
        page = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        text = blocks("nginx")[0] if name == "guide" else page
        config.write_text(nginx_config(text, folder, port, gateway_port), encoding="utf-8")
        command = [program, "-p", str(folder), "-c", str(config), "-e", "stderr"]
    log = folder / "proxy.log"
    with running(command, log) as process:
        until = time.monotonic() + TEST_SECONDS
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)  # another process gives no event to wait for
        yield port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Through(httpx.AsyncBaseTransport):
    """Leads the public name to a port of loopback, as DNS would."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        self._port = port
        self._http = httpx.AsyncHTTPTransport(verify=trust, local_address=PERSON, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        led = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": NAME},
        )
        return await self._http.handle_async_request(led)

    async def aclose(self) -> None:
        await self._http.aclose()


@attrs.frozen(kw_only=True)
class Proxied:
    """A gateway, and the proxy that the client of `oauth` reaches it through."""

    oauth: OauthRig
    port: int
    trust: ssl.SSLContext


@asynccontextmanager
async def behind(proxy: str, folder: Path) -> AsyncIterator[Proxied]:
    """A gateway whose every request goes through the proxy."""
    (written,) = [block for block in blocks("yaml") if "trusted_proxies" in block]
    port = find_port()
    server = ServerSettings(**yaml.safe_load(written)["server"], port=port)
    _, trust = make_contexts(folder, NAME)
    with trio.fail_after(TEST_SECONDS), proxy_before(proxy, folder, port) as public_port:
        async with (
            serving(folder, port, public_url=ISSUER, server=server) as oauth,
            httpx.AsyncClient(
                transport=Through(public_port, trust), base_url=ISSUER, timeout=TEST_SECONDS
            ) as http,
        ):
            yield Proxied(oauth=attrs.evolve(oauth, http=http), port=public_port, trust=trust)


async def test_a_client_logs_in_through_the_proxy_of_the_guide(tmp_path: Path, proxy: str) -> None:
    async with behind(proxy, tmp_path) as proxied:
        oauth = proxied.oauth
        challenge = (await oauth.rpc(None, "tools/list")).headers["www-authenticate"]
        metadata_url = re.search(r'resource_metadata="([^"]+)"', challenge)
        assert metadata_url is not None
        resource = (await oauth.http.get(metadata_url[1])).json()
        server = (await oauth.http.get("/.well-known/oauth-authorization-server")).json()
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id, resource=resource["resource"])
        redirect = await oauth.fetch_code(client_id, resource=resource["resource"])
        redeemed = await oauth.redeem(client_id, redirect["code"], resource=resource["resource"])
        listed = await oauth.rpc(redeemed.json()["access_token"], "tools/list")
        called = await oauth.call_tool(redeemed.json()["access_token"])

    assert resource["authorization_servers"] == [ISSUER] == [server["issuer"]]
    assert page.headers["set-cookie"].startswith("__Host-ocg_login=")
    assert "form-action" not in page.headers["content-security-policy"]
    assert redirect["iss"] == ISSUER
    assert len(listed.json()["result"]["tools"]) > 5
    assert called.json()["result"]["structuredContent"]["rows"] == [["2026-05-01"]]
    # The person's address, not the proxy's.
    assert {event.ip for event in oauth.events} == {PERSON}


async def test_an_event_passes_the_proxy_while_its_stream_is_open(
    tmp_path: Path, proxy: str
) -> None:
    async with behind(proxy, tmp_path) as proxied:
        token = await _log_in(proxied.oauth)
        body = msgspec.json.encode(
            stateless("subscriptions/listen", notifications={"toolsListChanged": True})
        )
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {token}\r\n"
            f"MCP-Protocol-Version: {STATELESS_VERSION}\r\nMcp-Method: subscriptions/listen\r\n"
            "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        raw = await trio.open_tcp_stream("127.0.0.1", proxied.port)
        async with trio.SSLStream(raw, proxied.trust, server_hostname=NAME) as stream:
            await stream.send_all(head.encode() + body)
            said = b""
            while b"data: " not in said:
                said += await stream.receive_some()  # the stream goes on: this is no end of it
    assert b"content-type: text/event-stream" in said.lower()
    assert b"notifications/subscriptions/acknowledged" in said


async def test_bodies_pass_the_proxy_up_to_the_gateways_own_limit(
    tmp_path: Path, proxy: str
) -> None:
    async with behind(proxy, tmp_path) as proxied:
        oauth = proxied.oauth
        token = await _log_in(oauth)
        message = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        answers = [
            await oauth.http.post("/mcp", content=message.ljust(size), headers=headers)
            for size in (BODY_BYTES, BODY_BYTES + 1)
        ]
    assert [answer.status_code for answer in answers] == [200, 413]


async def test_a_spoofed_address_host_or_origin_gains_nothing_behind_the_proxy(
    tmp_path: Path, proxy: str
) -> None:
    spoofed = {"x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example"}
    async with behind(proxy, tmp_path) as proxied:
        oauth = proxied.oauth
        document = await oauth.http.get("/.well-known/oauth-authorization-server", headers=spoofed)
        await oauth.http.post("/register", json={"redirect_uris": []}, headers=spoofed)
        host = await oauth.http.get(
            "/.well-known/oauth-authorization-server", headers={"host": "evil.example"}
        )
        origin = await oauth.http.post(
            "/oauth/authorize", data={"key": OWNER_KEY}, headers={"origin": "https://evil.example"}
        )
        own = await oauth.http.post(
            "/oauth/authorize", data={"key": OWNER_KEY}, headers={"origin": ISSUER}
        )
    assert document.json()["issuer"] == ISSUER
    assert "evil" not in document.text
    assert {event.ip for event in oauth.events} == {PERSON}
    # Caddy itself answers for hosts that are no site of it, with nothing.
    assert (
        (host.status_code, host.content) == (200, b"")
        if proxy == "caddy"
        else (host.status_code == 421)
    )
    assert origin.status_code == 403
    assert own.status_code == 400  # it is let in, and has nothing to go on with


async def _log_in(oauth: OauthRig) -> str:
    client_id = (await oauth.register())["client_id"]
    resource = oauth.resource
    code = (await oauth.fetch_code(client_id, resource=resource))["code"]
    answer = await oauth.redeem(client_id, code, resource=resource)
    token: str = answer.json()["access_token"]
    return token


async def test_the_metrics_do_not_pass_the_proxy_of_docs_deploy(tmp_path: Path, proxy: str) -> None:
    async with behind(proxy, tmp_path) as proxied:
        response = await proxied.oauth.http.get("/metrics")

    # The guide's shorter snippet leaves it to the gateway, which has none in this test.
    assert response.status_code in {403, 404}
