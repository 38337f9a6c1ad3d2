"""Parameters of a query or a form, and the rules that every OAuth endpoint has for them."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from onecgw.oauth.oauth_error import OAuthError

MAX_PARAMETERS: Final = 50
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Parameters = Sequence[tuple[str, str]]


def parse_parameters(encoded: bytes) -> Parameters:
    """The parameters of a query or a form, in the order sent.

    Quart's parser is not used: it replaces invalid bytes where these rules refuse the request.

    Raises:
        OAuthError: not form-encoded, or more than MAX_PARAMETERS.
    """
    try:
        return parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:
        raise OAuthError("invalid_request", "the parameters are not readable") from error


def single_value(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter; None if it is absent or empty.

    Raises:
        OAuthError: the parameter is repeated.
    """
    values = [value for key, value in parameters if key == name]
    # RFC 6749, 3.1: parameters MUST NOT be included more than once, and one without a value
    # MUST be treated as if it were omitted.
    if len(values) > 1:
        raise OAuthError("invalid_request", f"{name} is included more than once")
    return (values[0] or None) if values else None


def refuse_repeated(parameters: Parameters) -> None:
    """Refuse repeated parameters, except `resource`, for which RFC 8707 has its own error.

    Raises:
        OAuthError: a parameter is repeated.
    """
    for name in dict(parameters):
        if name != "resource":
            single_value(parameters, name)


def check_resource(parameters: Parameters, resource: str) -> str | None:
    """Our resource identifier if the request has one; None if it has none.

    Raises:
        OAuthError: the request is for another resource, or for several.
    """
    requested = [value for key, value in parameters if key == "resource" and value]
    if not requested:
        return None
    ours = _normalize(resource)
    parts = urlsplit(ours or "")
    accepted = {ours, f"{parts.scheme}://{parts.netloc}"}
    # RFC 8707, 2: invalid_target for a resource for which no token can be issued.
    if len(requested) > 1 or _normalize(requested[0]) not in accepted:
        raise OAuthError("invalid_target", f"one resource is expected, {resource}")
    return resource


def _normalize(uri: str) -> str | None:
    """The URI as RFC 3986, 6.2 normalizes it, without a final slash; None if it is not valid here.

    Scheme and host become lower case, and the scheme's default port is left out.
    """
    if "#" in uri:
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    if "@" in parts.netloc:
        return None
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}{query}"
