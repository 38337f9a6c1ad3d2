"""The Authorization header → who is calling."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import attrs

from onecgw.caller import Caller
from onecgw.errors import Unauthorized
from onecgw.settings import Secret
from onecgw.web.asgi import Request

log = logging.getLogger(__name__)

Authenticate = Callable[[Request], Awaitable[Caller]]

CLIENT_NAME_CHARACTERS: Final = 100
CHALLENGE: Final = 'Bearer realm="onecgw"'
BAD_TOKEN: Final = f'{CHALLENGE}, error="invalid_token"'


class StaticBearer:
    """One token of the settings that stands for one caller."""

    def __init__(self, token: Secret, caller: Caller) -> None:
        self._token = token.value.encode("utf-8")
        self._caller = caller

    async def __call__(self, request: Request) -> Caller:
        """The caller of a request.

        Raises:
            Unauthorized: there is no bearer token, or not this one.
        """
        if not hmac.compare_digest(bearer_token(request), self._token):
            raise Unauthorized("the bearer token is not valid", challenge=BAD_TOKEN)
        return self._caller


def bearer_token(request: Request) -> bytes:
    """The token of `Authorization: Bearer …`; a token in the query is never read.

    Raises:
        Unauthorized: there is not exactly one such header.
    """
    values = [value for name, value in request.headers if name == b"authorization"]
    scheme, _, token = values[0].partition(b" ") if len(values) == 1 else (b"", b"", b"")
    if scheme.lower() != b"bearer" or not token.strip():
        raise Unauthorized(
            "send the header Authorization: Bearer <token>, once", challenge=CHALLENGE
        )
    return token.strip()


async def identify(request: Request, authenticate: Authenticate) -> Caller:
    """The caller of a request, with what the program says of itself, for the audit.

    Raises:
        OnecgwError: as authenticate does.
    """
    try:
        caller = await authenticate(request)
    except Unauthorized:
        fields = {"path": request.path, "peer": request.peer}
        log.info("bearer.refused", extra={"fields": fields})
        raise
    if caller.client:
        return caller
    said = (request.value("user-agent") or "")[:CLIENT_NAME_CHARACTERS]
    name = "".join(sign for sign in said if sign.isprintable())
    return attrs.evolve(caller, client=name)
