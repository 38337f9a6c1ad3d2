"""The caller of a request and its scopes."""

from typing import Final

import attrs

RESOLVE: Final = "mcp:resolve"
SALES: Final = "mcp:report:sales"
STOCK: Final = "mcp:report:stock"
MONEY: Final = "mcp:report:money"
COST: Final = "mcp:report:cost"
ALL_SCOPES: Final = (RESOLVE, SALES, STOCK, MONEY, COST)

COST_MEASURES: Final = frozenset({"cost", "profit", "margin"})


@attrs.frozen(kw_only=True)
class Caller:
    """The identity under which a call runs.

    sub: the account; `static` for the static MCP token, `api` for REST.
    client: the program that calls, as far as it says.
    grant: the id of the login behind the call. ip: where the call came from. These three are for
        the audit; "" if unknown.
    scopes: what the caller may see, a subset of ALL_SCOPES.
    entitled: all scopes that the person may grant to the client, granted or not.
    """

    sub: str
    scopes: frozenset[str]
    client: str = ""
    grant: str = ""
    ip: str = ""
    entitled: frozenset[str] = frozenset()

    @property
    def scopes_header(self) -> str:
        """The value of X-MCP-Scopes: comma separated, in the order of ALL_SCOPES."""
        return ",".join(scope for scope in ALL_SCOPES if scope in self.scopes)
