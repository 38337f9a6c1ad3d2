"""A program that asks for access, and what may be believed of its description."""

import unicodedata
from typing import Final

import attrs

from onecgw.oauth.oauth_error import INVALID_REDIRECT_URI, OauthProblem
from onecgw.oauth.redirect_policy import RedirectPolicy, is_same_redirect
from onecgw.settings.redirect_uri import MAX_REDIRECT_URIS, find_redirect_uri_flaw

MAX_NAME_CHARACTERS: Final = 80
METHODS: Final = ("none", "client_secret_post", "client_secret_basic")
NAMELESS: Final = "MCP client"


@attrs.frozen(kw_only=True)
class Client:
    """A program that asks for access.

    name: as it calls itself, unless is_known: then the operator or its own host vouches for it.
    auth_method: one of METHODS.
    """

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: str = "none"
    is_known: bool = False

    def find_redirect(self, asked: str | None) -> str | None:
        """The redirect URI of a request, if it is one of this client's."""
        if asked is None:
            return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        if any(is_same_redirect(registered, asked) for registered in self.redirect_uris):
            return asked
        return None


def accept_redirects(uris: list[str], policy: RedirectPolicy) -> tuple[str, ...]:
    """The redirect URIs that a client may have.

    Raises:
        OauthProblem: one is dangerous, or none is left.
    """
    if not 1 <= len(uris) <= MAX_REDIRECT_URIS:
        raise OauthProblem(INVALID_REDIRECT_URI, f"1 to {MAX_REDIRECT_URIS} are expected")
    verdicts = {uri: policy.judge(uri) for uri in uris}
    for uri, verdict in verdicts.items():
        if verdict == "dangerous":
            raise OauthProblem(INVALID_REDIRECT_URI, f"{find_redirect_uri_flaw(uri)} is expected")
    accepted = tuple(uri for uri, verdict in verdicts.items() if verdict == "allowed")
    if not accepted:
        raise OauthProblem(
            INVALID_REDIRECT_URI,
            "none of the redirect_uris is allowed here; the operator may add one to"
            " oauth.redirects.allowed",
        )
    return accepted


def clean_name(name: str) -> str:
    """A name that can do no harm on a page: NFC, without control and direction signs."""
    # Categories C*: controls, bidi overrides and other invisible formats, private use.
    kept = "".join(
        sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C"
    )
    return " ".join(kept.split())[:MAX_NAME_CHARACTERS].strip() or NAMELESS
