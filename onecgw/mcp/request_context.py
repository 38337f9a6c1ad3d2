"""One running request: what the client sent, and the way back to the client meanwhile."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import attrs
import trio

from onecgw.auth.context import CallContext
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_info import ClientInfo
from onecgw.mcp.client_requests import InputRequest, InputResponse
from onecgw.mcp.input_required import pick_responses
from onecgw.mcp.results import MethodResult
from onecgw.mcp.rpc_errors import ClientLacks
from onecgw.mcp.validation import LOG_LEVELS

PROGRESS_INTERVAL_SECONDS: Final = 0.04  # at most 25 notifications a second
PULSE_STEP: Final = 0.001  # how far a pulse moves the progress: 3.6 in an hour


class Channel(Protocol):
    """What a transport offers to a running request."""

    @property
    def can_stream(self) -> bool:
        """Whether messages can be sent before the result."""
        ...

    async def send(self, message: bytes) -> None:
        """Send a notification or a request; it is dropped if the channel cannot stream."""
        ...

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """Have the transport call `pulse` once a second until the result is sent."""
        ...


class NoChannel:
    """The channel of a request in a batch: nothing can be sent before the result."""

    can_stream = False

    async def send(self, message: bytes) -> None:
        """Drop the message."""

    def pulse_with(self, pulse: Callable[[], Awaitable[None]]) -> None:
        """Do nothing: there is no stream to keep alive."""


RequestInput = Callable[[Mapping[str, InputRequest]], Awaitable[dict[str, InputResponse]]]


@attrs.define(kw_only=True)
class RequestContext:
    """A request that passed the checks, as methods and providers see it.

    message_id: the JSON-RPC id, byte for byte as it was sent.
    params: the JSON object as it was sent; b"" = none.
    session_id: of the handshake era; "" = none.
    context: the caller, as the transport authenticated it.
    client: the program that sent the request, as it describes itself.
    progress_token: as it was sent; b"" = no progress is wanted.
    log_level: the least severe log message that is wanted; None = none is.
    responses: stateless era: the client's responses so far, by the names of the requests.
    """

    method: str
    message_id: bytes
    params: bytes
    is_stateless: bool
    session_id: str
    context: CallContext
    client: ClientInfo
    progress_token: bytes
    log_level: str | None
    channel: Channel
    responses: Mapping[str, InputResponse] = attrs.field(factory=dict)
    _send_requests: RequestInput
    _done: float = attrs.field(default=-1, init=False)
    _total: float | None = attrs.field(default=None, init=False)
    _next_progress_at: float = attrs.field(default=0, init=False)
    _started_at: float = attrs.field(factory=trio.current_time, init=False)

    def start_pulse(self) -> None:
        """Show once a second that the request is running, if the client wants progress."""
        if self._sends_progress:
            self.channel.pulse_with(self._pulse)

    async def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Send a progress notification, if the client asked for them.

        A value that does not exceed the last one is dropped, and so is one that comes within
        PROGRESS_INTERVAL_SECONDS of it, unless it is the total.
        """
        now = trio.current_time()
        is_early = now < self._next_progress_at and done != total
        if not self._sends_progress or done <= self._done or is_early:
            return
        self._done, self._total = done, total
        self._next_progress_at = now + PROGRESS_INTERVAL_SECONDS
        await self._send_progress(message)

    async def log(self, level: str, data: object, *, logger: str = "onecgw") -> None:
        """Send a log message to the client, unless it is below the level that it set."""
        if self.log_level and LOG_LEVELS.index(level) >= LOG_LEVELS.index(self.log_level):
            params = {"level": level, "logger": logger, "data": data}
            await self.channel.send(jsonrpc.notification("notifications/message", params))

    def supports(self, capability: str) -> bool:
        """Whether the client declared the capability."""
        return capability in self.client.capabilities

    async def request_input(self, requests: Mapping[str, InputRequest]) -> dict[str, InputResponse]:
        """Send requests to the client; return its responses by the names of the requests.

        In the stateless era the tool runs again from its beginning once the responses are there:
        what it does before it calls this must be harmless when it is done twice.

        Raises:
            ClientLacks: the client did not declare a capability that a request needs.
            InvalidRequest: the client refused, or did not respond in time.
            InputRequired: responses are missing (stateless era); the engine handles it.
        """
        self.require(*(request.capability for request in requests.values()))
        if self.is_stateless:
            return pick_responses(requests, self.responses)
        return await self._send_requests(requests)

    def require(self, *capabilities: str) -> None:
        """Check that the client declared the capabilities.

        Raises:
            ClientLacks: it names those that are missing.
        """
        missing = sorted({name for name in capabilities if not self.supports(name)})
        if missing:
            raise ClientLacks(*missing)

    @property
    def _sends_progress(self) -> bool:
        return bool(self.progress_token) and self.channel.can_stream

    async def _pulse(self) -> None:
        """Move the progress a little, without reaching the total or the tool's next value."""
        now = trio.current_time()
        done = round(max(self._done, 0) + PULSE_STEP, 3)
        if now >= self._next_progress_at and (self._total is None or done < self._total):
            self._done = done
            await self._send_progress(f"working, {now - self._started_at:.0f} s")

    async def _send_progress(self, message: str) -> None:
        fields: dict[str, object] = {"progress": self._done}
        if self._total is not None:
            fields["total"] = self._total
        if message:
            fields["message"] = message
        await self.channel.send(
            b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%b,%b}}'
            % (self.progress_token, jsonrpc.members(fields))
        )


Method = Callable[[RequestContext], Awaitable[MethodResult]]
