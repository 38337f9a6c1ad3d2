"""The gateway's tools as MCP tools."""

import attrs

from onecgw.auth.context import CallContext
from onecgw.errors import Ambiguous, ScopeMissing
from onecgw.gateway.service import Gateway, ToolCall
from onecgw.mcp.client_info import ELICITATION
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.mcp.rpc_errors import ScopeRequired
from onecgw.mcp_content.elicitation import elicit_id, with_id


@attrs.frozen
class ElicitingTools:
    """The catalogue's tools under the scopes of each caller; ambiguous names go to the person."""

    gateway: Gateway

    def list_tools(self, context: CallContext) -> bytes:
        """The JSON array of the tools that the caller may see."""
        return self.gateway.catalogue.listing(context.caller.scopes, context.language)

    async def call_tool(self, name: str, arguments: bytes, request: RequestContext) -> ToolResult:
        """Call a tool; once more with the id that the person chose, if a name fits several objects.

        Raises:
            NotFound: there is no such tool, or the caller may not see it.
            ScopeRequired: the person may grant the missing scope to the client.
            Ambiguous: the client does not offer elicitation; the model reads the candidates.
            InvalidRequest: the person did not choose.
            OnecgwError: any other failure that the model should read.
        """
        try:
            return await self._call(name, arguments, request)
        except Ambiguous as error:
            if not request.supports(ELICITATION):
                raise
            ambiguous = error
        chosen = await elicit_id(ambiguous, request)
        return await self._call(name, with_id(arguments, ambiguous, chosen), request)

    async def _call(self, name: str, arguments: bytes, request: RequestContext) -> ToolResult:
        caller = request.context.caller
        call = ToolCall(context=request.context, tool=name, arguments=arguments)
        try:
            return ToolResult(body=(await self.gateway.call(call, request.progress)).body)
        except ScopeMissing as error:
            # A challenge for scopes that the account does not have would be repeated forever.
            if error.required <= caller.scopes | caller.entitled:
                raise ScopeRequired(error.message, error.required) from error
            raise
