"""The backend for bases with the HTTP service `mcp`."""

from functools import lru_cache
from typing import Final
from urllib.parse import quote

import msgspec

from onecgw.auth.caller import Caller
from onecgw.auth.context import CallContext
from onecgw.auth.key_verification import InvalidKey, KeyVerdict, UncheckedKey
from onecgw.backends.base import BackendCall, BackendState
from onecgw.backends.errors.failures import failure_of
from onecgw.backends.http.call_log import CallRecord
from onecgw.backends.http.client import GATEWAY_SUB, HttpClient
from onecgw.backends.http.memory import Lease
from onecgw.backends.http.transport import HttpRequest, Transport
from onecgw.backends.http_service.capabilities import read_capabilities
from onecgw.backends.http_service.key_verification import denies_key, read_identity
from onecgw.backends.http_service.paths import HEALTH_PATH, ROOT, VERIFY_PATH
from onecgw.catalogue.capabilities import Capabilities
from onecgw.errors import OnecError
from onecgw.settings import OnecSettings

_VISIBLE_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))


class HttpServiceBackend:
    """A base that answers the contract's operations itself, at `/mcp/…`.

    Args:
        settings: where 1C is and how many calls it may get at once.
        max_response_bytes: the largest answer, inflated.
        transport: for tests; the default opens sockets.
    """

    def __init__(
        self,
        settings: OnecSettings,
        *,
        max_response_bytes: int,
        transport: Transport | None = None,
    ) -> None:
        self._http = HttpClient(
            settings,
            max_response_bytes=max_response_bytes,
            finish_path=HEALTH_PATH,
            failure_of=failure_of,
            transport=transport,
        )

    async def fetch(self, call: BackendCall) -> bytes:
        """The answer to an operation, as 1C sends it."""
        memory = call.held.enter_context(self._http.lease()) if call.held is not None else None
        answer = await self._http.send(
            make_request(f"{ROOT}/{call.operation}", call.body, call.context, memory)
        )
        if memory is not None:
            memory.grow(len(answer))  # for what is made of it
        return answer

    async def capabilities(self) -> Capabilities:
        """What `GET /mcp/health` says of the base."""
        return read_capabilities(
            await self._http.send(make_request(HEALTH_PATH, b"", _own_context("capabilities")))
        )

    async def verify_key(self, key: str, request_id: str) -> KeyVerdict:
        """What `POST /mcp/auth/verify` says of a key."""
        body = msgspec.json.encode({"key": key})
        request = make_request(VERIFY_PATH, body, _own_context(request_id))
        record = CallRecord(request=request)
        try:
            return read_identity(await self._http.send(request, record))
        except OnecError as error:
            failure = record.failure
            if failure is not None and failure.reply is not None and denies_key(failure.reply):
                return InvalidKey()
            return UncheckedKey(error=error)

    def state(self) -> BackendState:
        """How 1C is doing."""
        return self._http.state()

    async def run(self) -> None:
        """End the sessions in 1C whose calls were cancelled or failed."""
        await self._http.end_abandoned_sessions()

    async def aclose(self) -> None:
        """End the sessions kept in 1C, then close every connection."""
        await self._http.aclose()


def make_request(
    path: str, body: bytes, context: CallContext, memory: Lease | None = None
) -> HttpRequest:
    """A request with the headers that differ from call to call (the contract, section 1)."""
    caller, traceparent = context.caller, context.traceparent
    return HttpRequest(
        path=path,
        body=body,
        sub=caller.sub,
        request_id=context.request_id,
        memory=memory,
        headers=(
            ("Content-Type", "application/json"),
            # A sub may hold any characters; those that a header cannot carry are percent-encoded.
            ("X-MCP-Sub", _escape(caller.sub)),
            ("X-MCP-Scopes", caller.scopes_header),
            ("X-Request-ID", context.request_id),
            *((("traceparent", traceparent),) if traceparent else ()),
        ),
    )


@lru_cache(maxsize=1_000)
def _escape(sub: str) -> str:
    return quote(sub, safe=_VISIBLE_ASCII)


def _own_context(request_id: str) -> CallContext:
    """The context of a call that the gateway makes for itself, without any right."""
    caller = Caller(sub=GATEWAY_SUB, scopes=frozenset())
    return CallContext(caller=caller, request_id=request_id, surface="mcp")
