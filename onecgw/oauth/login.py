"""The login: from an authorization request over the access key and the consent to a code."""

import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, Literal

import attrs

from onecgw.auth.key_verification import InvalidKey, UncheckedKey
from onecgw.auth.signing import BadSignature
from onecgw.errors import StorageUnavailable
from onecgw.oauth.authorization import (
    AuthorizationRequest,
    Redirect,
    check_redirect,
    check_request,
    find_state,
    redirect_with,
)
from onecgw.oauth.client_registry import ClientRegistry
from onecgw.oauth.events import EventRecorder, RequestOrigin
from onecgw.oauth.key_cache import KeyCache
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.parameters import Parameters, single_value
from onecgw.oauth.scopes import SENSITIVE, join_scopes, split_scopes
from onecgw.oauth.secrets import CODE, OAuthSecrets
from onecgw.oauth.storage.client_denylist import is_client_denied
from onecgw.oauth.storage.grants import Grant, audit_facts, insert_grant
from onecgw.oauth.storage.local_keys import is_key_revoked
from onecgw.oauth.storage.tokens import Code, insert_code
from onecgw.oauth.storage.transactions import (
    TRANSACTION,
    Transaction,
    find_transaction,
    insert_transaction,
    take_transaction,
)
from onecgw.storage.database import Database

AUTHORIZATION_SECONDS: Final = 600
MAX_KEY_CHARACTERS: Final = 512
_PURPOSE: Final = "authorization request"


@attrs.frozen(kw_only=True)
class Consent:
    """The content of the consent page.

    transaction: its token. offered: the requested scopes that the account has. ticked: those of
    them that are ticked beforehand.
    """

    transaction: str
    request: AuthorizationRequest
    name: str
    offered: frozenset[str]

    @property
    def ticked(self) -> frozenset[str]:
        """All that is offered and not sensitive."""
        return self.offered - SENSITIVE


@attrs.frozen(kw_only=True)
class Login:
    """The steps of a login; each is one HTTP request of a browser.

    code_seconds: lifetime of a code. now: the clock, in seconds since the epoch.
    """

    _issuer: str
    _resource: str
    _supported_scopes: frozenset[str]
    _default_scopes: frozenset[str]
    _code_seconds: int
    _clients: ClientRegistry
    _key_cache: KeyCache
    _store: Database
    _secrets: OAuthSecrets
    _record_event: EventRecorder
    _now: Callable[[], int]

    def browser_id(self, cookie: str) -> str:
        """The hash of the cookie, by which pages and transactions know a browser; "" if none."""
        return self._secrets.hash(cookie, "browser").hex() if cookie else ""

    async def begin(
        self, parameters: Parameters, *, browser: str, language: str, origin: RequestOrigin
    ) -> AuthorizationRequest | Redirect:
        """Check the parameters of an authorization request.

        Raises:
            OAuthError: the client or its redirect URI is not valid.
        """
        client, redirect_uri = None, ""
        try:
            client = await self._clients.find(single_value(parameters, "client_id") or "")
            redirect_uri = check_redirect(parameters, client)
            scope, challenge = check_request(parameters, resource=self._resource)
        except OAuthError as error:
            name = "" if client is None else client.name
            self._record_event("authorize.rejected", origin, client=name, detail=str(error))
            if client is None or not redirect_uri:
                raise
            state = find_state(parameters)
            return self._error_redirect(redirect_uri, state, error, is_known=client.is_known)
        assert client is not None  # noqa: S101 - check_redirect refuses None
        self._record_event("authorize.shown", origin, client=client.name, detail=scope)
        return AuthorizationRequest(
            client_id=client.id,
            client_name=client.name,
            client_is_known=client.is_known,
            redirect_uri=redirect_uri,
            state=single_value(parameters, "state"),
            scope=scope,
            challenge=challenge,
            language=language,
            browser=browser,
            expires_at=self._now() + AUTHORIZATION_SECONDS,
        )

    def sign(self, request: AuthorizationRequest) -> str:
        """The signed request, for a hidden field of the key page."""
        return self._secrets.signer.sign(request, purpose=_PURPOSE)

    def read_signed(self, text: str, browser: str) -> AuthorizationRequest | None:
        """The request in a hidden field; None if forged, expired or of another browser."""
        try:
            request = self._secrets.signer.open(text, AuthorizationRequest, purpose=_PURPOSE)
        except BadSignature:
            return None
        is_same_browser = secrets.compare_digest(request.browser, browser)
        return request if is_same_browser and self._now() < request.expires_at else None

    async def verify_key(
        self, request: AuthorizationRequest, key: str, origin: RequestOrigin
    ) -> Consent | Literal["invalid", "unavailable"]:
        """Verify an access key and begin the transaction of its consent.

        Raises:
            StorageUnavailable: the transaction cannot be stored.
        """
        check = None
        if 0 < len(key) <= MAX_KEY_CHARACTERS:
            check = await self._key_cache.verify(key, origin.request_id)
        if check is None or isinstance(check.verdict, InvalidKey):
            self._record_event("key.failed", origin, client=request.client_name)
            return "invalid"
        account = check.verdict
        if isinstance(account, UncheckedKey):
            reason = account.error.code
            self._record_event("key.unavailable", origin, client=request.client_name, detail=reason)
            if isinstance(account.error, StorageUnavailable):  # local keys are in the database
                raise account.error
            return "unavailable"
        self._record_event("key.ok", origin, sub=account.sub, client=request.client_name)
        token, now = self._secrets.new_token(TRANSACTION), self._now()
        transaction = Transaction(
            request=request,
            sub=account.sub,
            name=account.name or account.sub,
            entitled=account.scopes,
            key=key,
            verified_at=check.at,
        )
        await self._store.write(insert_transaction, self._secrets, token, transaction, now=now)
        return self._make_consent(token, transaction)

    def find(self, token: str, browser: str) -> Consent | None:
        """The consent of a transaction that was begun in this browser and is not over."""
        now = self._now()
        found = self._store.read(find_transaction, self._secrets, token, browser, now=now)
        return None if found is None else self._make_consent(token, found)

    async def allow(
        self, token: str, browser: str, scopes: frozenset[str], origin: RequestOrigin
    ) -> Redirect | None:
        """Issue a code for the scopes that the person ticked; None if the transaction is over.

        Raises:
            StorageUnavailable: nothing was issued.
        """
        code, now = self._secrets.new_token(CODE), self._now()

        def transition(db: sqlite3.Connection) -> tuple[Grant, AuthorizationRequest] | None:
            taken = take_transaction(db, self._secrets, token, browser, now=now)
            # The key may have been revoked, or the client denied, since the page was opened.
            if (
                taken is None
                or is_key_revoked(db, self._secrets.hash(taken.key, "key"))
                or is_client_denied(db, self._secrets.hash(taken.request.client_id, "client"))
            ):
                return None
            grant = self._make_grant(taken, scopes, now=now)
            insert_grant(db, grant, created_at=now)
            insert_code(
                db,
                Code(
                    hash=self._secrets.hash(code, "code"),
                    grant_id=grant.id,
                    redirect_uri=taken.request.redirect_uri,
                    challenge=taken.request.challenge,
                    expires_at=grant.expires_at,
                ),
            )
            return grant, taken.request

        done = await self._store.write(transition)
        if done is None:
            return None
        grant, request = done
        facts = audit_facts(grant)
        self._record_event("consent.allowed", origin, **facts, detail=join_scopes(grant.scopes))
        self._record_event("code.issued", origin, **facts)
        return Redirect(url=self._response_url(request.redirect_uri, request.state, code=code))

    async def deny(self, token: str, browser: str, origin: RequestOrigin) -> Redirect | None:
        """End a transaction because the person does not consent; None if it is over.

        Raises:
            StorageUnavailable: the answer could not be stored.
        """
        now = self._now()
        taken = await self._store.write(take_transaction, self._secrets, token, browser, now=now)
        if taken is None:
            return None
        request = taken.request
        self._record_event("consent.denied", origin, sub=taken.sub, client=request.client_name)
        error = OAuthError("access_denied", "the person did not agree")
        return self._error_redirect(
            request.redirect_uri, request.state, error, is_known=request.client_is_known
        )

    def _error_redirect(
        self, redirect_uri: str, state: str | None, error: OAuthError, *, is_known: bool
    ) -> Redirect:
        members = {"error": error.error, "error_description": error.description}
        return Redirect(
            url=self._response_url(redirect_uri, state, **members),
            is_automatic=self._clients.trusts(redirect_uri, is_known=is_known),
        )

    def _response_url(self, redirect_uri: str, state: str | None, **members: str) -> str:
        # RFC 9207, 2: iss MUST be in every authorization response.
        return redirect_with(redirect_uri, {**members, "state": state, "iss": self._issuer})

    def _offered(self, request: AuthorizationRequest, entitled: frozenset[str]) -> frozenset[str]:
        wanted = split_scopes(request.scope) & self._supported_scopes
        # Without any known scope in the request the defaults are offered, never everything.
        return (wanted or self._default_scopes) & entitled

    def _make_consent(self, token: str, transaction: Transaction) -> Consent:
        return Consent(
            transaction=token,
            request=transaction.request,
            name=transaction.name,
            offered=self._offered(transaction.request, transaction.entitled),
        )

    def _make_grant(self, taken: Transaction, ticked: frozenset[str], *, now: int) -> Grant:
        request, grant_id = taken.request, secrets.token_hex(8)
        return Grant(
            id=grant_id,
            sub=taken.sub,
            name=taken.name,
            client_id=request.client_id,
            client_name=request.client_name,
            resource=self._resource,
            scopes=ticked & self._offered(request, taken.entitled),
            entitled=taken.entitled,
            key_hash=self._secrets.hash(taken.key, "key"),
            key_ciphertext=self._secrets.encrypt(taken.key, purpose=f"grant {grant_id}"),
            # Extended when the code is exchanged.
            expires_at=now + self._code_seconds,
            verified_at=taken.verified_at,
        )
