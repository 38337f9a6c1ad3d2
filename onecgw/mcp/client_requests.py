"""Requests of a running tool to the client: a form for the person, its model, its directories."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from onecgw.mcp.client_info import ELICITATION, ROOTS, SAMPLING

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


def sampling(prompt: str, *, max_tokens: int) -> InputRequest:
    """Ask the client's model for one turn; the response holds `role`, `content` and `model`."""
    content = {"type": "text", "text": prompt}
    return InputRequest(
        capability=SAMPLING,
        method="sampling/createMessage",
        params={"messages": [{"role": "user", "content": content}], "maxTokens": max_tokens},
        accepts=lambda response: "content" in response,
    )


def roots() -> InputRequest:
    """Ask for the directories that the client works in; the response holds `roots`."""
    return InputRequest(
        capability=ROOTS,
        method="roots/list",
        params={},
        accepts=lambda response: isinstance(response.get("roots"), list),
    )


def _is_form_response(response: InputResponse) -> bool:
    action = response.get("action")
    return action in _ACTIONS and (action != "accept" or isinstance(response.get("content"), dict))
