"""The authorization request, its checks in the order that RFC 9700 demands, and the response."""

import re
from typing import Final
from urllib.parse import urlencode

import attrs
import msgspec

from onecgw.oauth.client import OAuthClient
from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.parameters import Parameters, check_resource, refuse_repeated, single_value
from onecgw.oauth.scopes import is_scope

MAX_STATE_BYTES: Final = 2048
# RFC 7636, 4.2: the base64url of a SHA-256 digest. Another length matches no code_verifier.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43}")


class AuthorizationRequest(msgspec.Struct, array_like=True, frozen=True):
    """A checked authorization request, which the key page carries in signed form.

    scope: as requested, "" for none. browser: the id of the browser that began the login.
    expires_at: seconds since the epoch.
    """

    client_id: str
    client_name: str
    client_is_known: bool
    redirect_uri: str
    state: str | None
    scope: str
    challenge: str
    language: str
    browser: str
    expires_at: int


@attrs.frozen(kw_only=True)
class Redirect:
    """The authorization response: the browser goes back to the client.

    is_automatic: False if the URI is not trusted; the person then decides on a page.
    """

    url: str
    is_automatic: bool = True


def check_redirect(parameters: Parameters, client: OAuthClient | None) -> str:
    """The redirect URI of the request.

    Raises:
        OAuthError: the client or its redirect URI is not valid; the error is shown on a page.
    """
    if client is None:
        raise OAuthError("invalid_request", "the client_id is not known here")
    # RFC 9700, 4.11.2: MUST NOT redirect to a URI that was not verified.
    redirect_uri = client.find_redirect(single_value(parameters, "redirect_uri"))
    if redirect_uri is None:
        raise OAuthError("invalid_request", "the redirect_uri does not belong to this client")
    return redirect_uri


def check_request(parameters: Parameters, *, resource: str) -> tuple[str, str]:
    """The scope and the PKCE challenge of a request whose client and redirect URI are valid.

    Raises:
        OAuthError: sent to the client in a redirect.
    """
    refuse_repeated(parameters)
    if single_value(parameters, "request") is not None:
        raise OAuthError("request_not_supported", "request is not supported")
    if single_value(parameters, "request_uri") is not None:
        raise OAuthError("request_uri_not_supported", "request_uri is not supported")
    if single_value(parameters, "response_type") != "code":
        raise OAuthError("unsupported_response_type", "response_type code is expected")
    if single_value(parameters, "response_mode") not in (None, "query"):
        raise OAuthError("invalid_request", "response_mode query is expected")
    challenge = _check_challenge(parameters)
    check_resource(parameters, resource)
    scope = single_value(parameters, "scope") or ""
    if scope and not is_scope(scope):
        raise OAuthError("invalid_scope", "the scope is not readable")
    state = single_value(parameters, "state")
    if state is not None and len(state.encode()) > MAX_STATE_BYTES:
        raise OAuthError("invalid_request", f"the state is longer than {MAX_STATE_BYTES} bytes")
    return scope, challenge


def _check_challenge(parameters: Parameters) -> str:
    challenge = single_value(parameters, "code_challenge")
    # OAuth 2.1, 7.5.2: PKCE is a MUST here; without a method it would be `plain`.
    if challenge is None or single_value(parameters, "code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "PKCE with code_challenge_method S256 is expected")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "the code_challenge is not readable")
    return challenge


def find_state(parameters: Parameters) -> str | None:
    """The state that an error response returns; None if it is absent or repeated."""
    try:
        return single_value(parameters, "state")
    except OAuthError:
        return None


def redirect_with(uri: str, parameters: dict[str, str | None]) -> str:
    """A redirect URI with parameters added to its query; those that are None are left out."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{uri}{'&' if '?' in uri else '?'}{query}"
