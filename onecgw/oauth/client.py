"""An OAuth client, and the rules for its redirect URIs, its name and its credentials."""

import base64
import unicodedata
from typing import Final
from urllib.parse import unquote_plus

import attrs

from onecgw.oauth.oauth_error import OAuthError
from onecgw.oauth.redirect_policy import RedirectPolicy, is_same_redirect
from onecgw.settings.redirect_uri import MAX_REDIRECT_URIS, find_redirect_uri_flaw

MAX_NAME_CHARACTERS: Final = 80
METHODS: Final = ("none", "client_secret_post", "client_secret_basic")
DEFAULT_NAME: Final = "MCP client"


@attrs.frozen(kw_only=True)
class OAuthClient:
    """A program that requests access.

    name: chosen by the client itself, unless is_known: then it was configured by the operator.
    auth_method: one of METHODS.
    """

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str = "none"
    is_known: bool = False

    def find_redirect(self, requested: str | None) -> str | None:
        """The redirect URI of a request, if it is registered.

        A request without one (None) gets the client's only redirect URI.
        """
        if requested is None:
            return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        if any(is_same_redirect(registered, requested) for registered in self.redirect_uris):
            return requested
        return None


def accept_redirects(uris: list[str], policy: RedirectPolicy) -> tuple[str, ...]:
    """Those of a client's redirect URIs that the policy allows.

    Raises:
        OAuthError: one is dangerous, or none is allowed.
    """
    if not 1 <= len(uris) <= MAX_REDIRECT_URIS:
        raise OAuthError("invalid_redirect_uri", f"1 to {MAX_REDIRECT_URIS} are expected")
    accepted = []
    for uri in dict.fromkeys(uris):
        if flaw := find_redirect_uri_flaw(uri):
            raise OAuthError("invalid_redirect_uri", f"{flaw} is expected")
        if policy.classify(uri) == "allowed":
            accepted.append(uri)
    if not accepted:
        raise OAuthError(
            "invalid_redirect_uri",
            "none of the redirect_uris is allowed here; the operator may add one to"
            " oauth.redirects.allowed",
        )
    return tuple(accepted)


def clean_name(name: str) -> str:
    """A client's name that is safe to show: NFC, shortened, without control characters."""
    # Unicode categories C*: controls, bidi overrides and other invisible formats, private use.
    kept = "".join(
        sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C"
    )
    return " ".join(kept.split())[:MAX_NAME_CHARACTERS].strip() or DEFAULT_NAME


def parse_basic(authorization: str) -> tuple[str, str]:
    """The client_id and client_secret of HTTP Basic authentication.

    RFC 6749, 2.3.1: both are form-encoded before they are joined.
    """
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, or not UTF-8 in it
        raise OAuthError("invalid_client", "the Authorization header is not readable") from error
    client_id, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "the Authorization header is not readable")
    return unquote_plus(client_id), unquote_plus(secret)
