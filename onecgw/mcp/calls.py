"""One admitted request on its way to the method that serves it, and what the method returns."""

from collections.abc import Awaitable, Callable
from typing import Literal

import attrs

from onecgw.auth.context import CallContext
from onecgw.mcp.channel import Channel
from onecgw.mcp.client_info import Client


@attrs.frozen(kw_only=True)
class Call:
    """A request that passed the checks.

    message_id: the id of the message, as it was sent.
    params: the JSON object, as it was sent; b"" for none.
    modern: the era; it decides what a result looks like and how questions are asked.
    session_id: of the legacy era; "" for none.
    progress_token: as it was sent; b"" for none.
    log_level: the least severe log message that is wanted; None for none.
    """

    method: str
    message_id: bytes
    params: bytes
    modern: bool
    session_id: str
    context: CallContext
    client: Client
    channel: Channel
    progress_token: bytes
    log_level: str | None


# Of JSON, in order. They are put together once, by `wire.result`: each copy of a large answer
# costs as much as reading it.
Pieces = tuple[bytes, ...]


@attrs.frozen
class Result:
    """What a method answers.

    members: of the result object, as in `"a":1,"b":2`, without the braces.
    issued_session_id: a session that begins with this answer; "" for none.
    """

    members: Pieces = ()
    kind: Literal["complete", "input_required"] = "complete"
    issued_session_id: str = ""


Method = Callable[[Call], Awaitable[Result]]
