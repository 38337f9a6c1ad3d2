"""The token and revocation endpoints, without HTTP."""

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import attrs

from onecgw.oauth import token_grants
from onecgw.oauth.authenticator import AccessTokenAuthenticator
from onecgw.oauth.client import METHODS, OAuthClient, parse_basic
from onecgw.oauth.client_registry import ClientRegistry
from onecgw.oauth.events import EventRecorder, RequestOrigin
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.parameters import Parameters, check_resource, refuse_repeated, single_value
from onecgw.oauth.scopes import OFFLINE_ACCESS, is_scope, join_scopes, split_scopes
from onecgw.oauth.secrets import ACCESS, REFRESH, Kind, OAuthSecrets
from onecgw.oauth.storage.grants import audit_facts
from onecgw.oauth.storage.tokens import find_grant_of_refresh, revoke_token
from onecgw.oauth.token_grants import IssuedTokens, RefreshRequest, TokenLifetimes, TokenRefusal
from onecgw.storage.database import Database

_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636, 4.1
SEVERAL_METHODS: Final = "more than one client authentication method was used"


@attrs.frozen(kw_only=True)
class _TokenRequest:
    """A token request of an authenticated client, and the access token that may be issued.

    facts: what the audit records of the request; they grow while it is handled.
    """

    parameters: Parameters
    client: OAuthClient
    access_token: str
    origin: RequestOrigin
    facts: dict[str, str]


@attrs.frozen(kw_only=True)
class TokenService:
    """Issues and revokes tokens. now: the clock, in seconds since the epoch."""

    _resource: str
    _lifetimes: TokenLifetimes
    _clients: ClientRegistry
    _authenticator: AccessTokenAuthenticator
    _store: Database
    _secrets: OAuthSecrets
    _record_event: EventRecorder
    _now: Callable[[], int]

    async def issue(
        self, parameters: Parameters, authorization: str | None, origin: RequestOrigin
    ) -> Mapping[str, object]:
        """The members of the response to a token request. authorization: the header's value.

        Raises:
            OAuthError: the request is refused.
            StorageUnavailable: nothing was issued or used up.
        """
        with self.recording_refusals(origin) as facts:
            client = self._authenticate(parameters, authorization, facts)
            request = _TokenRequest(
                parameters=parameters,
                client=client,
                access_token=self._secrets.new_token(ACCESS),
                origin=origin,
                facts=facts,
            )
            match single_value(parameters, "grant_type"):
                case "authorization_code":
                    issued = await self._exchange_code(request)
                case "refresh_token":
                    issued = await self._refresh(request)
                case None:
                    raise OAuthError("invalid_request", "grant_type is missing")
                case _:
                    raise OAuthError(
                        "unsupported_grant_type", "authorization_code or refresh_token is expected"
                    )
        return {
            "access_token": request.access_token,
            "token_type": "Bearer",
            "expires_in": min(self._lifetimes.access, issued.grant.expires_at - self._now()),
            "refresh_token": issued.refresh_token,
            "scope": join_scopes(issued.scopes),
        }

    @contextmanager
    def recording_refusals(self, origin: RequestOrigin) -> Iterator[dict[str, str]]:
        """Record an OAuthError in the audit, with the facts that the body of `with` has added."""
        facts: dict[str, str] = {}
        try:
            yield facts
        except OAuthError as error:
            self._record_event("token.rejected", origin, **facts, detail=str(error))
            raise

    async def revoke(
        self, parameters: Parameters, authorization: str | None, origin: RequestOrigin
    ) -> None:
        """Revoke a token; RFC 7009, 2.2: an unknown or foreign token is no error.

        Raises:
            OAuthError: the request is refused.
            StorageUnavailable: nothing was revoked.
        """
        with self.recording_refusals(origin) as facts:
            client = self._authenticate(parameters, authorization, facts)
            token = single_value(parameters, "token")
            if token is None:
                raise OAuthError("invalid_request", "token is missing")
        kind: Kind = "refresh token" if token.startswith(REFRESH) else "access token"
        token_hash, now = self._secrets.hash(token, kind), self._now()
        grant = await self._store.write(revoke_token, token_hash, client.id, now=now)
        if grant is not None:
            event = "grant.revoked" if kind == "refresh token" else "token.revoked"
            self._record_event(event, origin, **audit_facts(grant), detail="by the client")

    def _authenticate(
        self, parameters: Parameters, authorization: str | None, facts: dict[str, str]
    ) -> OAuthClient:
        refuse_repeated(parameters)
        client_id = single_value(parameters, "client_id")
        secret = single_value(parameters, "client_secret")
        if authorization is not None:
            basic_id, basic_secret = parse_basic(authorization)
            # RFC 6749, 2.3: MUST NOT use more than one authentication method per request.
            if secret is not None or client_id not in (None, basic_id):
                raise OAuthError("invalid_request", SEVERAL_METHODS)
            client_id, secret = basic_id, basic_secret
        client = None if client_id is None else self._clients.find_without_fetch(client_id)
        if client is None:
            raise OAuthError("invalid_client", "the client is not known here; register again")
        if client.auth_method == METHODS[0]:
            if secret:
                raise OAuthError("invalid_client", "this client is public and has no client_secret")
        else:
            expected = self._secrets.client_secret(client.id)
            if not hmac.compare_digest(expected.encode(), (secret or "").encode()):
                raise OAuthError("invalid_client", "the client_secret is wrong")
        facts["client"] = client.name
        return client

    async def _exchange_code(self, sent: _TokenRequest) -> IssuedTokens:
        code = single_value(sent.parameters, "code")
        verifier = single_value(sent.parameters, "code_verifier")
        if code is None:
            raise OAuthError("invalid_request", "code is missing")
        # OAuth 2.1, 4.1.3: a request without a verifier MUST be refused.
        if verifier is None or not _VERIFIER.fullmatch(verifier):
            raise OAuthError("invalid_grant", "the code_verifier is missing or not readable")
        refresh_token = self._secrets.new_token(REFRESH)
        request = token_grants.CodeExchange(
            code_hash=self._secrets.hash(code, "code"),
            client_id=sent.client.id,
            redirect_uri=single_value(sent.parameters, "redirect_uri"),
            resource=check_resource(sent.parameters, self._resource),
            verifier=verifier,
            access_hash=self._secrets.hash(sent.access_token, "access token"),
            refresh_hash=self._secrets.hash(refresh_token, "refresh token"),
        )
        outcome = await self._store.write(
            token_grants.exchange_code, request, self._lifetimes, now=self._now()
        )
        return attrs.evolve(self._record_outcome(outcome, sent), refresh_token=refresh_token)

    async def _refresh(self, sent: _TokenRequest) -> IssuedTokens:
        token = single_value(sent.parameters, "refresh_token")
        scope = single_value(sent.parameters, "scope")
        if token is None:
            raise OAuthError("invalid_request", "refresh_token is missing")
        if scope is not None and not is_scope(scope):
            raise OAuthError("invalid_scope", "the scope is not readable")

        def derive_next(salt: bytes) -> tuple[str, bytes]:
            next_token = self._secrets.next_refresh_token(token, salt)
            return next_token, self._secrets.hash(next_token, "refresh token")

        request = RefreshRequest(
            token_hash=self._secrets.hash(token, "refresh token"),
            client_id=sent.client.id,
            resource=check_resource(sent.parameters, self._resource),
            # offline_access stands for the refresh token itself and narrows nothing.
            scopes=None if scope in (None, OFFLINE_ACCESS) else split_scopes(scope),
            access_hash=self._secrets.hash(sent.access_token, "access token"),
            derive_next=derive_next,
        )
        await self._check_account(request, sent)
        outcome = await self._store.write(
            token_grants.refresh_tokens, request, self._lifetimes, now=self._now()
        )
        return self._record_outcome(outcome, sent)

    async def _check_account(self, request: RefreshRequest, sent: _TokenRequest) -> None:
        """Verify the access key again if that is due; while 1C is down, the refresh goes on.

        Raises:
            OAuthError: the key is not valid any more.
        """
        now = self._now()
        grant = self._store.read(find_grant_of_refresh, request.token_hash, now=now)
        if grant is None or grant.client_id != request.client_id:
            return
        sent.facts.update(audit_facts(grant))
        if await self._authenticator.verify_if_due(grant, sent.origin) is None:
            raise OAuthError("invalid_grant", "the login is over; log in again")

    def _record_outcome(
        self, outcome: IssuedTokens | TokenRefusal, sent: _TokenRequest
    ) -> IssuedTokens:
        """Record an outcome in the audit.

        Raises:
            OAuthError: the outcome is a refusal.
        """
        grant, facts, origin = outcome.grant, sent.facts, sent.origin
        if grant is not None:
            facts |= audit_facts(grant)
            if grant.client_id != sent.client.id:
                facts["client"] = sent.client.name  # who sent another client's code or token
        if isinstance(outcome, TokenRefusal):
            if outcome.event != "token.rejected":
                self._record_event(outcome.event, origin, **facts)
            if outcome.revoke_why:
                self._record_event("grant.revoked", origin, **facts, detail=outcome.revoke_why)
            raise OAuthError(outcome.error, outcome.description)
        self._record_event(outcome.event, origin, **facts)
        self._record_event("token.issued", origin, **facts, detail=join_scopes(outcome.scopes))
        return outcome
