"""The ASGI extensions of the gateway's own server; under another server there are none."""

from typing import Final

ADMIT: Final = "onecgw.admit"
"""A function without arguments: the application calls it when the caller of a request is known."""

ON_DISCONNECT: Final = "onecgw.on_disconnect"
"""A function that takes what is called when the client disconnects; None: nothing any more."""
