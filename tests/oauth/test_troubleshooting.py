"""Each symptom of the page on troubleshooting is caused, and has the words of the page."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
import pytest
import trio
from mcp.client.auth import OAuthFlowError

from onecgw.errors import ConfigError
from onecgw.oauth.authenticator import STALE_SECONDS, VERIFY_SECONDS
from onecgw.oauth.secrets import open_secrets
from onecgw.oauth.storage.transactions import TRANSACTION_SECONDS
from onecgw.settings import RateLimitSettings, RedirectSettings
from onecgw.storage.audit_log import AuditLog
from tests.builders.oauth_rig import CALLBACK, OWNER_KEY, SALES_KEY, hidden, open_oauth
from tests.builders.settings_text import ENOUGH, problems
from tests.oauth.test_check_oauth import POLICY, Proxy, check
from tests.web.test_oauth_sdk import Person, Storage, find_port, make_provider, serving

PAGE: Final = Path(__file__).parents[2] / "docs" / "how-to" / "troubleshooting.md"
ROWS: Final = [
    line.split("|")[1].strip()
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| symptom")
]
# What the page writes in these ways is a text that a person reads; the rest are names.
QUOTED: Final = re.compile(r'"([^"]+)"|\*([^*]+)\*|`([^`]*[ _][^`]*)`')
TEST_SECONDS: Final = 60

Provoke = Callable[[Path], Awaitable[str]]


def said(answer: httpx.Response) -> str:
    """What can be read of an answer."""
    page = re.sub(r"(?s)<style.*?</style>|<[^>]*>", " ", answer.text)
    return f"{answer.status_code} {' '.join(page.split())}"


async def _no_address(folder: Path) -> str:
    on = {name: text for name, text in ENOUGH.items() if name != "ONECGW_OAUTH__ENABLED"}
    return "\n".join(problems(folder, "log: {level: info}", on))


async def _open_secrets(folder: Path) -> str:
    path = folder / "onecgw.secrets"
    open_secrets(path)
    path.chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        open_secrets(path)
    return str(caught.value)


async def _other_address(folder: Path) -> str:
    port = find_port()
    async with serving(folder, port):
        provider = make_provider(port, Storage(), Person())
        provider.context.server_url = f"http://localhost:{port}/mcp"
        flow = provider.async_auth_flow(
            httpx2.Request("POST", provider.context.server_url, json={})
        )
        with pytest.raises(OAuthFlowError) as caught:
            await _run_flow(flow)
    return str(caught.value)


async def _run_flow(flow: Any) -> None:
    async with httpx2.AsyncClient() as http:
        request = await anext(flow)
        while True:
            request = await flow.asend(await http.send(request))


async def _failing_check(folder: Path, *proxies: Proxy) -> str:
    seen = ""
    for number, proxy in enumerate(proxies):
        (folder / str(number)).mkdir()
        async with serving(folder / str(number), find_port(), wrap=proxy) as oauth:
            _, steps = await check(oauth.issuer, OWNER_KEY)
        seen += f"check --oauth: {steps[-1].name} {steps[-1].detail} {steps[-1].advice}\n"
    return seen


async def _proxy_drops_headers(folder: Path) -> str:
    dropped = Proxy(drop_answer=b"www-authenticate")
    return await _failing_check(folder, dropped, Proxy(blocks={"/.well-known": 404}))


async def _proxy_drops_authorization(folder: Path) -> str:
    return await _failing_check(folder, Proxy(drop=b"authorization"))


async def _proxy_adds_policy(folder: Path) -> str:
    return await _failing_check(folder, Proxy(add_answer=POLICY))


async def _foreign_host(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        return said(await oauth.http.get("/register", headers={"host": "upstream.local"}))


async def _foreign_origin(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        headers = {"origin": "https://notes.example.org"}
        return said(await oauth.http.post("/mcp", json={}, headers=headers))


async def _foreign_redirect(folder: Path) -> str:
    body = {"redirect_uris": ["https://new-client.example.org/callback"]}
    async with open_oauth(folder) as oauth:
        return said(await oauth.http.post("/register", json=body))


async def _other_secrets(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
    (folder / "onecgw.secrets").unlink()
    async with open_oauth(folder) as oauth:
        return said(await oauth.open_page(client_id))


async def _other_redirect(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        return said(await oauth.open_page(client_id, redirect_uri=f"{CALLBACK}/2"))


async def _wrong_key(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        return said(await oauth.open_consent(client_id, "not-a-key"))


async def _onec_down(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        oauth.accounts.is_down = True
        answer = await oauth.open_consent(client_id)
        assert "key.unavailable" in oauth.event_names
    return said(answer)


async def _other_scopes(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        return said(await oauth.open_consent(client_id, SALES_KEY, scope="mcp:report:stock"))


async def _many_keys(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        for _ in range(10):
            await oauth.open_consent(client_id, "not-a-key")
        key = said(await oauth.open_consent(client_id, "not-a-key"))
    async with open_oauth(folder, rate_limit=RateLimitSettings(pages_per_minute=1)) as oauth:
        await oauth.open_page(client_id)
        assert "Too many attempts" in said(await oauth.open_page(client_id))
    return key


async def _other_name(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        page = await oauth.open_page(client_id)
        form = {"request": hidden(page, "request"), "key": OWNER_KEY}
        return said(await oauth.post_form(form, origin="http://127.0.0.1:8088"))


async def _slow_person(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        consent = await oauth.open_consent((await oauth.register())["client_id"])
        oauth.clock.seconds += TRANSACTION_SECONDS
        form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
        return said(await oauth.post_form(form))


async def _no_database(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        client_id = (await oauth.register())["client_id"]
        oauth.store.close()
        return said(await oauth.open_page(client_id))


async def _unknown_address(folder: Path) -> str:
    uri = "https://stranger.example.org/callback"
    async with open_oauth(folder, redirects=RedirectSettings(open_https=True)) as oauth:
        client_id = (await oauth.register(redirect_uris=[uri]))["client_id"]
        answer = said(await oauth.open_page(client_id, redirect_uri=uri, scope='"'))
    assert "stranger.example.org" in answer
    return answer


async def _two_copies(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        login = await oauth.login()
        newer = (await oauth.refresh(login)).json()
        await oauth.rpc(newer["access_token"], "tools/list")
        oauth.clock.seconds += 61
        await oauth.refresh(login)
        assert "token.reuse" in oauth.event_names
        return said(await oauth.rpc(newer["access_token"], "tools/list"))


async def _not_ticked(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        login = await oauth.login(scopes=("mcp:resolve",))
        listed = said(await oauth.rpc(login.access, "tools/list"))
    assert "sales_report" not in listed
    return listed


async def _onec_long_down(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        login = await oauth.login()
        oauth.accounts.is_down = True
        oauth.clock.seconds += VERIFY_SECONDS + STALE_SECONDS
        answer = await oauth.rpc(login.access, "tools/list")
        assert "retry-after" in answer.headers
        assert (await oauth.refresh(login)).status_code == 200  # the login is still valid
    return f"{answer.status_code} with Retry-After"


async def _audit_not_written(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        trail = AuditLog(oauth.store, retention_days=90, on_failure="deny")
        oauth.rig.gateway._admit = trail.admit  # noqa: SLF001 - as the application connects them
        login = await oauth.login()
        (folder / "onecgw.db").rename(folder / "away.db")
        answer = await oauth.call_tool(login.access)
        assert answer.status_code == 200
        assert (await oauth.http.get("/readyz")).status_code == 503
    return said(answer)


async def _new_secrets(folder: Path) -> str:
    async with open_oauth(folder) as oauth:
        login = await oauth.login()
    (folder / "onecgw.secrets").unlink()
    async with open_oauth(folder) as oauth:
        answer = await oauth.rpc(login.access, "tools/list")
        assert answer.status_code == 401
        refused = await oauth.refresh(login)
    # Clients register and log in anew on this.
    assert refused.json()["error"] == "invalid_client"
    return said(answer)


PROVOKED: Final[dict[str, Provoke]] = {
    "The gateway does not start: `oauth.public_url": _no_address,
    "The gateway does not start: `others may": _open_secrets,
    "The client says it cannot find": _other_address,
    "The same, and `check --oauth` fails": _proxy_drops_headers,
    "The login goes well, then": _proxy_drops_authorization,
    "421": _foreign_host,
    "403": _foreign_origin,
    "Registration:": _foreign_redirect,
    '"This link does not work", *the client_id': _other_secrets,
    '"This link does not work", *the redirect_uri': _other_redirect,
    '"This key is not valid"': _wrong_key,
    '"The key cannot be checked': _onec_down,
    '"Your key does not open': _other_scopes,
    '"Too many attempts"': _many_keys,
    '"The form came': _other_name,
    '"The page was open': _slow_person,
    '"Not right now"': _no_database,
    '"No access was given"': _unknown_address,
    "The browser does nothing": _proxy_adds_policy,
    "The client asks to log in again": _two_copies,
    "A tool is missing": _not_ticked,
    "503 with Retry-After": _onec_long_down,
    "Every tool answers": _audit_not_written,
    "All people have to log in": _new_secrets,
}


def test_every_symptom_is_brought_about_here() -> None:
    found = [[start for start in PROVOKED if row.startswith(start)] for row in ROWS]
    assert [row for row, starts in zip(ROWS, found, strict=True) if len(starts) != 1] == []
    assert len(ROWS) == len(PROVOKED)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[:40])
@pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")
async def test_a_symptom_is_reported_in_the_words_of_the_page(tmp_path: Path, row: str) -> None:
    provoke = next(provoke for start, provoke in PROVOKED.items() if row.startswith(start))
    with trio.fail_after(TEST_SECONDS):
        seen = await provoke(tmp_path)
    phrases = ["".join(groups) for groups in QUOTED.findall(row)]
    if status := re.match(r"[0-9]{3}", row):
        phrases.append(status[0])
    for phrase in phrases:
        assert re.search(re.escape(phrase).replace("…", ".*"), seen), (phrase, seen)
