"""The protocol engine: one body in, one response out, whatever the transport."""

import logging
import secrets
from functools import partial
from typing import Final

import attrs

from onecgw.auth.context import CallContext
from onecgw.auth.signing import MIN_KEY_BYTES, Signer
from onecgw.mcp import jsonrpc, validation
from onecgw.mcp.client_info import UNKNOWN_CLIENT, ClientInfo
from onecgw.mcp.handshake import LogLevels, handshake_methods, resume_session
from onecgw.mcp.methods import shared_methods
from onecgw.mcp.providers import Providers
from onecgw.mcp.request_context import Channel, NoChannel, RequestContext
from onecgw.mcp.requests_in_flight import RequestKey, RequestsInFlight
from onecgw.mcp.results import stateless_members
from onecgw.mcp.rpc_errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    ClientLacks,
    RpcError,
)
from onecgw.mcp.stateless import stateless_methods
from onecgw.mcp.subscriptions import Subscriptions
from onecgw.mcp.validation import NO_META, HeaderMirror, Meta
from onecgw.text import without_bom

log: Final = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Incoming:
    """What a transport received.

    context: the caller, as the transport authenticated it; passed on to the providers.
    channel: the way back while the request runs.
    mirror: the protocol's headers; None = the transport has none.
    session_id: the session of the handshake era that is named; "" = none.
    in_batch: the message is one of several in a body.
    """

    body: bytes
    context: CallContext
    channel: Channel
    mirror: HeaderMirror | None = None
    session_id: str = ""
    in_batch: bool = False

    @property
    def version_header(self) -> str | None:
        """The protocol version that the transport names."""
        return self.mirror.version if self.mirror is not None else None


@attrs.frozen(kw_only=True)
class Outgoing:
    """What a transport sends back.

    body: None = there is no response: to a notification, a response, or a cancelled request.
    is_stateless: the era, on which the HTTP status of an error depends.
    problem: the error in the body; None = the body holds a result.
    session_id: a session that begins with this response; "" = none.
    """

    body: bytes | None = None
    is_stateless: bool = False
    problem: RpcError | None = None
    session_id: str = ""


@attrs.frozen(kw_only=True)
class Ongoing:
    """What clients have begun and an engine of other settings continues."""

    requests: RequestsInFlight = attrs.field(factory=RequestsInFlight)
    log_levels: LogLevels = attrs.field(factory=LogLevels)


class Engine:
    """Serves what is mounted, in both eras.

    Args:
        providers: what is mounted.
        signing_key: at least 32 secret bytes; processes that share it serve the same sessions.
            None = a random key, which no other process has.
        subscriptions: the streams on which changes are sent; None = a new object.
        ongoing: what goes on from an engine before this one; None = there was none.
    """

    def __init__(
        self,
        providers: Providers,
        *,
        signing_key: bytes | None = None,
        subscriptions: Subscriptions | None = None,
        ongoing: Ongoing | None = None,
    ) -> None:
        self.subscriptions: Final = subscriptions or Subscriptions()
        self._sends_logs = providers.logging
        self._server_info = jsonrpc.encode(providers.info.implementation)
        self._signer = Signer(signing_key or secrets.token_bytes(MIN_KEY_BYTES))
        ongoing = ongoing or Ongoing()
        self._in_flight = ongoing.requests
        self._log_levels = ongoing.log_levels
        shared = shared_methods(providers, self._signer)
        handshake = handshake_methods(providers, self._signer, self._log_levels)
        self._handshake_methods = {**shared, **handshake}
        self._stateless_methods = {**shared, **stateless_methods(providers, self.subscriptions)}

    async def handle(self, incoming: Incoming) -> Outgoing:
        """Respond to one body. Raises nothing but cancellation."""
        body = incoming.body
        if body[:1] != b"{":
            body = without_bom(body)  # 1C's own HTTP client writes one
        if body.lstrip()[:1] != b"[":
            return await self._handle_message(body, incoming)
        try:
            messages = jsonrpc.read_batch(body)
            validation.check_batch(incoming.version_header)
        except RpcError as problem:
            return _error(problem, incoming)
        in_batch = attrs.evolve(incoming, channel=NoChannel(), in_batch=True)
        responses = [
            outgoing.body
            for raw in messages
            if (outgoing := await self._handle_message(raw, in_batch)).body is not None
        ]
        return Outgoing(body=b"[%b]" % b",".join(responses) if responses else None)

    async def _handle_message(self, raw: bytes, incoming: Incoming) -> Outgoing:
        version_header, meta, request_id = incoming.version_header, NO_META, b""
        try:
            message = jsonrpc.read_message(raw)
            request_id = message.request_id
            meta = validation.read_meta(message)
            is_stateless = validation.is_stateless(meta, version_header)
            if message.kind != "request":
                self._receive(message, incoming, is_stateless=is_stateless)
                return Outgoing(is_stateless=is_stateless)
            if is_stateless:
                client = validation.check_stateless(message, meta, incoming.mirror)
            else:
                client = self._handshake_client(message, incoming)
            return await self._serve(message, meta, client, incoming, is_stateless=is_stateless)
        except RpcError as error:
            problem = error
        except RecursionError:
            problem = RpcError(PARSE_ERROR, "the message is nested too deeply")
        except Exception:  # the outermost border: a defect must not end the connection
            fields = {"request_id": incoming.context.request_id, "sub": incoming.context.sub}
            log.exception("mcp.failed", extra={"fields": fields})
            text = f"internal error; the log has more under request {incoming.context.request_id}"
            problem = RpcError(INTERNAL_ERROR, text)
        return _error(problem, incoming, meta=meta, request_id=request_id)

    async def _serve(
        self,
        message: jsonrpc.Message,
        meta: Meta,
        client: ClientInfo,
        incoming: Incoming,
        *,
        is_stateless: bool,
    ) -> Outgoing:
        methods = self._stateless_methods if is_stateless else self._handshake_methods
        method = methods.get(message.method)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"unknown method: {message.method[:100]}")
        channel, sub, log_level = incoming.channel, incoming.context.caller.sub, None
        if is_stateless:
            log_level = validation.read_log_level(meta)
        elif self._sends_logs:
            log_level = self._log_levels.get(incoming.session_id)
        request = RequestContext(
            method=message.method,
            message_id=message.request_id,
            params=message.params,
            is_stateless=is_stateless,
            session_id=incoming.session_id,
            log_level=log_level,
            progress_token=validation.read_progress_token(meta),
            context=incoming.context.for_message(
                traceparent=validation.read_traceparent(meta),
                locale=validation.read_locale(meta),
                client_name=client.name and f"{client.name} {client.version}".rstrip(),
            ),
            client=client,
            channel=channel,
            send_requests=partial(self._in_flight.request_input, channel, sub),
        )
        if is_stateless and incoming.mirror is not None:  # over HTTP, only a disconnect cancels it
            result = await method(request)
        else:
            key = RequestKey(sub, incoming.session_id, message.request_id)
            finished = await self._in_flight.run(key, method(request))
            if finished is None:
                return Outgoing(is_stateless=is_stateless)
            result = finished
        members = result.members
        if is_stateless:
            members = stateless_members(
                self._server_info, result, method=message.method, message_id=message.request_id
            )
        return Outgoing(
            body=jsonrpc.result(message.request_id, *members),
            is_stateless=is_stateless,
            session_id=result.issued_session_id,
        )

    def _handshake_client(self, message: jsonrpc.Message, incoming: Incoming) -> ClientInfo:
        """The client of the session that a request of the handshake era names."""
        if message.method == "initialize":
            if incoming.in_batch:
                raise RpcError(INVALID_REQUEST, "initialize must not be part of a batch")
            return UNKNOWN_CLIENT
        if not incoming.session_id:
            return UNKNOWN_CLIENT
        client = resume_session(self._signer, incoming.session_id, sub=incoming.context.sub)
        if incoming.channel.can_stream:
            return client
        # In this era our requests to the client travel on the stream.
        return attrs.evolve(client, capabilities=frozenset())

    def _receive(self, message: jsonrpc.Message, incoming: Incoming, *, is_stateless: bool) -> None:
        """Take a message that gets no response."""
        over_http = incoming.mirror is not None
        if message.kind == "response":
            if is_stateless:
                raise RpcError(INVALID_REQUEST, "this revision has no responses from the client")
            self._in_flight.receive(message.params, sub=incoming.context.sub)
        elif message.method == "notifications/cancelled" and not (is_stateless and over_http):
            cancelled = validation.read_cancelled(message.params)
            key = RequestKey(incoming.context.sub, incoming.session_id, cancelled)
            self._in_flight.cancel(key)


def _error(
    problem: RpcError, incoming: Incoming, *, meta: Meta = NO_META, request_id: bytes = b""
) -> Outgoing:
    is_stateless = validation.is_stateless(meta, incoming.version_header)
    if isinstance(problem, ClientLacks) and not is_stateless:
        # The handshake era has no code for it.
        problem = RpcError(INVALID_PARAMS, problem.message)
    fields = {
        "request_id": incoming.context.request_id,
        "sub": incoming.context.sub,
        "code": problem.code,
        "message": problem.message,
    }
    log.info("mcp.refused", extra={"fields": fields})
    body = jsonrpc.error(problem, request_id or problem.request_id)
    return Outgoing(body=body, is_stateless=is_stateless, problem=problem)
