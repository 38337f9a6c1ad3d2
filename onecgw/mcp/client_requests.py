"""What a running call may ask on the client's side: a person, its model, its directories."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from onecgw.mcp.client_info import ELICITATION, ROOTS, SAMPLING

Answer = Mapping[str, object]

_ACTIONS: Final = ("accept", "decline", "cancel")


@attrs.frozen(kw_only=True)
class Question:
    """One request to the client.

    capability: what the client must have declared.
    fits: whether a value has the shape of an answer; one that has not counts as not given.
    """

    capability: str
    method: str
    params: Mapping[str, object]
    fits: Callable[[Answer], bool]


def elicitation(message: str, schema: Mapping[str, object]) -> Question:
    """A form for the person.

    Args:
        message: why it is asked.
        schema: a flat object schema of strings, numbers, booleans and enums.

    The answer holds `action` (accept, decline, cancel) and, if accepted, `content`.
    """
    return Question(
        capability=ELICITATION,
        method="elicitation/create",
        params={"mode": "form", "message": message, "requestedSchema": schema},
        fits=_is_form_answer,
    )


def sampling(prompt: str, *, max_tokens: int) -> Question:
    """One turn of the client's own model. The answer holds `role`, `content` and `model`."""
    content = {"type": "text", "text": prompt}
    return Question(
        capability=SAMPLING,
        method="sampling/createMessage",
        params={"messages": [{"role": "user", "content": content}], "maxTokens": max_tokens},
        fits=lambda answer: "content" in answer,
    )


def roots() -> Question:
    """The directories that the client works in. The answer holds `roots`."""
    return Question(
        capability=ROOTS,
        method="roots/list",
        params={},
        fits=lambda answer: isinstance(answer.get("roots"), list),
    )


def _is_form_answer(answer: Answer) -> bool:
    action = answer.get("action")
    return action in _ACTIONS and (action != "accept" or isinstance(answer.get("content"), dict))
