"""Requests of a running tool to the client, such as a form for the person."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from onecgw.mcp.client_info import ELICITATION

InputResponse = Mapping[str, object]

_ACTIONS: Final = ("accept", "decline", "cancel")


@attrs.frozen(kw_only=True)
class InputRequest:
    """One request to the client.

    capability: what the client must have declared.
    accepts: whether a value has the shape of a response; any other value is ignored.
    """

    capability: str
    method: str
    params: Mapping[str, object]
    accepts: Callable[[InputResponse], bool]


def elicitation(message: str, schema: Mapping[str, object]) -> InputRequest:
    """Ask the person to fill in a form.

    The response holds `action` (accept, decline, cancel) and, if accepted, `content`.

    Args:
        message: the text above the form.
        schema: a flat object schema of strings, numbers, booleans and enums.
    """
    return InputRequest(
        capability=ELICITATION,
        method="elicitation/create",
        params={"mode": "form", "message": message, "requestedSchema": schema},
        accepts=_is_form_response,
    )


def _is_form_response(response: InputResponse) -> bool:
    action = response.get("action")
    return action in _ACTIONS and (action != "accept" or isinstance(response.get("content"), dict))
