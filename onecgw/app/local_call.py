"""One tool call without a server, for `onecgw call`."""

from typing import Final

import attrs

from onecgw.app.lifespan import open_gateway
from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.errors import OnecgwError
from onecgw.gateway.service import ToolCall
from onecgw.responses.shaping import Answer
from onecgw.settings import Settings

LOCAL_SUB: Final = "cli"  # the `sub` of the person who runs the command


async def call_tool(settings: Settings, tool: str, arguments: bytes) -> Answer:
    """Call one tool with mcp.scopes, and with the limits of REST: no answer is cut for a model.

    Args:
        settings: OAuth is not opened, and its settings are not needed.
        tool: the name of the tool.
        arguments: a JSON object.

    Raises:
        OnecgwError: any leaf of the tree; its text is safe to show.
    """
    local = attrs.evolve(settings, oauth=attrs.evolve(settings.oauth, enabled=False))
    caller = Caller(sub=LOCAL_SUB, client="onecgw call", scopes=frozenset(settings.mcp.scopes))
    context = CallContext(
        caller=caller, request_id="cli", surface="rest", language=settings.mcp.language
    )
    call = ToolCall(context=context, tool=tool, arguments=arguments)
    async with open_gateway(local) as gateway:
        try:
            return await gateway.call(call)
        except OnecgwError as error:
            failure = error  # raised outside the nursery, which would wrap it in a group
    raise failure
