"""The gateway's tools as the protocol engine wants them."""

import attrs

from onecgw.caller import Caller
from onecgw.errors import NotFound
from onecgw.gateway import Gateway, ToolCall
from onecgw.mcp.exchange import Exchange
from onecgw.mcp.features import ToolResult


@attrs.frozen
class GatewayTools:
    """Lists and calls the catalogue under the rights of each caller."""

    gateway: Gateway

    def list_tools(self, caller: Caller) -> bytes:
        """The JSON array of the tools that the caller may see."""
        return self.gateway.catalogue.listing(caller.scopes)

    async def call_tool(self, name: str, arguments: bytes, exchange: Exchange) -> ToolResult:
        """Run a tool.

        Raises:
            NotFound: there is no such tool for this caller; a hidden one is like an unknown one.
            OnecgwError: anything else that the model should read.
        """
        visible = self.gateway.catalogue.visible(exchange.caller.scopes)
        if not any(tool.name == name for tool in visible):
            raise NotFound("there is no such tool")
        answer = await self.gateway.call(
            ToolCall(
                tool=name,
                arguments=arguments,
                caller=exchange.caller,
                surface="mcp",
                request_id=exchange.request_id,
                traceparent=exchange.traceparent or None,
            ),
            exchange.progress,
        )
        return ToolResult(body=answer.body)
