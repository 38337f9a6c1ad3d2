"""The services of a login without HTTP, on one database, and the steps that change it."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
import trio
from click.testing import CliRunner, Result

from onecgw.auth.caller import ALL_SCOPES, RESOLVE
from onecgw.auth.key_verification import InvalidKey, KeyVerdict
from onecgw.cli import main
from onecgw.errors import StorageUnavailable
from onecgw.oauth.authorization import AuthorizationRequest
from onecgw.oauth.events import RequestOrigin
from onecgw.oauth.factory import open_authorization_server
from onecgw.oauth.login import Consent
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.secrets import open_secrets, pkce_challenge
from onecgw.oauth.storage.grants import delete_expired
from onecgw.oauth.token_grants import GRACE_SECONDS
from onecgw.settings import OauthSettings
from onecgw.storage.audit_log import AuditEvent, AuditLog
from onecgw.storage.database import Database
from tests.builders.gateway_rig import make_settings
from tests.builders.oauth_rig import FETCHER

ISSUER: Final = "http://localhost:8088"
CALLBACK: Final = "http://127.0.0.1/cb"
VERIFIER: Final = "v" * 43
BROWSER: Final = "b"
ORIGIN: Final = RequestOrigin(request_id="r-1", ip="192.0.2.1")
CONFIG: Final = """\
onec: {base_url: http://1c.example.org/hs, auth: {username: gateway}}
oauth: {public_url: "%s", keys: local}
database: {path: "%s"}
"""


class World:
    """One gateway, one client, one person, one administrator.

    Keys are the gateway's own, so the command line and the gateway speak of the same ones; the
    clock is the command line's, until a step moves it.
    """

    def __init__(self, folder: Path) -> None:
        """A new world in an empty folder, or the one that another process has left there."""
        folder.mkdir(exist_ok=True)
        self.config = folder / "onecgw.yml"
        self.config.write_text(CONFIG % (ISSUER, folder / "onecgw.db"), encoding="utf-8")
        self._memory = folder / "memory.json"
        self.now = time.time()
        self.client_id = self.key = self.transaction = self.code = self.access = self.refresh = ""
        if self._memory.exists():
            vars(self).update(msgspec.json.decode(self._memory.read_bytes()))
        self.store = Database(folder / "onecgw.db")
        self.secrets = open_secrets(folder / "onecgw.secrets")
        self.server = open_authorization_server(
            make_settings(oauth=OauthSettings(public_url=ISSUER, keys="local")),
            store=self.store,
            oauth_secrets=self.secrets,
            audit=_hear,
            verify_key=_knows_no_key,
            fetcher=FETCHER,
            clock=lambda: self.now,
        )
        self.login = self.server.login
        self.authenticator = self.server.authenticator
        self.tokens = self.server.tokens
        if not self.client_id:
            metadata = msgspec.json.encode({"redirect_uris": [CALLBACK], "client_name": "Client"})
            registered = self.server.clients.register(metadata, now=int(self.now))
            self.client_id = str(registered["client_id"])

    def leave(self) -> None:
        """Close, and let the next process go on."""
        names = ("now", "client_id", "key", "transaction", "code", "access", "refresh")
        memory = {name: getattr(self, name) for name in names}
        self._memory.write_bytes(msgspec.json.encode(memory))
        self.store.close()

    def run(self, *arguments: str) -> Result:
        """A verb of the administrator."""
        command = [*arguments[:2], "--config", str(self.config), *arguments[2:]]
        return CliRunner().invoke(main, command)

    async def token(self, **form: str) -> dict[str, Any]:
        """A request at the token endpoint; {} if it is refused."""
        pairs = [("client_id", self.client_id), *form.items()]
        try:
            return dict(await self.tokens.issue(pairs, None, ORIGIN))
        except OAuthError:
            return {}


def _hear(event: AuditEvent) -> None:
    """Drops the event: other tests compare the events."""


async def _knows_no_key(key: str, request_id: str) -> KeyVerdict:
    return InvalidKey()


async def add_key(world: World) -> None:
    """The administrator makes a key."""
    world.key = world.run(
        "keys", "add", "--name", "Olena", "--scopes", ",".join(ALL_SCOPES)
    ).stdout.strip()


async def give_key(world: World) -> None:
    """The person pastes it."""
    query = {
        "response_type": "code",
        "client_id": world.client_id,
        "redirect_uri": CALLBACK,
        "code_challenge": pkce_challenge(VERIFIER),
        "code_challenge_method": "S256",
        "scope": RESOLVE,
    }
    ask = await world.login.begin(
        list(query.items()), browser=BROWSER, language="en", origin=ORIGIN
    )
    assert isinstance(ask, AuthorizationRequest)
    consent = await world.login.verify_key(ask, world.key, ORIGIN)
    assert isinstance(consent, Consent)
    world.transaction = consent.transaction


async def allow(world: World) -> None:
    """The person agrees."""
    scopes = frozenset({RESOLVE})
    bounce = await world.login.allow(world.transaction, BROWSER, scopes, ORIGIN)
    assert bounce is not None
    world.code = parse_qs(urlsplit(bounce.url).query)["code"][0]


async def refuse(world: World) -> None:
    """The person does not."""
    assert await world.login.deny(world.transaction, BROWSER, ORIGIN) is not None


async def redeem(world: World) -> None:
    """The client fetches its tokens, or the code is used again."""
    form = {"grant_type": "authorization_code", "code": world.code, "code_verifier": VERIFIER}
    tokens = await world.token(**form)
    world.access = tokens.get("access_token", world.access)
    world.refresh = tokens.get("refresh_token", world.refresh)


async def guess(world: World) -> None:
    """The code is used with a wrong verifier."""
    form = {"grant_type": "authorization_code", "code": world.code, "code_verifier": "w" * 43}
    assert await world.token(**form) == {}


async def renew(world: World) -> None:
    """The client refreshes with its first refresh token, be it for the first time or again."""
    await world.token(grant_type="refresh_token", refresh_token=world.refresh)


async def steal(world: World) -> None:
    """The successor is used, and the grace is over."""
    tokens = await world.token(grant_type="refresh_token", refresh_token=world.refresh)
    await world.authenticator.authenticate(tokens["access_token"], ORIGIN)
    world.now += GRACE_SECONDS + 1


async def use(world: World) -> None:
    """A call with the access token; it is confirmed by its first use."""
    await world.authenticator.authenticate(world.access, ORIGIN)


async def give_back_refresh(world: World) -> None:
    """The client logs out."""
    pairs = [("client_id", world.client_id), ("token", world.refresh)]
    await world.tokens.revoke(pairs, None, ORIGIN)


async def give_back_access(world: World) -> None:
    """The client ends one access token."""
    pairs = [("client_id", world.client_id), ("token", world.access)]
    await world.tokens.revoke(pairs, None, ORIGIN)


async def let_key_expire(world: World) -> None:
    """The key is over, and the next use of the login asks about it."""
    world.store.write_here(lambda db: db.execute("UPDATE keys SET expires_at = 1"))
    await use(world)
    world.now += 300


async def take_scopes(world: World) -> None:
    """The key opens less, and the next use of the login asks about it."""
    world.store.write_here(lambda db: db.execute("UPDATE keys SET scopes = 'mcp:resolve'"))
    await use(world)
    world.now += 300


async def revoke_key(world: World) -> None:
    """The administrator ends the key."""
    world.run("keys", "revoke", _key_id(world))


async def revoke_grants(world: World) -> None:
    """The administrator ends every login."""
    world.run("grants", "revoke", "--all")


async def deny_client(world: World) -> None:
    """The administrator lets the client in no more."""
    world.run("grants", "revoke", "--client", "Client", "--deny")


async def allow_client(world: World) -> None:
    """The administrator lets the client in again."""
    world.run("grants", "allow", "--client", "Client")


async def write_audit(world: World) -> None:
    """What happened is written."""
    trail = AuditLog(world.store, retention_days=90, on_failure="deny")
    for event in ("key.ok", "consent.allowed"):
        trail(AuditEvent(ts=datetime.now(UTC), event=event, request_id="r-1", sub="key-1"))
    await trail.flush()


async def wait_a_year(world: World) -> None:
    """Everything is past."""
    world.now += 400 * 86_400


async def forget(world: World) -> None:
    """What can no longer matter is forgotten."""
    await world.store.write(lambda db: delete_expired(db, now=int(world.now)))


Step = Callable[[World], Awaitable[None]]
_LOGGED_IN: Final = (add_key, give_key, allow, redeem)
# What has happened before, and the transition.
TRANSITIONS: Final[dict[str, tuple[Step, ...]]] = {
    "keys add": (add_key,),
    "key": (add_key, give_key),
    "allow": (add_key, give_key, allow),
    "deny": (add_key, give_key, refuse),
    "redeem": _LOGGED_IN,
    "wrong verifier": (add_key, give_key, allow, guess),
    "fifth wrong verifier": (add_key, give_key, allow, guess, guess, guess, guess, guess),
    "replay": (*_LOGGED_IN, redeem),
    "first use": (*_LOGGED_IN, use),
    "refresh": (*_LOGGED_IN, renew),
    "refresh in parallel": (*_LOGGED_IN, renew, renew),
    "reuse": (*_LOGGED_IN, steal, renew),
    "log out": (*_LOGGED_IN, give_back_refresh),
    "end an access token": (*_LOGGED_IN, give_back_access),
    "key verified again": (*_LOGGED_IN, take_scopes, use),
    "key expired": (*_LOGGED_IN, let_key_expire, use),
    "keys revoke": (*_LOGGED_IN, revoke_key),
    "keys revoke, of a login that has begun": (add_key, give_key, revoke_key),
    "grants revoke": (*_LOGGED_IN, revoke_grants),
    "grants revoke, of a login that has begun": (add_key, give_key, revoke_grants),
    "grants revoke --deny": (*_LOGGED_IN, give_key, deny_client),
    "grants allow": (*_LOGGED_IN, deny_client, allow_client),
    "audit": (*_LOGGED_IN, write_audit),
    "sweep": (*_LOGGED_IN, renew, wait_a_year, forget),
}


def walk(world: World, *steps: Step) -> None:
    """Take steps; one that the database does not let happen is over without effect."""

    async def go() -> None:
        for step in steps:
            await step(world)

    try:
        trio.run(go)
    except StorageUnavailable:
        return


def _key_id(world: World) -> str:
    row = world.store.read(lambda db: db.execute("SELECT id FROM keys").fetchone())
    return str(row[0])


def state_of(store: Database) -> dict[str, list[list[str]]]:
    """Everything in the database but what is random or the time: of that, whether it is there."""
    tables = ("keys", "transactions", "grants", "codes", "tokens", "denied_clients", "audit")
    return {
        table: sorted(
            [_plain(name, row[name]) for name in row.keys()]  # noqa: SIM118 - a sqlite3.Row is not a dict
            for row in store.read(
                lambda db, table=table: db.execute(f"SELECT * FROM {table}").fetchall()  # type: ignore[misc]  # noqa: S608
            )
        )
        for table in tables
    }


def _plain(name: str, value: Any) -> str:
    is_drawn = name in ("id", "grant_id", "sub", "client_id", "ts", "detail")
    if value is None or value in (0, b"", ""):
        return repr(value)
    if is_drawn or name.endswith("_at") or isinstance(value, bytes):
        return "something"
    return repr(value)
