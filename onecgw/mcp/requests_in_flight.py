"""Requests that run in this process: those of clients, which can be cancelled, and ours to clients.

Neither outlives its connection, so neither is a session. A cancellation or a response may come over
another connection, to another process: it is passed on to the peers.
"""

import secrets
from collections.abc import Awaitable, Mapping
from typing import Final, TypeVar

import attrs
import msgspec
import trio

from onecgw.errors import InvalidRequest
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_requests import InputRequest, InputResponse
from onecgw.mcp.request_context import Channel
from onecgw.mcp.rpc_errors import RpcError
from onecgw.peers import CANCELLED, RESPONDED, Peers

T = TypeVar("T")

RESPONSE_SECONDS: Final = 600  # for a person to respond while the request waits


@attrs.frozen
class RequestKey:
    """One request of one client: its caller, its session ("" = none) and its id as sent."""

    sub: str
    session: str
    request_id: bytes


class _Response(msgspec.Struct, gc=False):
    id: str = ""
    result: msgspec.Raw = msgspec.Raw(b"")


@attrs.frozen(kw_only=True)
class _Answered:
    """A client's response to one of our requests."""

    request_id: str
    sub: str
    response: InputResponse | None


@attrs.define
class _PendingRequest:
    sub: str
    responded: trio.Event = attrs.field(factory=trio.Event)
    response: InputResponse | None = None


class RequestsInFlight:
    """The requests of clients that run, and our requests to clients that wait for a response.

    Args:
        peers: the processes to which clients may have sent the rest of a conversation.
    """

    def __init__(self, peers: Peers | None = None) -> None:
        self._peers = peers or Peers()
        self._peers.subscribe(CANCELLED, self._cancel)
        self._peers.subscribe(RESPONDED, self._respond)
        self._running: dict[RequestKey, list[trio.CancelScope]] = {}
        self._pending: dict[str, _PendingRequest] = {}

    async def run(self, key: RequestKey, work: Awaitable[T]) -> T | None:
        """Run work; return None if `cancel` was called with the same key."""
        with trio.CancelScope() as scope:
            self._running.setdefault(key, []).append(scope)
            try:
                return await work
            finally:
                scopes = self._running[key]
                scopes.remove(scope)
                if not scopes:
                    del self._running[key]
        return None

    def cancel(self, key: RequestKey) -> None:
        """Cancel the request of the key; do nothing if there is none, or more than one."""
        if not self._cancel(key):
            self._peers.publish(CANCELLED, key)

    def _cancel(self, key: RequestKey) -> bool:
        """Cancel a request of this process; return whether it has any of the key."""
        scopes = self._running.get(key, [])
        if len(scopes) == 1:
            scopes[0].cancel()
        return bool(scopes)

    async def request_input(
        self, channel: Channel, sub: str, requests: Mapping[str, InputRequest]
    ) -> dict[str, InputResponse]:
        """Send requests to the client on the stream of its own request; wait for the responses.

        Raises:
            InvalidRequest: a response is an error, has the wrong shape, or came too late.
        """
        pending = {name: _PendingRequest(sub) for name in requests}
        ids = {name: f"onecgw-{secrets.token_urlsafe(12)}" for name in requests}
        try:
            for name, request in requests.items():
                self._pending[ids[name]] = pending[name]
                await channel.send(jsonrpc.request(ids[name], request.method, request.params))
            with trio.move_on_after(RESPONSE_SECONDS):
                for one in pending.values():
                    await one.responded.wait()
        finally:
            for request_id in ids.values():
                self._pending.pop(request_id, None)
        return {name: _checked(one.response, requests[name]) for name, one in pending.items()}

    def receive(self, message: bytes, *, sub: str) -> None:
        """Take a response of a client; drop it if no request waits for it."""
        try:
            read = jsonrpc.read_params(message, _Response)
            response = jsonrpc.read_params(bytes(read.result), dict[str, object])
        except RpcError:
            return
        answered = _Answered(
            request_id=read.id, sub=sub, response=response if read.result else None
        )
        if not self._respond(answered):
            self._peers.publish(RESPONDED, answered)

    def _respond(self, answered: "_Answered") -> bool:
        """Take a response to a request of this process; return False if it is of another."""
        pending = self._pending.get(answered.request_id)
        if pending is None:
            return False
        if pending.sub == answered.sub:
            pending.response = answered.response
            pending.responded.set()
        return True


def _checked(response: InputResponse | None, request: InputRequest) -> InputResponse:
    if response is None or not request.accepts(response):
        raise InvalidRequest(f"the client did not answer {request.method}")
    return response
