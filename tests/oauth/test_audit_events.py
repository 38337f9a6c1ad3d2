"""Every event of a login, with everything that the audit is to say of it."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import httpx
import msgspec

import onecgw
from onecgw.auth.caller import ALL_SCOPES, RESOLVE, SALES
from onecgw.oauth.authenticator import STALE_SECONDS, VERIFY_SECONDS
from onecgw.oauth.token_grants import GRACE_SECONDS
from onecgw.settings import RateLimitSettings
from onecgw.storage.audit_log import AuditEvent, AuditRecord
from onecgw.storage.audit_query import AuditQuery, read_audit
from tests.builders.oauth_rig import (
    CALLBACK,
    OWNER_KEY,
    Login,
    OauthRig,
    hidden,
    open_oauth,
    redirect_of,
)

PACKAGE = Path(onecgw.__file__).parent
GUIDE = PACKAGE.parent / "docs" / "how-to" / "oauth-admin.md"
IP = "127.0.0.1"
CLIENT = "Test client"
METADATA = msgspec.json.encode({"redirect_uris": [CALLBACK], "client_name": CLIENT})
ALL = " ".join(ALL_SCOPES)


@attrs.define
class Journal:
    """What each request of a test has left in the audit."""

    oauth: OauthRig
    seen: int = 0
    expected: list[dict[str, str]] = attrs.field(factory=list)

    def expect(self, response: httpx.Response, *rows: tuple[str, dict[str, str]]) -> httpx.Response:
        """A request has left exactly these events, with its id and its address."""
        common = {"request_id": response.headers["x-request-id"], "ip": IP}
        expected = [
            {"event": event, "sub": "", "client": "", "grant": "", "detail": ""} | facts | common
            for event, facts in rows
        ]
        new = self.oauth.events[self.seen :]
        self.seen = len(self.oauth.events)
        assert [without_ts(event) for event in new] == expected
        self.expected += expected
        return response


def without_ts(event: AuditEvent) -> dict[str, Any]:
    facts = attrs.asdict(event)
    assert facts.pop("ts").utcoffset().total_seconds() == 0
    return facts


def facts(grant: str = "", sub: str = "owner", **more: str) -> dict[str, str]:
    return {"sub": sub, "client": CLIENT, "grant": grant} | more


async def log_in(oauth: OauthRig, journal: Journal, *scopes: str) -> tuple[Login, str]:
    """A whole login, and the id of its grant."""
    client_id = (await oauth.register())["client_id"]
    journal.seen = len(oauth.events)
    page = journal.expect(
        await oauth.open_page(client_id),
        ("authorize.shown", {"client": CLIENT, "detail": ALL}),
    )
    form = {"request": hidden(page, "request"), "key": OWNER_KEY}
    consent = journal.expect(await oauth.post_form(form), ("key.ok", facts()))
    form = {"transaction": hidden(consent, "transaction"), "answer": "allow"}
    answer = await oauth.post_form(form | {"scope": list(scopes)})
    grant = oauth.events[-1].grant
    assert grant in {row["id"] for row in oauth.rows("grants")}
    journal.expect(
        answer,
        ("consent.allowed", facts(grant, detail=" ".join(scopes))),
        ("code.issued", facts(grant)),
    )
    redirect = redirect_of(answer)
    tokens = journal.expect(
        await oauth.redeem(client_id, redirect["code"]),
        ("code.redeemed", facts(grant)),
        ("token.issued", facts(grant, detail=" ".join(scopes))),
    )
    return Login(client_id=client_id, tokens=tokens.json(), redirect=redirect), grant


async def refuse(oauth: OauthRig, journal: Journal) -> None:
    """Everything that is refused before there is a login."""
    registered = await oauth.http.post(
        "/oauth/register",
        json={"redirect_uris": ["http://127.0.0.1:3000/callback"], "client_name": CLIENT},
    )
    client_id = journal.expect(registered, ("client.registered", {"client": CLIENT})).json()[
        "client_id"
    ]
    detail = "invalid_redirect_uri: 1 to 10 are expected"
    journal.expect(
        await oauth.http.post("/oauth/register", json={"redirect_uris": []}),
        ("client.rejected", {"detail": detail}),
    )
    detail = "invalid_client_metadata: send Content-Type: application/json"
    journal.expect(
        await oauth.http.post("/oauth/register", content=b"{}"),
        ("client.rejected", {"detail": detail}),
    )
    detail = "invalid_request: the client_id is not known here"
    journal.expect(await oauth.open_page("unknown"), ("authorize.rejected", {"detail": detail}))
    detail = "invalid_request: client_id is included more than once"
    journal.expect(
        await oauth.http.get("/oauth/authorize?client_id=a&client_id=b"),
        ("authorize.rejected", {"detail": detail}),
    )
    detail = "invalid_request: the parameters are not readable"
    journal.expect(
        await oauth.http.get("/oauth/authorize?client_id=%ff"),
        ("authorize.rejected", {"detail": detail}),
    )
    detail = "invalid_request: the redirect_uri does not belong to this client"
    journal.expect(
        await oauth.open_page(client_id, redirect_uri="http://127.0.0.1:3000/other"),
        ("authorize.rejected", {"client": CLIENT, "detail": detail}),
    )
    detail = "unsupported_response_type: response_type code is expected"
    journal.expect(
        await oauth.open_page(client_id, response_type="token"),
        ("authorize.rejected", {"client": CLIENT, "detail": detail}),
    )
    page = journal.expect(
        await oauth.open_page(client_id),
        ("authorize.shown", {"client": CLIENT, "detail": ALL}),
    )
    form = {"request": hidden(page, "request")}
    for key in ("a-wrong-key", "x" * 600):
        journal.expect(
            await oauth.post_form(form | {"key": key}), ("key.failed", {"client": CLIENT})
        )
    oauth.accounts.is_down = True
    journal.expect(
        await oauth.post_form(form | {"key": OWNER_KEY}),
        ("key.unavailable", {"client": CLIENT, "detail": "onec_unavailable"}),
    )
    oauth.accounts.is_down = False
    consent = journal.expect(await oauth.post_form(form | {"key": OWNER_KEY}), ("key.ok", facts()))
    form = {"transaction": hidden(consent, "transaction"), "answer": "deny"}
    journal.expect(await oauth.post_form(form), ("consent.denied", facts()))


async def refuse_tokens(oauth: OauthRig, journal: Journal, client_id: str) -> None:
    """Requests for tokens that are refused."""
    journal.expect(
        await oauth.http.post("/oauth/token", json={}),
        (
            "token.rejected",
            {"detail": "invalid_request: send Content-Type: application/x-www-form-urlencoded"},
        ),
    )
    unknown = "invalid_client: the client is not known here; register again"
    journal.expect(
        await oauth.post_token({"client_id": "unknown"}), ("token.rejected", {"detail": unknown})
    )
    journal.expect(
        await oauth.http.post("/oauth/revoke", data={"client_id": "unknown", "token": "x"}),
        ("token.rejected", {"detail": unknown}),
    )
    detail = "invalid_request: token is missing"
    journal.expect(
        await oauth.http.post("/oauth/revoke", data={"client_id": client_id}),
        ("token.rejected", {"client": CLIENT, "detail": detail}),
    )
    detail = "invalid_grant: the code is not valid for this client"
    journal.expect(
        await oauth.redeem(client_id, "ocg_ac_unknown"),
        ("token.rejected", {"client": CLIENT, "detail": detail}),
    )
    journal.expect(
        await oauth.rpc("ocg_at_unknown", "tools/list"),
        ("token.rejected", {"detail": "the access token is not valid"}),
    )


async def use(oauth: OauthRig, journal: Journal) -> None:
    """A login that is used, refreshed, and stolen."""
    login, grant = await log_in(oauth, journal, RESOLVE, SALES)
    await refuse_tokens(oauth, journal, login.client_id)
    journal.expect(await oauth.call_tool(login.access))
    journal.expect(
        await oauth.call_tool(login.access, "cash_balance"),
        ("scope.denied", facts(grant, detail="mcp:report:money")),
    )
    issued = ("token.issued", facts(grant, detail=f"{RESOLVE} {SALES}"))
    answer = journal.expect(
        await oauth.refresh(login), ("token.refreshed", facts(grant)), issued
    ).json()
    journal.expect(await oauth.refresh(login), ("token.grace", facts(grant)), issued)
    other_client = (await oauth.register(client_name="Stranger"))["client_id"]
    journal.seen = len(oauth.events)
    detail = "invalid_grant: the refresh token is not valid for this client"
    journal.expect(
        await oauth.refresh(login, answer["refresh_token"], client_id=other_client),
        ("token.rejected", facts(grant, client="Stranger", detail=detail)),
    )
    detail = "invalid_scope: the scope exceeds what was granted"
    journal.expect(
        await oauth.refresh(login, answer["refresh_token"], scope=ALL),
        ("token.rejected", facts(grant, detail=detail)),
    )
    journal.expect(
        await oauth.http.post(
            "/oauth/revoke", data={"client_id": login.client_id, "token": login.access}
        ),
        ("token.revoked", facts(grant, detail="by the client")),
    )
    journal.expect(await oauth.rpc(answer["access_token"], "tools/list"))
    oauth.clock.seconds += GRACE_SECONDS + 1
    why = "a refresh token was used again"
    detail = "invalid_grant: the refresh token was used before; the login is revoked"
    journal.expect(
        await oauth.refresh(login),
        ("token.reuse", facts(grant)),
        ("grant.revoked", facts(grant, detail=why)),
        ("token.rejected", facts(grant, detail=detail)),
    )


async def replay(oauth: OauthRig, journal: Journal) -> None:
    """A code that is used again, and once more by another client."""
    login, grant = await log_in(oauth, journal, RESOLVE)
    journal.expect(
        await oauth.redeem(login.client_id, login.redirect["code"]),
        ("code.replayed", facts(grant)),
        ("grant.revoked", facts(grant, detail="the code was used twice")),
        ("token.rejected", facts(grant, detail="invalid_grant: the code was used before")),
    )
    detail = "invalid_grant: the code is not valid for this client"
    journal.expect(
        await oauth.redeem(login.client_id, login.redirect["code"]),
        ("token.rejected", facts(grant, detail=detail)),
    )


async def change_account(oauth: OauthRig, journal: Journal) -> None:
    """The account behind a login is checked again, cannot be, and is closed."""
    login, grant = await log_in(oauth, journal, RESOLVE)
    oauth.clock.seconds += VERIFY_SECONDS
    journal.expect(await oauth.rpc(login.access, "tools/list"), ("key.reverified", facts(grant)))
    oauth.clock.seconds += VERIFY_SECONDS + STALE_SECONDS
    oauth.accounts.is_down = True
    journal.expect(
        await oauth.rpc(login.access, "tools/list"),
        ("key.unavailable", facts(grant, detail="onec_unavailable")),
    )
    oauth.accounts.is_down = False
    oauth.clock.seconds += VERIFY_SECONDS
    another, other = await log_in(oauth, journal, RESOLVE)
    del oauth.accounts.scopes[OWNER_KEY]
    oauth.clock.seconds += VERIFY_SECONDS
    over = "the login is over"
    why = "the key is not valid any more"
    journal.expect(
        await oauth.rpc(another.access, "tools/list"),
        ("key.revoked", facts(other)),
        ("grant.revoked", facts(other, detail=why)),
        ("token.rejected", facts(other, detail=over)),
    )


async def flood(oauth: OauthRig, journal: Journal) -> None:
    """More registrations and keys than are allowed; it is recorded once."""
    client_id = str(oauth.server.clients.register(METADATA, now=oauth.now())["client_id"])
    for _ in range(20):
        response = await oauth.http.post("/oauth/register", content=b"{}")
        if response.status_code == 429:
            break
        journal.seen = len(oauth.events)
    journal.expect(response, ("ratelimit.hit", {"detail": "/oauth/register"}))
    page = await oauth.open_page(client_id)
    form = {"request": hidden(page, "request"), "key": "a-wrong-key"}
    for _ in range(20):
        journal.seen = len(oauth.events)
        response = await oauth.post_form(form)
        if response.status_code == 429:
            break
    limited = {"client": CLIENT, "detail": "/oauth/authorize"}
    journal.expect(response, ("ratelimit.hit", limited))


async def test_every_event_says_who_what_where_and_in_which_request(tmp_path: Path) -> None:
    limits = RateLimitSettings(register_per_minute=12)
    async with open_oauth(tmp_path, rate_limit=limits) as oauth:
        journal = Journal(oauth)
        for part in (refuse, use, replay, change_account, flood):
            await part(oauth, journal)
        names = set(oauth.event_names)
        await oauth.flush_audit()
        kept = oauth.store.read(lambda db: list(read_audit(db, AuditQuery())))
        records: list[AuditEvent | AuditRecord] = [*oauth.events, *oauth.rig.audit]
    # Source: the profile, section 7; the audit of an administrator is in test_administrator.py.
    assert names >= {
        *("client.registered", "client.rejected", "authorize.shown", "authorize.rejected"),
        *("key.ok", "key.failed", "key.unavailable", "consent.allowed", "consent.denied"),
        *("code.issued", "code.redeemed", "code.replayed", "token.issued", "token.refreshed"),
        *("token.grace", "token.reuse", "token.rejected", "scope.denied", "grant.revoked"),
        *("key.reverified", "key.revoked", "ratelimit.hit"),
    }
    # What is read back is what was recorded, column by column.
    assert len(kept) == len(records)
    for row, record in zip(kept, records, strict=True):
        expected = attrs.asdict(record) | {"id": row["id"]}
        expected.setdefault("event", "call")
        moment = expected.pop("ts")
        assert abs((datetime.fromisoformat(row.pop("ts")) - moment).total_seconds()) < 0.002
        assert row == expected


async def test_the_record_of_a_call_says_login_and_address(tmp_path: Path) -> None:
    async with open_oauth(tmp_path) as oauth:
        journal = Journal(oauth)
        login, grant = await log_in(oauth, journal, RESOLVE, SALES)
        good = await oauth.call_tool(login.access)
        denied = await oauth.call_tool(login.access, "cash_balance")
        records = [attrs.evolve(record, duration_ms=0, bytes=0) for record in oauth.rig.audit]
    common = {
        "surface": "mcp",
        **facts(grant),
        "ip": IP,
        "duration_ms": 0,
        "bytes": 0,
        "traceparent": "",
    }
    first, second = (record.ts for record in records)
    assert records == [
        AuditRecord(
            ts=first,
            request_id=good.headers["x-request-id"],
            tool="sales_report",
            ok=True,
            code="ok",
            rows=1,
            onec_calls=1,
            **common,  # type: ignore[arg-type]  # of several types
        ),
        AuditRecord(
            ts=second,
            request_id=denied.headers["x-request-id"],
            tool="cash_balance",
            ok=False,
            code="insufficient_scope",
            rows=None,
            onec_calls=0,
            **common,  # type: ignore[arg-type]  # of several types
        ),
    ]


async def test_a_program_cannot_take_another_name_once_it_is_let_in(tmp_path: Path) -> None:
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "Trusted program", "version": "1"},
    }
    async with open_oauth(tmp_path) as oauth:
        login = await oauth.login()
        begun = await oauth.rpc(login.access, "initialize", **hello)
        oauth.http.headers["mcp-session-id"] = begun.headers["mcp-session-id"]
        answer = await oauth.call_tool(login.access)
    assert "result" in answer.json()
    assert [record.client for record in oauth.rig.audit] == [CLIENT]


def test_every_event_stands_in_the_guide() -> None:
    kinds = "authorize|client|code|consent|grant|key|ratelimit|scope|token"
    written = {
        event
        for room in ("oauth", "web", "cli")
        for path in (PACKAGE / room).rglob("*.py")
        for event in re.findall(rf'"((?:{kinds})\.[a-z]+)"', path.read_text(encoding="utf-8"))
        if not event.endswith(".html")
    }
    rows = re.findall(r"^\| (`.*?) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    expect = {event for row in rows for event in re.findall(rf"`((?:{kinds})\.[a-z]+)`", row)}
    assert written == expect
