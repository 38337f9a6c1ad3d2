"""What an ASGI scope says of a connection, and the extensions of the gateway in it."""

from typing import Final

import attrs

# The ASGI extensions of the gateway. The application calls the first one, without arguments, when
# the caller of a request is known; the second one with what is to be called when the client
# disconnects (None: nothing any more).
ADMIT: Final = "onecgw.admit"
ON_DISCONNECT: Final = "onecgw.on_disconnect"

Address = tuple[str, int] | None


@attrs.frozen(kw_only=True)
class Endpoints:
    """The two ends of a connection. scheme: http or https."""

    scheme: str
    client: Address
    server: Address
