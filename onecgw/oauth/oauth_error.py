"""The error responses that the OAuth RFCs define."""

from typing import Final

INVALID_REQUEST: Final = "invalid_request"
INVALID_CLIENT: Final = "invalid_client"
INVALID_GRANT: Final = "invalid_grant"
INVALID_SCOPE: Final = "invalid_scope"
INVALID_TARGET: Final = "invalid_target"  # RFC 8707, 2
INVALID_REDIRECT_URI: Final = "invalid_redirect_uri"  # RFC 7591, 3.2.2
INVALID_CLIENT_METADATA: Final = "invalid_client_metadata"
UNSUPPORTED_GRANT_TYPE: Final = "unsupported_grant_type"
UNSUPPORTED_RESPONSE_TYPE: Final = "unsupported_response_type"
ACCESS_DENIED: Final = "access_denied"
TEMPORARILY_UNAVAILABLE: Final = "temporarily_unavailable"


class OAuthError(Exception):
    """A request is refused with an OAuth error code.

    description: ASCII without quotes and backslashes (RFC 6749, 5.2), and without `=`, which
        some clients take for the start of another parameter.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = "".join(
            sign if " " <= sign <= "~" and sign not in '"\\=' else "?" for sign in description
        )

    @property
    def status(self) -> int:
        """The HTTP status of an error that is not sent in a redirect."""
        return 401 if self.error == INVALID_CLIENT else 400
