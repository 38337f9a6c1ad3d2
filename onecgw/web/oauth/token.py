"""POST /oauth/token, /oauth/revoke and /oauth/register."""

import hashlib
from functools import partial

from quart import Response, request

from onecgw.oauth.events import RequestOrigin
from onecgw.oauth.factory import AuthorizationServer
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.parameters import Parameters, parse_parameters
from onecgw.oauth.token_service import SEVERAL_METHODS
from onecgw.peers import Peers
from onecgw.settings import RateLimitSettings
from onecgw.web.bearer import FORM
from onecgw.web.client_ip import limit_key
from onecgw.web.oauth.limits import AuditedRateLimit
from onecgw.web.oauth.responses import (
    json_answer,
    refuse_query_tokens,
    request_body,
    request_origin,
)


class TokenRoutes:
    """The routes that programs call."""

    def __init__(
        self,
        server: AuthorizationServer,
        limits: RateLimitSettings,
        *,
        peers: Peers | None = None,
    ) -> None:
        self._server = server
        self._tokens = server.tokens
        self._record_event = server.record_event
        limit = partial(AuditedRateLimit, server.record_event, peers=peers)
        self._address_limit = limit(limits.token_address_per_minute, name="token_address")
        self._client_limit = limit(limits.token_per_minute, name="token")
        self._register_limit = limit(limits.register_per_minute, name="register")

    async def issue(self) -> Response:
        """Exchange a code or a refresh token for tokens."""
        return json_answer(await self._tokens.issue(*await self._read_form()))

    async def revoke(self) -> Response:
        """Revoke a token."""
        await self._tokens.revoke(*await self._read_form())
        return json_answer({})

    async def register(self) -> Response:
        """Register a client."""
        body, origin = await request_body(), request_origin()
        self._register_limit.take(limit_key(origin.ip))
        try:
            refuse_query_tokens()
            _check_json()
            registered = self._server.clients.register(body, now=self._server.now())
        except OAuthError as error:
            self._record_event("client.rejected", origin, detail=str(error))
            raise
        self._record_event("client.registered", origin, client=str(registered["client_name"]))
        # RFC 7591, 3.2.1: 201, and MUST NOT be cached if it contains a secret.
        return json_answer(registered, status=201)

    async def _read_form(self) -> tuple[Parameters, str | None, RequestOrigin]:
        """The parameters, the Authorization header if there is one, and where both came from."""
        body, origin = await request_body(), request_origin()
        address = limit_key(origin.ip)
        self._address_limit.take(address)
        authorizations = request.headers.getlist("authorization")
        with self._tokens.recording_refusals(origin):
            if request.mimetype != FORM:
                raise OAuthError("invalid_request", f"send Content-Type: {FORM}")
            # RFC 6749, 2.3.1: parameters MUST NOT be included in the URI.
            if request.query_string:
                raise OAuthError("invalid_request", "parameters must be sent in the body")
            # RFC 6749, 2.3: MUST NOT use more than one authentication method per request.
            if len(authorizations) > 1:
                raise OAuthError("invalid_request", SEVERAL_METHODS)
            parameters = parse_parameters(body)
        client_id = next((value for key, value in parameters if key == "client_id"), None)
        bucket = client_id if client_id is not None else "".join(authorizations)
        # The address is part of the bucket: anyone can send the client_id of another client.
        digest = hashlib.sha256(bucket.encode("utf-8", "replace")).hexdigest()
        self._client_limit.take(f"{address} {digest}")
        return parameters, next(iter(authorizations), None), origin


def _check_json() -> None:
    if request.mimetype != "application/json":
        raise OAuthError("invalid_client_metadata", "send Content-Type: application/json")
