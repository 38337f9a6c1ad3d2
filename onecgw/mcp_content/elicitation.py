"""Tools that ask the person which of several objects is meant, where the client can ask."""

from typing import Final

import attrs
import msgspec

from onecgw.auth.context import CallContext
from onecgw.errors import Ambiguous, InvalidRequest
from onecgw.mcp.client_info import ELICITATION
from onecgw.mcp.client_requests import elicitation
from onecgw.mcp.providers import ToolResult, Tools
from onecgw.mcp.request_context import Exchange

QUESTION: Final = "which"


@attrs.frozen
class AskingTools:
    """Other tools, whose ambiguous calls are cleared up with the person instead of the model."""

    tools: Tools

    def list_tools(self, context: CallContext) -> bytes:
        """The JSON array of the other tools."""
        return self.tools.list_tools(context)

    async def call_tool(self, name: str, arguments: bytes, exchange: Exchange) -> ToolResult:
        """Run a tool; once more with the id that the person chose, if a name fits several objects.

        Raises:
            Ambiguous: nobody can be asked; the model reads the candidates.
            InvalidRequest: the person did not choose.
            OnecgwError: whatever the tool raises.
        """
        try:
            return await self.tools.call_tool(name, arguments, exchange)
        except Ambiguous as error:
            if not exchange.can_ask(ELICITATION):
                raise
            ambiguous = error
        chosen = await _ask_which(ambiguous, exchange)
        return await self.tools.call_tool(name, _with_id(arguments, ambiguous, chosen), exchange)


async def _ask_which(ambiguous: Ambiguous, exchange: Exchange) -> str:
    """The id of the object that the person means."""
    ids: dict[str, str] = {}
    for one in ambiguous.candidates:
        label = f"{one.label} ({one.mark})" if one.mark else one.label
        # Two of the same look are told apart by their ids.
        ids[f"{label}, {one.id}" if label in ids else label] = one.id
    argument = ambiguous.argument
    schema = {
        "type": "object",
        "properties": {argument: {"type": "string", "title": argument.title(), "enum": list(ids)}},
        "required": [argument],
    }
    question = elicitation(f"Several fit. Which {argument} is meant?", schema)
    answer = (await exchange.ask({QUESTION: question}))[QUESTION]
    content = answer.get("content")
    chosen = content.get(argument) if isinstance(content, dict) else None
    if not isinstance(chosen, str) or chosen not in ids:
        raise InvalidRequest(
            f"the person was asked which {argument} is meant and did not choose; do not guess"
        )
    return ids[chosen]


def _with_id(arguments: bytes, ambiguous: Ambiguous, chosen: str) -> bytes:
    members = msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    del members[ambiguous.argument]
    members[ambiguous.id_argument] = msgspec.Raw(msgspec.json.encode(chosen))
    return msgspec.json.encode(members)
