"""A gateway with OAuth in one process: a scripted 1C, a real database, a clock that a test sets."""

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import httpx
import trio

from onecgw.auth.caller import ALL_SCOPES
from onecgw.auth.key_verification import KeyVerdict, UncheckedKey
from onecgw.backends.http.httpx_transport import HttpxTransport
from onecgw.backends.http_service.backend import HttpServiceBackend
from onecgw.errors import OnecUnavailable
from onecgw.oauth.factory import AuthorizationServer, open_authorization_server
from onecgw.oauth.safe_fetch import DocumentFetcher
from onecgw.oauth.secrets import OAuthSecrets, open_secrets
from onecgw.settings import DatabaseSettings, OauthSettings, ServerSettings
from onecgw.storage.audit_log import AuditEvent, AuditLog, AuditRecord
from onecgw.storage.database import Database
from onecgw.web.app import build_app
from onecgw.web.readiness import Readiness
from tests.builders.gateway_rig import Onec, Rig, make_engine, open_rig

LOOPBACK = ServerSettings(host="127.0.0.1", port=0)
ISSUER = "http://localhost:8088"
CALLBACK = "http://127.0.0.1:3000/callback"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
OWNER_KEY = "owner-key-of-the-tests"
SALES_KEY = "sales-key-of-the-tests"
TABLE = b'{"columns":[{"name":"month","type":"date"}],"rows":[["2026-05-01"]],"totals":{}}'
# Its TLS context costs more than the rest of a rig.
FETCHER = DocumentFetcher()
MAY = {"from": "2026-05-01", "to": "2026-05-31"}


@attrs.define(kw_only=True)
class Accounts:
    """A 1C that knows keys, and can be taken down."""

    scopes: dict[str, tuple[str, ...]] = attrs.field(
        factory=lambda: {
            OWNER_KEY: ALL_SCOPES,
            SALES_KEY: ("mcp:resolve", "mcp:report:sales"),
        }
    )
    subs: dict[str, str] = attrs.field(factory=lambda: {OWNER_KEY: "owner", SALES_KEY: "sales"})
    is_down: bool = False
    checks: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            return httpx.Response(502, text="<html>down</html>")
        if not request.url.path.endswith("/mcp/auth/verify"):
            return httpx.Response(200, content=TABLE, headers={"content-type": "application/json"})
        self.checks += 1
        key = json.loads(request.content)["key"]
        if key not in self.scopes:
            return httpx.Response(401, json={"error": "invalid_key", "message": "no such key"})
        owner = self.subs[key]
        return httpx.Response(
            200, json={"sub": owner, "name": f"Name of {owner}", "scopes": self.scopes[key]}
        )


@attrs.define
class Clock:
    """Seconds since the epoch that only a test moves."""

    seconds: float = 1_800_000_000

    def __call__(self) -> float:
        return self.seconds


@attrs.define(kw_only=True)
class Login:
    """What a client holds after a login."""

    client_id: str
    tokens: dict[str, Any]
    redirect: dict[str, str]

    @property
    def access(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def refresh(self) -> str:
        return str(self.tokens["refresh_token"])


@attrs.define(kw_only=True)
class OauthRig:
    """The gateway and everything a test wants to look at."""

    rig: Rig
    server: AuthorizationServer
    issuer: str
    resource: str
    store: Database
    secrets: OAuthSecrets
    events: list[AuditEvent]
    accounts: Accounts
    clock: Clock
    http: httpx.AsyncClient
    app: Any

    def now(self) -> int:
        return int(self.clock())

    @property
    def event_names(self) -> list[str]:
        return [event.event for event in self.events]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Everything in a table, to see that nothing has changed."""
        return self.store.read(
            lambda db: [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608
        )

    def state(self) -> dict[str, Any]:
        return {name: self.rows(name) for name in ("grants", "codes", "tokens", "transactions")}

    async def flush_audit(self) -> None:
        """Put everything that happened into the database, as the gateway does all the time."""
        trail = AuditLog(self.store, retention_days=90, on_failure="deny")
        records: list[AuditEvent | AuditRecord] = [*self.events, *self.rig.audit]
        for record in records:
            trail(record)
        await trail.flush()

    async def register(self, **metadata: Any) -> dict[str, Any]:
        body = {"redirect_uris": [CALLBACK], "client_name": "Test client"} | metadata
        response = await self.http.post("/oauth/register", json=body)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def query(self, client_id: str, **changes: str | None) -> dict[str, str]:
        values: dict[str, str | None] = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "state": "state-1",
            "scope": " ".join(ALL_SCOPES),
            "resource": f"{ISSUER}/mcp",
        }
        return {name: value for name, value in (values | changes).items() if value is not None}

    async def open_page(self, client_id: str, **changes: str | None) -> httpx.Response:
        return await self.http.get("/oauth/authorize", params=self.query(client_id, **changes))

    async def post_form(self, data: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.http.post("/oauth/authorize", data=data, headers=headers)

    async def open_consent(
        self, client_id: str, key: str = OWNER_KEY, **changes: str | None
    ) -> httpx.Response:
        page = await self.open_page(client_id, **changes)
        assert page.status_code == 200, page.text
        return await self.post_form({"request": hidden(page, "request"), "key": key})

    async def fetch_code(
        self,
        client_id: str,
        key: str = OWNER_KEY,
        scopes: tuple[str, ...] = ALL_SCOPES,
        **changes: str | None,
    ) -> dict[str, str]:
        """The parameters of the redirect that ends a login."""
        consent = await self.open_consent(client_id, key, **changes)
        assert consent.status_code == 200, consent.text
        answer = await self.post_form(
            {
                "transaction": hidden(consent, "transaction"),
                "answer": "allow",
                "scope": list(scopes),
            }
        )
        assert answer.status_code == 303, answer.text
        return redirect_of(answer)

    async def redeem(self, client_id: str, code: str, **changes: str | None) -> httpx.Response:
        values: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            "resource": f"{ISSUER}/mcp",
        }
        return await self.post_token(values | changes)

    async def refresh(
        self, login: Login, token: str | None = None, **changes: str | None
    ) -> httpx.Response:
        values: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "client_id": login.client_id,
            "refresh_token": token or login.refresh,
        }
        return await self.post_token(values | changes)

    async def post_token(self, values: dict[str, str | None]) -> httpx.Response:
        data = {name: value for name, value in values.items() if value is not None}
        return await self.http.post("/oauth/token", data=data)

    async def login(
        self, key: str = OWNER_KEY, scopes: tuple[str, ...] = ALL_SCOPES, **metadata: Any
    ) -> Login:
        """A whole login."""
        client_id = (await self.register(**metadata))["client_id"]
        redirect = await self.fetch_code(client_id, key, scopes)
        response = await self.redeem(client_id, redirect["code"])
        assert response.status_code == 200, response.text
        return Login(client_id=client_id, tokens=response.json(), redirect=redirect)

    async def call_tool(
        self, token: str, tool: str = "sales_report", **arguments: Any
    ) -> httpx.Response:
        return await self.rpc(token, "tools/call", name=tool, arguments={"period": MAY} | arguments)

    async def rpc(self, token: str | None, method: str, **params: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.http.post("/mcp", json=message, headers=headers)


def hidden(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def redirect_of(response: httpx.Response) -> dict[str, str]:
    """The parameters of a redirect, each once."""
    query = parse_qs(urlsplit(response.headers["location"]).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}


@cache
def migrated_database() -> bytes:
    """The file of an empty database: its migrations wait for the disk longer than a test runs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "onecgw.db"
        Database(path).close()
        return path.read_bytes()


def open_database(path: Path) -> Database:
    if not path.exists():
        path.write_bytes(migrated_database())
        path.chmod(0o600)
    return Database(path)


@asynccontextmanager
async def open_oauth(
    tmp_path: Path,
    *,
    fetcher: DocumentFetcher | None = None,
    server: ServerSettings = LOOPBACK,
    **oauth: Any,
) -> AsyncIterator[OauthRig]:
    """A gateway whose /mcp asks for OAuth tokens."""
    accounts, clock = Accounts(), Clock()
    settings = {
        "server": server,
        "oauth": OauthSettings(**({"public_url": ISSUER} | oauth)),
        "database": DatabaseSettings(path=tmp_path / "onecgw.db"),
    }
    async with open_rig(accounts, **settings) as rig:
        store = open_database(tmp_path / "onecgw.db")
        oauth_secrets = open_secrets(tmp_path / "onecgw.secrets")
        events: list[AuditEvent] = []
        backend = HttpServiceBackend(
            rig.settings.onec,
            max_response_bytes=10**6,
            transport=HttpxTransport(rig.settings.onec, httpx.MockTransport(Onec(answer=accounts))),
        )

        async def verify_key(key: str, request_id: str) -> KeyVerdict:
            # Straight from the scripts: the breaker of the real client would remember.
            if accounts.is_down:
                return UncheckedKey(error=OnecUnavailable("1C is down"))
            return await backend.verify_key(key, request_id)

        authorization_server = open_authorization_server(
            rig.settings,
            store=store,
            oauth_secrets=oauth_secrets,
            audit=events.append,
            verify_key=verify_key,
            clock=clock,
            fetcher=fetcher or FETCHER,
        )

        async def check_readiness() -> Readiness:
            return Readiness(is_writable=not await store.probe())

        app: Any = build_app(
            rig.settings,
            rig.gateway,
            make_engine(rig.gateway),
            authorization_server=authorization_server,
            check_readiness=check_readiness,
        )
        try:
            with trio.fail_after(60):
                async with httpx.AsyncClient(
                    transport=httpx.ASGITransport(app), base_url=ISSUER
                ) as http:
                    yield OauthRig(
                        rig=rig,
                        server=authorization_server,
                        issuer=rig.settings.issuer,
                        resource=rig.settings.resource,
                        store=store,
                        secrets=oauth_secrets,
                        events=events,
                        accounts=accounts,
                        clock=clock,
                        http=http,
                        app=app,
                    )
        finally:
            await backend.aclose()
            store.close()
