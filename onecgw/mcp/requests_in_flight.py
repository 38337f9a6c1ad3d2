"""What is under way in this process: requests that can be cancelled, questions that wait.

Neither outlives its connection, so neither is a session: the request's answer, and the
question's, travel on a stream that this process holds.
"""

import secrets
from collections.abc import Awaitable, Mapping
from typing import Final, TypeVar

import attrs
import msgspec
import trio

from onecgw.errors import InvalidRequest
from onecgw.mcp import jsonrpc
from onecgw.mcp.channel import Channel
from onecgw.mcp.client_requests import Answer, Question
from onecgw.mcp.rpc_errors import RpcError

T = TypeVar("T")

QUESTION_SECONDS: Final = 600  # for a person to answer while the request waits


@attrs.frozen
class RequestKey:
    """One request of one client: its caller, its session ("" for none) and its id as sent."""

    sub: str
    session: str
    request_id: bytes


class _Reply(msgspec.Struct, gc=False):
    id: str = ""
    result: msgspec.Raw = msgspec.Raw(b"")


@attrs.define
class _Waiter:
    sub: str
    answered: trio.Event = attrs.field(factory=trio.Event)
    answer: Answer | None = None


class Inflight:
    """The requests and questions under way."""

    def __init__(self) -> None:
        self._running: dict[RequestKey, list[trio.CancelScope]] = {}
        self._waiting: dict[str, _Waiter] = {}

    async def run(self, key: RequestKey, work: Awaitable[T]) -> T | None:
        """What work returns, or None once `cancel` was called with the same key."""
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
        """End a running request. One that is not there, or not the only one, is left alone."""
        scopes = self._running.get(key, [])
        if len(scopes) == 1:
            scopes[0].cancel()

    async def ask(
        self, questions: Mapping[str, Question], channel: Channel, *, sub: str
    ) -> dict[str, Answer]:
        """Send the questions to the client and wait for its answers.

        Raises:
            InvalidRequest: the client refused one, answered nonsense, or not in time.
        """
        waiters = {name: _Waiter(sub) for name in questions}
        ids = {name: f"onecgw-{secrets.token_urlsafe(12)}" for name in questions}
        try:
            for name, question in questions.items():
                self._waiting[ids[name]] = waiters[name]
                await channel.send(jsonrpc.request(ids[name], question.method, question.params))
            with trio.move_on_after(QUESTION_SECONDS):
                for waiter in waiters.values():
                    await waiter.answered.wait()
        finally:
            for request_id in ids.values():
                self._waiting.pop(request_id, None)
        return {name: _accept(waiter.answer, questions[name]) for name, waiter in waiters.items()}

    def receive(self, reply: bytes, *, sub: str) -> None:
        """Take a response that the client sent; one that nobody waits for is dropped."""
        try:
            read = jsonrpc.read_params(reply, _Reply)
            answer = jsonrpc.read_params(bytes(read.result), dict[str, object])
        except RpcError:
            return
        waiter = self._waiting.get(read.id)
        if waiter is not None and waiter.sub == sub:
            waiter.answer = answer if read.result else None
            waiter.answered.set()


def _accept(answer: Answer | None, question: Question) -> Answer:
    if answer is None or not question.fits(answer):
        raise InvalidRequest(f"the client did not answer {question.method}")
    return answer
