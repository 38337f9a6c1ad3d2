"""The person chooses which of several objects is meant, where the client offers elicitation."""

from typing import Final

import msgspec

from onecgw.errors import Ambiguous, InvalidRequest
from onecgw.locales.text import in_language, say
from onecgw.mcp.client_requests import elicitation
from onecgw.mcp.request_context import RequestContext

REQUEST_NAME: Final = "which"


async def elicit_id(ambiguous: Ambiguous, request: RequestContext) -> str:
    """The id of the object that the person chooses.

    Raises:
        InvalidRequest: the person did not choose.
    """
    ids: dict[str, str] = {}
    for one in ambiguous.candidates:
        label = f"{one.label} ({one.mark})" if one.mark else one.label
        # Candidates with the same label are distinguished by their ids.
        ids[f"{label}, {one.id}" if label in ids else label] = one.id
    argument = ambiguous.argument
    language = request.context.language
    noun = in_language(say(f"elicitation.nouns.{argument}"), language)
    title = noun[:1].upper() + noun[1:]
    schema = {
        "type": "object",
        "properties": {argument: {"type": "string", "title": title, "enum": list(ids)}},
        "required": [argument],
    }
    question = say("elicitation.several", argument=noun)
    if ambiguous.is_partial:
        question = say("elicitation.more", count=len(ids), argument=noun)
    form = elicitation(in_language(question, language), schema)
    response = (await request.request_input({REQUEST_NAME: form}))[REQUEST_NAME]
    content = response.get("content")
    chosen = content.get(argument) if isinstance(content, dict) else None
    if not isinstance(chosen, str) or chosen not in ids:
        raise InvalidRequest(say("elicitation.no_choice", argument=noun)).in_language(language)
    return ids[chosen]


def with_id(arguments: bytes, ambiguous: Ambiguous, chosen: str) -> bytes:
    """The arguments of the call with the id in place of the name."""
    members = msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    del members[ambiguous.argument]
    members[ambiguous.id_argument] = msgspec.Raw(msgspec.json.encode(chosen))
    return msgspec.json.encode(members)
