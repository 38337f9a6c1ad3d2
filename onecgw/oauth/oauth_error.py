"""The error responses that the OAuth RFCs define."""

from typing import Literal

OAuthErrorCode = Literal[
    "access_denied",
    "invalid_client",
    "invalid_client_metadata",  # RFC 7591, 3.2.2
    "invalid_grant",
    "invalid_redirect_uri",  # RFC 7591, 3.2.2
    "invalid_request",
    "invalid_scope",
    "invalid_target",  # RFC 8707, 2
    "request_not_supported",  # OpenID Connect Core, 3.1.2.6
    "request_uri_not_supported",
    "unsupported_grant_type",
    "unsupported_response_type",
]


class OAuthError(Exception):
    """A request is refused with an OAuth error code.

    description: ASCII without quotes and backslashes (RFC 6749, 5.2), and without `=`, which
        some clients take for the start of another parameter.
    """

    def __init__(self, error: OAuthErrorCode, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = "".join(
            sign if " " <= sign <= "~" and sign not in '"\\=' else "?" for sign in description
        )

    @property
    def status(self) -> int:
        """The HTTP status of an error that is not sent in a redirect."""
        return 401 if self.error == "invalid_client" else 400
