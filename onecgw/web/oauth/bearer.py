"""OAuth access tokens of MCP requests, and the challenges of RFC 6750."""

import attrs

from onecgw.auth.caller import Caller
from onecgw.errors import MisplacedToken, Unauthorized
from onecgw.oauth.authenticator import AccessTokenAuthenticator
from onecgw.oauth.events import EventRecorder, RequestOrigin
from onecgw.oauth.scopes import join_scopes
from onecgw.web.asgi import Request
from onecgw.web.bearer import bearer_token
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.oauth.metadata import make_challenge


@attrs.frozen(kw_only=True)
class OAuthBearer:
    """Authenticates requests by access tokens.

    issuer: the origin of the metadata. supported_scopes: what a challenge lets the client request.
    """

    _authenticator: AccessTokenAuthenticator
    _addresses: ClientAddresses
    _record_event: EventRecorder
    _issuer: str
    _supported_scopes: tuple[str, ...]

    async def __call__(self, request: Request, request_id: str) -> Caller:
        """The caller of a request.

        Raises:
            MisplacedToken: there is a token outside the Authorization header.
            Unauthorized: there is no access token, or it is not valid.
            OnecgwError: the token cannot be checked now.
        """
        origin = RequestOrigin(request_id=request_id, ip=self._addresses.of(request))
        try:
            token = bearer_token(request)
        except MisplacedToken as error:
            detail = f"{error.code}: a token in the address or in a form"
            self._record_event("token.rejected", origin, detail=detail)
            challenge = self._challenge(error=error.code, description=error.message)
            raise MisplacedToken(error.message, challenge=challenge) from None
        except Unauthorized as error:
            raise Unauthorized(error.message, challenge=self._challenge()) from None
        caller = await self._authenticator.authenticate(token.decode("latin-1"), origin)
        if caller is None:
            message = "the access token is not valid: it has expired or was revoked"
            challenge = self._challenge(error="invalid_token", description=message)
            raise Unauthorized(message, challenge=challenge)
        return caller

    def challenge_scope(self, caller: Caller, required: frozenset[str], request_id: str) -> str:
        """The challenge to a call whose scopes the person could allow, but has not."""
        self._record_event(
            "scope.denied",
            RequestOrigin(request_id=request_id, ip=caller.ip),
            sub=caller.sub,
            client=caller.client,
            grant=caller.grant,
            detail=join_scopes(required - caller.scopes),
        )
        return make_challenge(
            self._issuer,
            join_scopes(required | caller.scopes),
            error="insufficient_scope",
            description="the person has to allow more",
        )

    def _challenge(self, *, error: str = "", description: str = "") -> str:
        scopes = join_scopes(self._supported_scopes)
        return make_challenge(self._issuer, scopes, error=error, description=description)
