"""The requests to a client that no tool of the gateway makes: to its model, for its directories."""

from onecgw.mcp.client_info import ROOTS, SAMPLING
from onecgw.mcp.client_requests import InputRequest


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
