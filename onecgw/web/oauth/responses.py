"""What the OAuth routes have in common: where a request came from, and responses in JSON."""

from typing import Final

import msgspec
from quart import Response, g, request

from onecgw.oauth.events import RequestOrigin
from onecgw.oauth.oauth_error import OAuthError
from onecgw.web.bearer import names_token

# RFC 6749, 5.1: no-store MUST be included in any response with tokens.
NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}


def request_origin() -> RequestOrigin:
    """Where the current request came from; the blueprint sets it before each request."""
    origin: RequestOrigin = g.origin
    return origin


async def request_body() -> bytes:
    """The body of the current request."""
    return await request.get_data(cache=True, as_text=False, parse_form_data=False)


def json_answer(body: object, *, status: int = 200, headers: dict[str, str] = NO_STORE) -> Response:
    """A response in JSON."""
    return Response(msgspec.json.encode(body), status, headers, content_type="application/json")


def refuse_query_tokens() -> None:
    """Refuse a token in the URL, because URLs are kept in logs and histories.

    Raises:
        OAuthError: there is one.
    """
    if names_token(request.query_string):
        raise OAuthError("invalid_request", "tokens must not be sent in the URL")
