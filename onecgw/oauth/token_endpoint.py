"""The token and revocation endpoints, without HTTP: who asks, and what they get."""

import base64
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote_plus

from onecgw.oauth.authenticator import VERIFY_SECONDS, Admission
from onecgw.oauth.authorization import Pairs, check_resource, single
from onecgw.oauth.client import METHODS, Client
from onecgw.oauth.context import Origin, Realm
from onecgw.oauth.grants import facts_of, find_refresh, revoke_token
from onecgw.oauth.oauth_error import (
    INVALID_CLIENT,
    INVALID_GRANT,
    INVALID_REQUEST,
    INVALID_SCOPE,
    UNSUPPORTED_GRANT_TYPE,
    OauthProblem,
)
from onecgw.oauth.scopes import OFFLINE_ACCESS, is_scope, join_scopes, split_scopes
from onecgw.oauth.secrets import ACCESS, REFRESH, Kind
from onecgw.oauth.token_grants import Issued, Redemption, Refreshing, Refused, redeem, refresh

_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636, 4.1


class Tokens:
    """Issues and revokes tokens for clients."""

    def __init__(self, realm: Realm, admission: Admission) -> None:
        self._realm = realm
        self._admission = admission

    async def issue(
        self, pairs: Pairs, authorization: str | None, origin: Origin
    ) -> Mapping[str, object]:
        """The answer to a token request.

        Raises:
            OauthProblem: there are no tokens for it.
            StorageUnavailable: nothing was issued or used up.
        """
        with self.telling_refusals(origin) as facts:
            _check_single(pairs)
            client = self._authenticate(pairs, authorization)
            facts["client"] = client.name
            match single(pairs, "grant_type"):
                case "authorization_code":
                    return await self._redeem(pairs, client, origin, facts)
                case "refresh_token":
                    return await self._refresh(pairs, client, origin, facts)
                case None:
                    raise OauthProblem(INVALID_REQUEST, "grant_type is missing")
                case _:
                    raise OauthProblem(
                        UNSUPPORTED_GRANT_TYPE, "authorization_code or refresh_token is expected"
                    )

    @contextmanager
    def telling_refusals(self, origin: Origin) -> Iterator[dict[str, str]]:
        """Write a refusal into the audit, with the facts that are gathered until then."""
        facts: dict[str, str] = {}
        try:
            yield facts
        except OauthProblem as problem:
            self._realm.tell("token.rejected", origin, **facts, detail=str(problem))
            raise

    async def revoke(self, pairs: Pairs, authorization: str | None, origin: Origin) -> None:
        """End a token; a foreign or unknown one is no error (RFC 7009, 2.2).

        Raises:
            OauthProblem: the client is not known, or the request not readable.
            StorageUnavailable: nothing was revoked.
        """
        with self.telling_refusals(origin) as facts:
            _check_single(pairs)
            client = self._authenticate(pairs, authorization)
            facts["client"] = client.name
            token = single(pairs, "token")
            if token is None:
                raise OauthProblem(INVALID_REQUEST, "token is missing")
        realm = self._realm
        kind: Kind = "refresh token" if token.startswith(REFRESH) else "access token"
        token_hash, now = realm.vault.hash(token, kind), realm.seconds()
        grant = await realm.store.write(lambda db: revoke_token(db, token_hash, client.id, now=now))
        if grant is not None:
            detail = "by the client"
            realm.tell(
                "grant.revoked" if kind == "refresh token" else "token.revoked",
                origin,
                **facts_of(grant),
                detail=detail,
            )

    def _authenticate(self, pairs: Pairs, authorization: str | None) -> Client:
        client_id, secret = single(pairs, "client_id"), single(pairs, "client_secret")
        if authorization is not None:
            named, given = _read_basic(authorization)
            # RFC 6749, 2.3: MUST NOT use more than one authentication method per request.
            if secret is not None or client_id not in (None, named):
                raise OauthProblem(INVALID_REQUEST, "the client is named in two ways")
            client_id, secret = named, given
        client = None if client_id is None else self._realm.clients.find_kept(client_id)
        if client is None:
            raise OauthProblem(INVALID_CLIENT, "the client is not known here; register again")
        if client.auth_method != METHODS[0]:
            expected = self._realm.vault.client_secret(client.id)
            if not hmac.compare_digest(expected.encode(), (secret or "").encode()):
                raise OauthProblem(INVALID_CLIENT, "the client_secret is wrong")
        return client

    async def _redeem(
        self, pairs: Pairs, client: Client, origin: Origin, facts: dict[str, str]
    ) -> Mapping[str, object]:
        realm = self._realm
        code, verifier = single(pairs, "code"), single(pairs, "code_verifier")
        if code is None:
            raise OauthProblem(INVALID_REQUEST, "code is missing")
        # OAuth 2.1, 4.1.3: a request without a verifier MUST be refused.
        if verifier is None or not _VERIFIER.fullmatch(verifier):
            raise OauthProblem(INVALID_GRANT, "the code_verifier is missing or not readable")
        access_token, refresh_token = realm.vault.mint(ACCESS), realm.vault.mint(REFRESH)
        asked = Redemption(
            code_hash=realm.vault.hash(code, "code"),
            client_id=client.id,
            redirect_uri=single(pairs, "redirect_uri"),
            resource=check_resource(pairs, realm.resource),
            verifier=verifier,
            access_hash=realm.vault.hash(access_token, "access token"),
            refresh_hash=realm.vault.hash(refresh_token, "refresh token"),
        )
        lives, now = realm.lives, realm.seconds()
        outcome = await realm.store.write(lambda db: redeem(db, asked, lives, now=now))
        issued = self._told(outcome, client, origin, facts)
        return self._answer(issued, access_token, refresh_token)

    async def _refresh(
        self, pairs: Pairs, client: Client, origin: Origin, facts: dict[str, str]
    ) -> Mapping[str, object]:
        realm = self._realm
        token, scope = single(pairs, "refresh_token"), single(pairs, "scope")
        if token is None:
            raise OauthProblem(INVALID_REQUEST, "refresh_token is missing")
        if scope is not None and not is_scope(scope):
            raise OauthProblem(INVALID_SCOPE, "the scope is not readable")
        access_token = realm.vault.mint(ACCESS)

        def derive(salt: bytes) -> tuple[str, bytes]:
            successor = realm.vault.successor(token, salt)
            return successor, realm.vault.hash(successor, "refresh token")

        asked = Refreshing(
            token_hash=realm.vault.hash(token, "refresh token"),
            client_id=client.id,
            resource=check_resource(pairs, realm.resource),
            # offline_access is this very request and narrows nothing.
            scopes=None if scope in (None, OFFLINE_ACCESS) else split_scopes(scope),
            access_hash=realm.vault.hash(access_token, "access token"),
            derive=derive,
        )
        await self._check_account(asked, origin, facts)
        lives, now = realm.lives, realm.seconds()
        outcome = await realm.store.write(lambda db: refresh(db, asked, lives, now=now))
        issued = self._told(outcome, client, origin, facts)
        return self._answer(issued, access_token, issued.successor)

    async def _check_account(
        self, asked: Refreshing, origin: Origin, facts: dict[str, str]
    ) -> None:
        """An account that was closed gets no new tokens; one that cannot be asked about does.

        Raises:
            OauthProblem: the login is over.
        """
        realm, now = self._realm, self._realm.seconds()
        grant = realm.store.read(lambda db: find_refresh(db, asked.token_hash, now=now))
        if grant is None or grant.client_id != asked.client_id:
            return
        facts |= facts_of(grant)
        if grant.unverified_seconds(now) < VERIFY_SECONDS:
            return
        if await self._admission.verify_again(grant, origin) is None:
            raise OauthProblem(INVALID_GRANT, "the login is over; log in again")

    def _told(
        self, outcome: Issued | Refused, client: Client, origin: Origin, facts: dict[str, str]
    ) -> Issued:
        """Write the audit of an outcome.

        Raises:
            OauthProblem: it is a refusal.
        """
        grant = outcome.grant
        if grant is not None:
            facts |= facts_of(grant)
            if grant.client_id != client.id:
                facts["client"] = client.name  # who came with what was another's
        if isinstance(outcome, Refused):
            if outcome.event != "token.rejected":
                self._realm.tell(outcome.event, origin, **facts)
            if outcome.ended:
                self._realm.tell("grant.revoked", origin, **facts, detail=outcome.ended)
            raise OauthProblem(outcome.error, outcome.description)
        self._realm.tell(outcome.event, origin, **facts)
        self._realm.tell("token.issued", origin, **facts, detail=join_scopes(outcome.scopes))
        return outcome

    def _answer(self, issued: Issued, access_token: str, refresh_token: str) -> dict[str, object]:
        lives_seconds = min(
            self._realm.lives.access, issued.grant.expires_at - self._realm.seconds()
        )
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": lives_seconds,
            "refresh_token": refresh_token,
            "scope": join_scopes(issued.scopes),
        }


def _check_single(pairs: Pairs) -> None:
    for name in dict(pairs):
        if name != "resource":  # which has an error of its own
            single(pairs, name)


def _read_basic(authorization: str) -> tuple[str, str]:
    """The client's id and secret. Source: RFC 6749, 2.3.1: both are form-encoded first."""
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:  # no base64, not ASCII, no UTF-8 in it
        raise OauthProblem(INVALID_CLIENT, "the Authorization header is not readable") from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise OauthProblem(INVALID_CLIENT, "the Authorization header is not readable")
    return unquote_plus(client_id), unquote_plus(secret)
