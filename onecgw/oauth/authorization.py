"""The authorization request: what a client asks of a person, checked in the order that is safe."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from onecgw.oauth.client import Client
from onecgw.oauth.oauth_error import (
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    UNSUPPORTED_RESPONSE_TYPE,
    OauthProblem,
)
from onecgw.oauth.scopes import is_scope

MAX_STATE_BYTES: Final = 2048
MAX_FIELDS: Final = 50
# RFC 7636, 4.2; an S256 challenge has 43 characters, longer ones are accepted by its grammar.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9\-_]{43,128}")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Pairs = Sequence[tuple[str, str]]


class Ask(msgspec.Struct, array_like=True, frozen=True):
    """A checked request on its way through the pages.

    scope: as asked, "" for none. browser: binds it to the browser that began.
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


def read_pairs(text: bytes) -> list[tuple[str, str]]:
    """The parameters of a query or a form.

    Raises:
        OauthProblem: it is not one, or has too many of them.
    """
    try:
        return parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise OauthProblem(INVALID_REQUEST, "the parameters are not readable") from error


def single(pairs: Pairs, name: str) -> str | None:
    """The value of a parameter; None if it is absent or empty.

    Raises:
        OauthProblem: it stands there twice.
    """
    values = [value for key, value in pairs if key == name]
    # RFC 6749, 3.1: parameters MUST NOT be included more than once, and one without a value
    # MUST be treated as if it were omitted.
    if len(values) > 1:
        raise OauthProblem(INVALID_REQUEST, f"{name} stands there more than once")
    return (values[0] or None) if values else None


def check_redirect(pairs: Pairs, client: Client | None) -> str:
    """The redirect URI to which everything else may be answered.

    Raises:
        OauthProblem: there is none that can be trusted; the person must be told, on a page.
    """
    if client is None:
        raise OauthProblem(INVALID_REQUEST, "the client_id is not known here")
    # RFC 9700, 4.11.2: MUST NOT redirect to a URI that was not verified.
    redirect_uri = client.find_redirect(single(pairs, "redirect_uri"))
    if redirect_uri is None:
        raise OauthProblem(INVALID_REQUEST, "the redirect_uri does not belong to this client")
    return redirect_uri


def check_request(pairs: Pairs, *, resource: str) -> tuple[str, str]:
    """The scope and the challenge of a request whose client and redirect are good.

    Raises:
        OauthProblem: to be sent to the client by a redirect.
    """
    for name in dict(pairs):
        if name != "resource":
            single(pairs, name)
    for name in ("request", "request_uri"):
        if single(pairs, name) is not None:
            raise OauthProblem(f"{name}_not_supported", f"{name} is not supported")
    if single(pairs, "response_type") != "code":
        raise OauthProblem(UNSUPPORTED_RESPONSE_TYPE, "response_type code is expected")
    if single(pairs, "response_mode") not in (None, "query"):
        raise OauthProblem(INVALID_REQUEST, "response_mode query is expected")
    challenge = _check_challenge(pairs)
    check_resource(pairs, resource)
    scope = single(pairs, "scope") or ""
    if scope and not is_scope(scope):
        raise OauthProblem(INVALID_SCOPE, "the scope is not readable")
    state = single(pairs, "state")
    if state is not None and len(state.encode()) > MAX_STATE_BYTES:
        raise OauthProblem(INVALID_REQUEST, f"the state is longer than {MAX_STATE_BYTES} bytes")
    return scope, challenge


def _check_challenge(pairs: Pairs) -> str:
    challenge = single(pairs, "code_challenge")
    # OAuth 2.1, 7.5.2: PKCE is a MUST here; without a method it would be `plain`.
    if challenge is None or single(pairs, "code_challenge_method") != "S256":
        raise OauthProblem(INVALID_REQUEST, "PKCE with code_challenge_method S256 is expected")
    if not _CHALLENGE.fullmatch(challenge):
        raise OauthProblem(INVALID_REQUEST, "the code_challenge is not readable")
    return challenge


def check_resource(pairs: Pairs, resource: str) -> str | None:
    """Our resource, if the request names it; None if it names none.

    Raises:
        OauthProblem: it names another one, or several.
    """
    asked = [value for key, value in pairs if key == "resource" and value]
    if not asked:
        return None
    ours = _normal(resource)
    parts = urlsplit(ours or "")
    accepted = {ours, f"{parts.scheme}://{parts.netloc}"}
    # RFC 8707, 2: invalid_target for what we cannot issue a token for.
    if len(asked) > 1 or _normal(asked[0]) not in accepted:
        raise OauthProblem(INVALID_TARGET, f"one resource is expected, {resource}")
    return resource


def _normal(uri: str) -> str | None:
    """RFC 3986, 6.2: scheme and host in lower case, no default port, no slash at the end."""
    if "#" in uri:
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    if "@" in parts.netloc:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}{query}"


def redirect_with(uri: str, parameters: dict[str, str | None]) -> str:
    """A redirect URI with parameters added to those it has."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{uri}{'&' if '?' in uri else '?'}{query}"
