"""One question to 1C, and what it says about itself."""

from typing import Final
from urllib.parse import quote

import attrs

from onecgw.auth.caller import Caller

HEALTH_PATH: Final = "/mcp/health"
VERIFY_PATH: Final = "/mcp/auth/verify"

_VISIBLE_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


@attrs.frozen(kw_only=True)
class OnecCall:
    """One question to 1C.

    path: as in the contract, `/mcp/reports/sales`.
    body: JSON in UTF-8; an empty one makes the question a GET.
    traceparent: the W3C trace that the call belongs to, handed on as it is.
    """

    path: str
    body: bytes
    caller: Caller
    request_id: str
    traceparent: str | None = None

    @property
    def method(self) -> str:
        """How the question is asked."""
        return "POST" if self.body else "GET"

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What differs from call to call (the contract, section 1)."""
        return (
            ("Content-Type", "application/json"),
            # A sub is the account's own business; what no header may carry is percent-encoded.
            ("X-MCP-Sub", quote(self.caller.sub, safe=_VISIBLE_ASCII)),
            ("X-MCP-Scopes", self.caller.scopes_header),
            ("X-Request-ID", self.request_id),
            *((("traceparent", self.traceparent),) if self.traceparent else ()),
        )
