"""One running request, as the code that serves it sees it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import trio

from onecgw.auth.context import CallContext
from onecgw.mcp import jsonrpc
from onecgw.mcp.channel import Channel
from onecgw.mcp.client_info import Client
from onecgw.mcp.client_requests import Answer, Question
from onecgw.mcp.rpc_errors import ClientLacks
from onecgw.mcp.validation import LOG_LEVELS

Ask = Callable[[Mapping[str, Question]], Awaitable[dict[str, Answer]]]

PROGRESS_INTERVAL_SECONDS: Final = 0.04  # a client that draws each of them gets 25 a second
PULSE_STEP: Final = 0.001  # how far a pulse moves the progress: an hour of them is 3.6


class Exchange:
    """A running request: who sent it, and what can be told or asked meanwhile.

    context: whose request it is, as the transport made it.
    client: the program that sent it, by its own account.
    """

    def __init__(
        self,
        *,
        context: CallContext,
        client: Client,
        channel: Channel,
        progress_token: bytes,
        log_level: str | None,
        ask: Ask,
    ) -> None:
        self.context = context
        self.client = client
        self._channel = channel
        self._token = progress_token if channel.can_stream else b""
        self._severity = LOG_LEVELS.index(log_level) if log_level else len(LOG_LEVELS)
        self._ask = ask
        self._done: float = -1
        self._total: float | None = None
        self._quiet_until: float = 0
        self._started_at = trio.current_time()
        if self._token:
            channel.pulse_with(self._pulse)

    async def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Tell how far it is; ignored unless the client asked for it.

        Only what lies beyond the last progress is sent, and not more than PROGRESS_INTERVAL_SECONDS
        allows.
        """
        now = trio.current_time()
        if not self._token or done <= self._done or (now < self._quiet_until and done != total):
            return
        self._done, self._total = done, total
        self._quiet_until = now + PROGRESS_INTERVAL_SECONDS
        await self._tell_progress(message)

    async def log(self, level: str, data: object, *, logger: str = "onecgw") -> None:
        """Send a log message to the client; ignored below the level it asked for."""
        if LOG_LEVELS.index(level) >= self._severity:
            params = {"level": level, "logger": logger, "data": data}
            await self._channel.send(jsonrpc.notification("notifications/message", params))

    def can_ask(self, capability: str) -> bool:
        """Whether the client offers elicitation, sampling or roots."""
        return capability in self.client.capabilities

    async def ask(self, questions: Mapping[str, Question]) -> dict[str, Answer]:
        """The client's answers, by the names of the questions.

        In the modern era the call is run again for each round: what it does before it asks must
        do no harm when it is done twice.

        Raises:
            ClientLacks: the client does not offer what a question needs.
            InvalidRequest: the client refused, or nobody answered in time.
            InputRequired: left to the engine.
        """
        self.require(*(question.capability for question in questions.values()))
        return await self._ask(questions)

    def require(self, *capabilities: str) -> None:
        """Refuse a client that does not offer these.

        Raises:
            ClientLacks: naming those that it does not offer.
        """
        lacking = sorted({name for name in capabilities if not self.can_ask(name)})
        if lacking:
            raise ClientLacks(*lacking)

    async def _pulse(self) -> None:
        """Show once a second that the call is alive, without overtaking its own progress."""
        now = trio.current_time()
        done = round(max(self._done, 0) + PULSE_STEP, 3)
        if now >= self._quiet_until and (self._total is None or done < self._total):
            self._done = done
            await self._tell_progress(f"working, {now - self._started_at:.0f} s")

    async def _tell_progress(self, message: str) -> None:
        fields: dict[str, object] = {"progress": self._done}
        if self._total is not None:
            fields["total"] = self._total
        if message:
            fields["message"] = message
        await self._channel.send(
            b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%b,%b}}'
            % (self._token, jsonrpc.members(fields))
        )
