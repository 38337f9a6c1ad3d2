"""From an authorization request to a code: the key, the consent, and what is kept in between."""

import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, Literal

import attrs
import msgspec

from onecgw.errors import StorageUnavailable
from onecgw.identity import InvalidKey, UncheckedKey
from onecgw.oauth.authorization import (
    Ask,
    Pairs,
    check_redirect,
    check_request,
    redirect_with,
    single,
)
from onecgw.oauth.client import Client
from onecgw.oauth.denials import is_client_denied
from onecgw.oauth.grants import Grant, insert_code, insert_grant
from onecgw.oauth.local_keys import is_key_revoked
from onecgw.oauth.problems import ACCESS_DENIED, OauthProblem
from onecgw.oauth.realm import Origin, Realm
from onecgw.oauth.scopes import SENSITIVE, join_scopes, split_scopes
from onecgw.oauth.vault import CODE, Vault
from onecgw.sealing import NotSealed

ASK_SECONDS: Final = 600
TRANSACTION_SECONDS: Final = 300
MAX_KEY_CHARACTERS: Final = 512
_ASK_PURPOSE: Final = "authorization request"
_TRANSACTION: Final = "ocg_tx_"


@attrs.frozen(kw_only=True)
class Bounce:
    """The browser goes back to the client.

    is_automatic: at once; False: only if the person says so, for nobody vouches for the address.
    """

    url: str
    is_automatic: bool = True


@attrs.frozen(kw_only=True)
class Consent:
    """What a person is asked to allow.

    offered: what the client wants and the account may see. ticked: of these, beforehand.
    """

    transaction: str
    ask: Ask
    name: str
    offered: frozenset[str]

    @property
    def ticked(self) -> frozenset[str]:
        """What is not sensitive."""
        return self.offered - SENSITIVE


class Login:
    """The steps of one person's login, each a request of their browser."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm

    async def begin(
        self, pairs: Pairs, *, browser: str, language: str, origin: Origin
    ) -> Ask | Bounce:
        """Check an authorization request.

        Raises:
            OauthProblem: neither the client nor its redirect can be trusted with the answer.
        """
        realm = self._realm
        client: Client | None = None
        try:
            client_id = single(pairs, "client_id")
            client = None if client_id is None else await realm.clients.find(client_id)
            redirect_uri = check_redirect(pairs, client)
        except OauthProblem as problem:
            name = "" if client is None else client.name
            realm.tell("authorize.rejected", origin, client=name, detail=str(problem))
            raise
        assert client is not None  # noqa: S101 - check_redirect refuses a client that is not there
        try:
            scope, challenge = check_request(pairs, resource=realm.resource)
        except OauthProblem as problem:
            realm.tell("authorize.rejected", origin, client=client.name, detail=str(problem))
            is_trusted = realm.clients.trusts(redirect_uri, is_known=client.is_known)
            return self._refuse(redirect_uri, _state(pairs), problem, is_trusted=is_trusted)
        realm.tell("authorize.shown", origin, client=client.name, detail=scope)
        return Ask(
            client_id=client.id,
            client_name=client.name,
            client_is_known=client.is_known,
            redirect_uri=redirect_uri,
            state=single(pairs, "state"),
            scope=scope,
            challenge=challenge,
            language=language,
            browser=browser,
            expires_at=realm.seconds() + ASK_SECONDS,
        )

    def seal(self, ask: Ask) -> str:
        """The request as a hidden field of the page."""
        return self._realm.vault.sealer.seal(ask, purpose=_ASK_PURPOSE)

    def unseal(self, text: str, browser: str) -> Ask | None:
        """The request in a hidden field; None if it is not ours, too old or another's."""
        try:
            ask = self._realm.vault.sealer.open(text, Ask, purpose=_ASK_PURPOSE)
        except NotSealed:
            return None
        fits = secrets.compare_digest(ask.browser, browser)
        return ask if fits and self._realm.seconds() < ask.expires_at else None

    async def identify(
        self, ask: Ask, key: str, origin: Origin
    ) -> Consent | Literal["invalid", "unavailable"]:
        """Who the key belongs to, and what they are asked.

        Raises:
            StorageUnavailable: the login cannot be kept.
        """
        realm = self._realm
        if not key or len(key) > MAX_KEY_CHARACTERS:
            realm.tell("key.failed", origin, client=ask.client_name)
            return "invalid"
        checked = await realm.keyring.verify(key, origin.request_id)
        account = checked.verdict
        if isinstance(account, InvalidKey):
            realm.tell("key.failed", origin, client=ask.client_name)
            return "invalid"
        if isinstance(account, UncheckedKey):
            reason = account.error.code
            realm.tell("key.unavailable", origin, client=ask.client_name, detail=reason)
            if isinstance(account.error, StorageUnavailable):  # a key of the gateway's own
                raise account.error
            return "unavailable"
        realm.tell("key.ok", origin, sub=account.sub, client=ask.client_name)
        transaction = realm.vault.mint(_TRANSACTION)
        row = (
            realm.vault.hash(transaction, "transaction"),
            # With the state, which is nobody's business but the client's.
            realm.vault.encrypt(msgspec.json.encode(ask).decode(), purpose=_ASK_PURPOSE),
            account.sub,
            account.name or account.sub,
            join_scopes(account.scopes),
            realm.vault.hash(key, "key"),
            realm.vault.encrypt(key, purpose="transaction"),
            checked.at,
            realm.seconds() + TRANSACTION_SECONDS,
        )
        await realm.store.write(lambda db: _insert(db, row))
        return self._consent(transaction, ask, account.name or account.sub, account.scopes)

    def find(self, transaction: str, browser: str) -> Consent | None:
        """A consent that still waits for its answer in this browser."""
        kept = self._realm.store.read(lambda db: self._find(db, transaction, browser))
        if kept is None:
            return None
        row = kept.row
        return self._consent(transaction, kept.ask, row["name"], split_scopes(row["entitled"]))

    async def allow(
        self, transaction: str, browser: str, scopes: frozenset[str], origin: Origin
    ) -> Bounce | None:
        """Issue a code for what the person ticked; None if the consent is over.

        Raises:
            StorageUnavailable: nothing was issued.
        """
        realm = self._realm
        code = realm.vault.mint(CODE)

        def transition(db: sqlite3.Connection) -> tuple[Grant, Ask] | None:
            kept = self._take(db, transaction, browser)
            if kept is None:
                return None
            row, ask = kept.row, kept.ask
            # The administrator may have been faster than the person.
            if is_key_revoked(db, row["key_hash"]) or is_client_denied(
                db, realm.vault.hash(ask.client_id, "client")
            ):
                return None
            offered = self._offered(ask, split_scopes(row["entitled"]))
            grant = self._grant(kept, scopes & offered)
            insert_grant(db, grant, created_at=realm.seconds())
            insert_code(
                db,
                realm.vault.hash(code, "code"),
                grant,
                redirect_uri=ask.redirect_uri,
                challenge=ask.challenge,
                expires_at=grant.expires_at,
            )
            return grant, ask

        done = await realm.store.write(transition)
        if done is None:
            return None
        grant, ask = done
        facts = {"sub": grant.sub, "client": grant.client_name, "grant": grant.id}
        realm.tell("consent.allowed", origin, **facts, detail=join_scopes(grant.scopes))
        realm.tell("code.issued", origin, **facts)
        # RFC 9207, 2: iss MUST be in every authorization response.
        answer = {"code": code, "state": ask.state, "iss": realm.issuer}
        return Bounce(url=redirect_with(ask.redirect_uri, answer))

    async def deny(self, transaction: str, browser: str, origin: Origin) -> Bounce | None:
        """The person does not want it; None if the consent is over.

        Raises:
            StorageUnavailable: the answer could not be kept.
        """
        kept = await self._realm.store.write(lambda db: self._take(db, transaction, browser))
        if kept is None:
            return None
        ask, sub = kept.ask, kept.row["sub"]
        self._realm.tell("consent.denied", origin, sub=sub, client=ask.client_name)
        problem = OauthProblem(ACCESS_DENIED, "the person did not agree")
        is_trusted = self._realm.clients.trusts(ask.redirect_uri, is_known=ask.client_is_known)
        return self._refuse(ask.redirect_uri, ask.state, problem, is_trusted=is_trusted)

    def _refuse(
        self, redirect_uri: str, state: str | None, problem: OauthProblem, *, is_trusted: bool
    ) -> Bounce:
        answer = {
            "error": problem.error,
            "error_description": problem.description,
            "state": state,
            "iss": self._realm.issuer,
        }
        return Bounce(url=redirect_with(redirect_uri, answer), is_automatic=is_trusted)

    def _offered(self, ask: Ask, entitled: frozenset[str]) -> frozenset[str]:
        wanted = split_scopes(ask.scope) & self._realm.supported
        # A client that names nothing we know gets what is harmless, never everything.
        return (wanted or frozenset(self._realm.settings.oauth.default_scopes)) & entitled

    def _consent(self, transaction: str, ask: Ask, name: str, entitled: frozenset[str]) -> Consent:
        offered = self._offered(ask, entitled)
        return Consent(transaction=transaction, ask=ask, name=name, offered=offered)

    def _find(self, db: sqlite3.Connection, transaction: str, browser: str) -> "_Kept | None":
        vault = self._realm.vault
        row: sqlite3.Row | None = db.execute(
            "SELECT * FROM transactions WHERE hash = ? AND expires_at > ?",
            (vault.hash(transaction, "transaction"), self._realm.seconds()),
        ).fetchone()
        if row is None:
            return None
        ask = read_ask(vault, row)
        key = vault.decrypt(row["key_box"], purpose="transaction")
        # With another secrets file than before, the login has to begin anew.
        if ask is None or key is None or not secrets.compare_digest(ask.browser, browser):
            return None
        return _Kept(row=row, ask=ask, key=key)

    def _take(self, db: sqlite3.Connection, transaction: str, browser: str) -> "_Kept | None":
        """A transaction is answered once."""
        kept = self._find(db, transaction, browser)
        if kept is not None:
            db.execute("DELETE FROM transactions WHERE hash = ?", (kept.row["hash"],))
        return kept

    def _grant(self, kept: "_Kept", scopes: frozenset[str]) -> Grant:
        row, ask = kept.row, kept.ask
        grant_id = secrets.token_hex(8)
        return Grant(
            id=grant_id,
            sub=row["sub"],
            name=row["name"],
            client_id=ask.client_id,
            client_name=ask.client_name,
            resource=self._realm.resource,
            scopes=scopes,
            entitled=split_scopes(row["entitled"]),
            key_hash=row["key_hash"],
            key_box=self._realm.vault.encrypt(kept.key, purpose=f"grant {grant_id}"),
            # Until the code is redeemed.
            expires_at=self._realm.seconds() + self._realm.lives.code,
            verified_at=row["verified_at"],
        )


@attrs.frozen(kw_only=True)
class _Kept:
    """A transaction as it waits for its answer."""

    row: sqlite3.Row
    ask: Ask
    key: str


def read_ask(vault: Vault, row: sqlite3.Row) -> Ask | None:
    """The request of a transaction; None if another secrets file encrypted it."""
    text = vault.decrypt(row["request_box"], purpose=_ASK_PURPOSE)
    return None if text is None else msgspec.json.decode(text, type=Ask)


@attrs.frozen(kw_only=True)
class Dropped:
    """A consent that an administrator has ended."""

    sub: str
    client_id: str
    client_name: str


def drop_consents(
    db: sqlite3.Connection, vault: Vault, fits: Callable[[str, str, str], bool]
) -> list[Dropped]:
    """Forget consents that wait for their answer.

    Those that cannot be read cannot be answered either, and end by themselves.

    Args:
        db: in a transaction.
        vault: of the same secrets file.
        fits: called with sub, client_id and the client's name.
    """
    dropped = []
    for row in db.execute("SELECT * FROM transactions").fetchall():
        ask, sub = read_ask(vault, row), row["sub"]
        if ask is not None and fits(sub, ask.client_id, ask.client_name):
            db.execute("DELETE FROM transactions WHERE hash = ?", (row["hash"],))
            found = Dropped(sub=sub, client_id=ask.client_id, client_name=ask.client_name)
            dropped.append(found)
    return dropped


def _insert(db: sqlite3.Connection, row: tuple[object, ...]) -> None:
    db.execute("INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _state(pairs: Pairs) -> str | None:
    try:
        return single(pairs, "state")
    except OauthProblem:
        return None
