"""The Authorization header → who is calling."""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache, partial
from typing import Final
from urllib.parse import unquote_plus

import attrs

from onecgw.auth.caller import Caller
from onecgw.errors import MisplacedToken, Unauthorized
from onecgw.locales.text import say
from onecgw.settings import Secret
from onecgw.web.asgi import FORM_SECONDS, Receive, Request, read_body
from onecgw.web.client_ip import ClientAddresses

log = logging.getLogger(__name__)

Authenticate = Callable[[Request, str], Awaitable[Caller]]
"""Called with a request and its id."""

CLIENT_NAME_CHARACTERS: Final = 100
KEPT_CALLERS: Final = 1_000
CHALLENGE: Final = 'Bearer realm="onecgw"'
BAD_TOKEN: Final = f'{CHALLENGE}, error="invalid_token"'
MISPLACED: Final = f'{CHALLENGE}, error="invalid_request"'
MAX_FORM_BYTES: Final = 16 * 1024
FORM: Final = "application/x-www-form-urlencoded"
# Names under which clients send tokens in queries and forms.
_TOKEN_NAME: Final = re.compile(
    r"((access|refresh|id|bearer|auth)[_-]?)?token|bearer|authorization|(x[_-])?api[_-]?key",
    re.IGNORECASE,
)


class StaticBearer:
    """One token of the settings that stands for one caller."""

    def __init__(self, token: Secret, caller: Caller, addresses: ClientAddresses) -> None:
        self._token = token.value.encode("utf-8")
        self._addresses = addresses
        # A program calls again and again; making its caller anew costs more than finding it.
        self._caller_of = lru_cache(maxsize=KEPT_CALLERS)(partial(attrs.evolve, caller))

    async def __call__(self, request: Request, request_id: str) -> Caller:  # noqa: ARG002 - as others do
        """The caller of a request.

        Raises:
            MisplacedToken: there is a token elsewhere than in the header.
            Unauthorized: there is no bearer token, or not this one.
        """
        if not hmac.compare_digest(bearer_token(request), self._token):
            raise Unauthorized(say("errors.bad_token"), challenge=BAD_TOKEN)
        return self._caller_of(ip=self._addresses.of(request), client=_program_of(request))


def bearer_token(request: Request) -> bytes:
    """The token of `Authorization: Bearer …`; a token elsewhere is never read.

    Raises:
        MisplacedToken: there is one elsewhere, be there a header or not.
        Unauthorized: there is not exactly one such header.
    """
    # RFC 6750, 2: clients MUST NOT use more than one method; OAuth 2.1, 5.1: never the query.
    if names_token(request.query) or names_token(request.form):
        raise MisplacedToken(
            "send tokens in the header Authorization: Bearer <token> only, never in the address"
            " or in a form",
            challenge=MISPLACED,
        )
    values = request.headers.get("authorization", ())
    scheme, _, token = values[0].partition(b" ") if len(values) == 1 else (b"", b"", b"")
    if scheme.lower() != b"bearer" or not token.strip():
        raise Unauthorized(say("errors.no_token"), challenge=CHALLENGE)
    return token.strip()


def names_token(pairs: bytes) -> bool:
    """Whether a query or a form has a parameter that is called like a token, however written."""
    if not pairs:
        return False
    names = (
        unquote_plus(pair.partition("=")[0]).strip().removesuffix("[]")
        for pair in pairs.decode("latin-1").replace(";", "&").split("&")
    )
    return any(_TOKEN_NAME.fullmatch(name) for name in names)


async def read_form(request: Request, receive: Receive) -> Request:
    """The request with its body, which is a form.

    Raises:
        OnecgwError: it is too large, or too slow.
    """
    body = await read_body(receive, max_bytes=MAX_FORM_BYTES, max_seconds=FORM_SECONDS)
    return attrs.evolve(request, form=body)


async def identify(request: Request, authenticate: Authenticate, request_id: str) -> Caller:
    """The caller of a request, with what the program says of itself, for the audit.

    Raises:
        OnecgwError: as authenticate does.
    """
    try:
        caller = await authenticate(request, request_id)
    except (Unauthorized, MisplacedToken) as error:
        fields = {"request_id": request_id, "path": request.path, "peer": request.peer}
        fields["reason"] = error.code
        log.info("bearer.refused", extra={"fields": fields, "is_anonymous": True})
        raise
    return caller if caller.client else attrs.evolve(caller, client=_program_of(request))


def _program_of(request: Request) -> str:
    """What the program of the client calls itself."""
    name = (request.value("user-agent") or "")[:CLIENT_NAME_CHARACTERS]
    return name if name.isprintable() else "".join(filter(str.isprintable, name))
