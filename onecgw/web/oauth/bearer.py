"""OAuth access tokens of MCP requests → callers, and the challenges of those who have none."""

from onecgw.auth.caller import Caller
from onecgw.errors import MisplacedToken, Unauthorized
from onecgw.oauth.authenticator import Admission
from onecgw.oauth.context import Origin, Realm
from onecgw.oauth.scopes import join_scopes
from onecgw.web.asgi import Request
from onecgw.web.bearer import bearer_token
from onecgw.web.client_ip import ClientAddresses
from onecgw.web.oauth.metadata import make_challenge


class OauthBearer:
    """Authenticates requests by access tokens."""

    def __init__(self, realm: Realm, admission: Admission, addresses: ClientAddresses) -> None:
        self._realm = realm
        self._settings = realm.settings
        self._admission = admission
        self._addresses = addresses
        self._all = join_scopes(realm.supported)

    async def __call__(self, request: Request, request_id: str) -> Caller:
        """The caller of a request.

        Raises:
            MisplacedToken: there is a token elsewhere than in the header.
            Unauthorized: there is no access token, or it is not valid.
            OnecgwError: nobody can tell now.
        """
        origin = Origin(request_id=request_id, ip=self._addresses.of(request))
        try:
            token = bearer_token(request)
        except MisplacedToken as error:
            detail = f"{error.code}: a token in the address or in a form"
            self._realm.tell("token.rejected", origin, detail=detail)
            challenge = make_challenge(
                self._settings, self._all, error=error.code, description=error.message
            )
            raise MisplacedToken(error.message, challenge=challenge) from None
        except Unauthorized as error:
            challenge = make_challenge(self._settings, self._all)
            raise Unauthorized(error.message, challenge=challenge) from None
        caller = await self._admission.admit(token.decode("latin-1"), origin)
        if caller is None:
            message = "the access token is not valid: it has expired or was revoked"
            raise Unauthorized(
                message,
                challenge=make_challenge(
                    self._settings, self._all, error="invalid_token", description=message
                ),
            )
        return caller

    def challenge_scope(self, caller: Caller, required: frozenset[str], request_id: str) -> str:
        """The challenge of a call that the person could allow, but has not."""
        self._realm.tell(
            "scope.denied",
            Origin(request_id=request_id, ip=caller.ip),
            sub=caller.sub,
            client=caller.client,
            grant=caller.grant,
            detail=join_scopes(required - caller.scopes),
        )
        return make_challenge(
            self._settings,
            join_scopes(required | caller.scopes),
            error="insufficient_scope",
            description="the person has to allow more",
        )
