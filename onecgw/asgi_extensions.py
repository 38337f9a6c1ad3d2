"""The ASGI extensions of the gateway's own server; under another server there are none."""

from typing import Final

ADMIT: Final = "onecgw.admit"
"""A function without arguments: the application calls it when the caller of a request is known."""

TAKE_BODY: Final = "onecgw.take_body"
"""A function that returns the body if it has arrived whole, and otherwise None."""

CANCEL_ON_DISCONNECT: Final = "onecgw.cancel_on_disconnect"
"""A function that takes whether the server cancels the application when the client disconnects."""
