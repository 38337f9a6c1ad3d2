"""The gateway's tools as the protocol engine wants them."""

import attrs

from onecgw.auth.context import CallContext
from onecgw.errors import ScopeMissing
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.mcp.providers import ToolResult
from onecgw.mcp.request_context import Exchange
from onecgw.mcp.rpc_errors import ScopeRequired


@attrs.frozen
class GatewayTools:
    """Lists and calls the catalogue under the rights of each caller."""

    gateway: Gateway

    def list_tools(self, context: CallContext) -> bytes:
        """The JSON array of the tools that the caller may see."""
        return self.gateway.catalogue.listing(context.caller.scopes)

    async def call_tool(self, name: str, arguments: bytes, exchange: Exchange) -> ToolResult:
        """Run a tool.

        Raises:
            NotFound: there is no such tool for this caller; a hidden one is like an unknown one.
            ScopeRequired: the person could let this client call it, but has not.
            OnecgwError: anything else that the model should read.
        """
        caller = exchange.context.caller
        try:
            answer = await self.gateway.call(
                ToolCall(context=exchange.context, tool=name, arguments=arguments),
                exchange.progress,
            )
        except ScopeMissing as error:
            # A challenge that the account cannot meet would only loop.
            if error.required <= caller.scopes | caller.entitled:
                raise ScopeRequired(error.message, error.required) from error
            raise
        return ToolResult(body=answer.body)
