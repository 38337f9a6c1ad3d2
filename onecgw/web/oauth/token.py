"""POST /oauth/token, /oauth/revoke and /oauth/register."""

import hashlib
from typing import Final

from onecgw.oauth.authorization import Pairs, read_pairs
from onecgw.oauth.context import Realm
from onecgw.oauth.oauth_error import INVALID_CLIENT_METADATA, INVALID_REQUEST, OauthProblem
from onecgw.oauth.token_endpoint import Tokens
from onecgw.web.asgi import Response
from onecgw.web.bearer import FORM, media_type
from onecgw.web.client_ip import limit_key
from onecgw.web.oauth.http import NO_STORE, Visit, json_answer, refuse_tokens
from onecgw.web.oauth.limits import Limit

AUTHORIZATION: Final = "authorization"


class TokenEndpoints:
    """The endpoints that programs call."""

    def __init__(self, realm: Realm, tokens: Tokens) -> None:
        self._realm = realm
        self._tokens = tokens
        limits = realm.settings.oauth.rate_limit
        self._address_rate = Limit(realm, limits.token_address_per_minute)
        self._token_rate = Limit(realm, limits.token_per_minute)
        self._register_rate = Limit(realm, limits.register_per_minute)

    async def issue(self, visit: Visit) -> Response:
        """A code or a refresh token → tokens."""
        pairs = self._read_form(visit)
        answer = await self._tokens.issue(pairs, visit.request.value(AUTHORIZATION), visit.origin)
        return json_answer(200, answer, headers=NO_STORE)

    async def revoke(self, visit: Visit) -> Response:
        """End a token."""
        pairs = self._read_form(visit)
        await self._tokens.revoke(pairs, visit.request.value(AUTHORIZATION), visit.origin)
        return json_answer(200, {}, headers=NO_STORE)

    async def register(self, visit: Visit) -> Response:
        """A client introduces itself."""
        self._register_rate.take(limit_key(visit.origin.ip), visit)
        try:
            refuse_tokens(visit.query)
            _check_json(visit)
            answer = self._realm.clients.register(visit.body, now=self._realm.seconds())
        except OauthProblem as problem:
            self._realm.tell("client.rejected", visit.origin, detail=str(problem))
            raise
        name = str(answer["client_name"])
        self._realm.tell("client.registered", visit.origin, client=name)
        # RFC 7591, 3.2.1: 201, and MUST NOT be cached where it holds a secret.
        return json_answer(201, answer, headers=NO_STORE)

    def _read_form(self, visit: Visit) -> Pairs:
        address = limit_key(visit.origin.ip)
        self._address_rate.take(address, visit)
        with self._tokens.telling_refusals(visit.origin):
            if media_type(visit.request) != FORM:
                raise OauthProblem(INVALID_REQUEST, f"send Content-Type: {FORM}")
            # RFC 6749, 2.3.1: parameters MUST NOT be in the URI.
            if visit.query:
                raise OauthProblem(INVALID_REQUEST, "parameters belong into the body")
            # RFC 6749, 2.3: MUST NOT use more than one authentication method per request.
            if len(visit.request.values(AUTHORIZATION)) > 1:
                raise OauthProblem(INVALID_REQUEST, "the client is named in two ways")
            pairs = read_pairs(visit.body)
        authorization = visit.request.value(AUTHORIZATION) or ""
        who = next((value for key, value in pairs if key == "client_id"), authorization)
        # Anybody can write a client_id: under the address, it takes nothing from its owner.
        digest = hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()
        self._token_rate.take(f"{address} {digest}", visit)
        return pairs


def _check_json(visit: Visit) -> None:
    if media_type(visit.request) != "application/json":
        raise OauthProblem(INVALID_CLIENT_METADATA, "send Content-Type: application/json")
