"""From an authorization request to a code: the key and the consent."""

import secrets
import sqlite3
from typing import Final, Literal

import attrs

from onecgw.auth.key_verification import InvalidKey, UncheckedKey
from onecgw.auth.signing import NotSealed
from onecgw.errors import StorageUnavailable
from onecgw.oauth.authorization import (
    Ask,
    Pairs,
    check_redirect,
    check_request,
    redirect_with,
    single,
)
from onecgw.oauth.client import Client
from onecgw.oauth.client_denylist import is_client_denied
from onecgw.oauth.context import Origin, Realm
from onecgw.oauth.grants import Grant, insert_code, insert_grant
from onecgw.oauth.local_keys import is_key_revoked
from onecgw.oauth.oauth_error import ACCESS_DENIED, OauthProblem
from onecgw.oauth.scopes import SENSITIVE, join_scopes, split_scopes
from onecgw.oauth.secrets import CODE
from onecgw.oauth.transactions import (
    TRANSACTION,
    Transaction,
    find_transaction,
    insert_transaction,
    take_transaction,
)

ASK_SECONDS: Final = 600
MAX_KEY_CHARACTERS: Final = 512
_ASK_PURPOSE: Final = "authorization request"


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
        token = realm.vault.mint(TRANSACTION)
        transaction = Transaction(
            ask=ask,
            sub=account.sub,
            name=account.name or account.sub,
            entitled=account.scopes,
            key=key,
            verified_at=checked.at,
        )
        await realm.store.write(
            lambda db: insert_transaction(db, realm.vault, token, transaction, now=realm.seconds())
        )
        return self._consent(token, transaction)

    def find(self, token: str, browser: str) -> Consent | None:
        """A consent that still waits for its answer in this browser."""
        realm, now = self._realm, self._realm.seconds()
        found = realm.store.read(
            lambda db: find_transaction(db, realm.vault, token, browser, now=now)
        )
        return None if found is None else self._consent(token, found)

    async def allow(
        self, token: str, browser: str, scopes: frozenset[str], origin: Origin
    ) -> Bounce | None:
        """Issue a code for what the person ticked; None if the consent is over.

        Raises:
            StorageUnavailable: nothing was issued.
        """
        realm = self._realm
        code = realm.vault.mint(CODE)

        def transition(db: sqlite3.Connection) -> tuple[Grant, Ask] | None:
            taken = self._take(db, token, browser)
            if taken is None:
                return None
            ask, vault = taken.ask, realm.vault
            # The administrator may have been faster than the person.
            if is_key_revoked(db, vault.hash(taken.key, "key")) or is_client_denied(
                db, vault.hash(ask.client_id, "client")
            ):
                return None
            grant = self._grant(taken, scopes & self._offered(ask, taken.entitled))
            insert_grant(db, grant, created_at=realm.seconds())
            insert_code(
                db,
                vault.hash(code, "code"),
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

    async def deny(self, token: str, browser: str, origin: Origin) -> Bounce | None:
        """The person does not want it; None if the consent is over.

        Raises:
            StorageUnavailable: the answer could not be kept.
        """
        taken = await self._realm.store.write(lambda db: self._take(db, token, browser))
        if taken is None:
            return None
        ask = taken.ask
        self._realm.tell("consent.denied", origin, sub=taken.sub, client=ask.client_name)
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

    def _consent(self, token: str, transaction: Transaction) -> Consent:
        ask = transaction.ask
        offered = self._offered(ask, transaction.entitled)
        return Consent(transaction=token, ask=ask, name=transaction.name, offered=offered)

    def _take(self, db: sqlite3.Connection, token: str, browser: str) -> Transaction | None:
        realm = self._realm
        return take_transaction(db, realm.vault, token, browser, now=realm.seconds())

    def _grant(self, transaction: Transaction, scopes: frozenset[str]) -> Grant:
        realm, ask = self._realm, transaction.ask
        grant_id = secrets.token_hex(8)
        return Grant(
            id=grant_id,
            sub=transaction.sub,
            name=transaction.name,
            client_id=ask.client_id,
            client_name=ask.client_name,
            resource=realm.resource,
            scopes=scopes,
            entitled=transaction.entitled,
            key_hash=realm.vault.hash(transaction.key, "key"),
            key_box=realm.vault.encrypt(transaction.key, purpose=f"grant {grant_id}"),
            # Until the code is redeemed.
            expires_at=realm.seconds() + realm.lives.code,
            verified_at=transaction.verified_at,
        )


def _state(pairs: Pairs) -> str | None:
    try:
        return single(pairs, "state")
    except OauthProblem:
        return None
