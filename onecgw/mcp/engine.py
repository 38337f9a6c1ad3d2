"""The protocol engine: one body in, one answer out, whatever the transport."""

import logging
import secrets
from typing import Final

import attrs

from onecgw.auth.context import CallContext
from onecgw.auth.signing import MIN_KEY_BYTES, Sealer
from onecgw.mcp import jsonrpc, validation
from onecgw.mcp.calls import Call, Result
from onecgw.mcp.capabilities import implementation
from onecgw.mcp.channel import Channel, NoChannel
from onecgw.mcp.client_info import NOBODY, Client
from onecgw.mcp.handshake import LogLevels, legacy_methods
from onecgw.mcp.methods import shared_methods
from onecgw.mcp.providers import Features
from onecgw.mcp.requests_in_flight import Inflight, RequestKey
from onecgw.mcp.rpc_errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    ClientLacks,
    RpcError,
)
from onecgw.mcp.sessions import resume
from onecgw.mcp.stateless import modern_methods, modern_result
from onecgw.mcp.subscriptions import Hub
from onecgw.mcp.validation import Meta, Mirror

log: Final = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Incoming:
    """What a transport received.

    context: whose message it is, passed on to what is mounted.
    channel: the way back while it runs.
    mirror: the protocol's headers; None where the transport has none.
    session_id: the legacy session it names; "" for none.
    in_batch: it is one message of several in a body.
    """

    body: bytes
    context: CallContext
    channel: Channel
    mirror: Mirror | None = None
    session_id: str = ""
    in_batch: bool = False

    @property
    def version_header(self) -> str | None:
        """The protocol version that the transport names."""
        return self.mirror.version if self.mirror is not None else None


@attrs.frozen(kw_only=True)
class Outgoing:
    """What goes back.

    body: None if there is nothing to answer: a notification, a response, a cancelled request.
    modern: the era, which decides how a transport reports a problem.
    problem: the error that the body reports; None for a result.
    session_id: a session that begins here; "" for none.
    """

    body: bytes | None = None
    modern: bool = False
    problem: RpcError | None = None
    session_id: str = ""


class Engine:
    """Serves what is mounted, in both eras.

    Args:
        features: what is mounted.
        sealing_key: at least 32 secret bytes; processes that share it serve the same sessions.
            None: a key of this process alone.
        hub: through which changes are told to the clients that listen.
    """

    def __init__(
        self, features: Features, *, sealing_key: bytes | None = None, hub: Hub | None = None
    ) -> None:
        self.hub: Final = hub or Hub()
        self._features = features
        self._info = jsonrpc.encode(implementation(features.info))
        self._sealer = Sealer(sealing_key or secrets.token_bytes(MIN_KEY_BYTES))
        self._inflight = Inflight()
        self._levels = LogLevels()
        shared = shared_methods(features, sealer=self._sealer, inflight=self._inflight)
        self._modern = {**shared, **modern_methods(features, self.hub)}
        self._legacy = {**shared, **legacy_methods(features, self._sealer, self._levels)}

    async def handle(self, incoming: Incoming) -> Outgoing:
        """The answer to one body. Never raises, but for cancellation."""
        modern = validation.is_modern(validation.NO_META, incoming.version_header)
        try:
            read = jsonrpc.read_body(incoming.body)
            if isinstance(read, list):
                validation.admit_batch(incoming.version_header)
        except RpcError as problem:
            return _refused(problem, incoming, modern=modern)
        if isinstance(read, bytes):
            return await self._handle_one(read, incoming)
        quiet = attrs.evolve(incoming, channel=NoChannel(), in_batch=True)
        answers = [
            answer.body
            for raw in read
            if (answer := await self._handle_one(raw, quiet)).body is not None
        ]
        return Outgoing(body=b"[%b]" % b",".join(answers) if answers else None)

    async def _handle_one(self, raw: bytes, incoming: Incoming) -> Outgoing:
        modern = validation.is_modern(validation.NO_META, incoming.version_header)
        request_id = b""
        try:
            message = jsonrpc.read_message(raw)
            request_id = message.request_id
            meta = validation.read_meta(message.params) if message.method else validation.NO_META
            modern = validation.is_modern(meta, incoming.version_header)
            if message.kind != "request":
                self._receive(message, incoming, modern=modern)
                return Outgoing(modern=modern)
            if modern:
                return await self._serve_modern(message, meta, incoming)
            return await self._serve_legacy(message, meta, incoming)
        except RpcError as problem:
            return _refused(problem, incoming, modern=modern, request_id=request_id)
        except RecursionError:
            deep = RpcError(PARSE_ERROR, "the message is nested too deeply")
            return _refused(deep, incoming, modern=modern, request_id=request_id)
        except Exception:  # the border: a fault of ours must not take the connection with it
            fields = {"request_id": incoming.context.request_id, "sub": incoming.context.sub}
            log.exception("mcp.failed", extra={"fields": fields})
            text = f"internal error; the log has more under request {incoming.context.request_id}"
            fault = RpcError(INTERNAL_ERROR, text)
            return _refused(fault, incoming, modern=modern, request_id=request_id)

    async def _serve_modern(
        self, message: jsonrpc.Message, meta: Meta, incoming: Incoming
    ) -> Outgoing:
        client = validation.admit_modern(message, meta, incoming.mirror)
        method = self._modern.get(message.method)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"unknown method: {message.method[:100]}")
        call = _call(message, meta, incoming, client=client, modern=True)
        if incoming.mirror is None:
            return await self._serve_cancellable(call, incoming)
        return self._answer(call, await method(call))

    async def _serve_legacy(
        self, message: jsonrpc.Message, meta: Meta, incoming: Incoming
    ) -> Outgoing:
        if incoming.in_batch and message.method == "initialize":
            raise RpcError(INVALID_REQUEST, "initialize must not be part of a batch")
        client = NOBODY
        if incoming.session_id and message.method != "initialize":
            session = resume(self._sealer, incoming.session_id, sub=incoming.context.sub)
            client = session.client
            if not incoming.channel.can_stream:  # questions of this era travel on the stream
                client = attrs.evolve(client, capabilities=frozenset())
        if message.method not in self._legacy:
            raise RpcError(METHOD_NOT_FOUND, f"unknown method: {message.method[:100]}")
        call = _call(message, meta, incoming, client=client, modern=False)
        if self._features.logging:
            call = attrs.evolve(call, log_level=self._levels.get(incoming.session_id))
        try:
            return await self._serve_cancellable(call, incoming)
        except ClientLacks as problem:  # the legacy eras have no code of its own for it
            raise RpcError(INVALID_PARAMS, problem.message) from problem

    async def _serve_cancellable(self, call: Call, incoming: Incoming) -> Outgoing:
        """Serve a request that a `notifications/cancelled` can end."""
        methods = self._modern if call.modern else self._legacy
        key = RequestKey(incoming.context.sub, incoming.session_id, call.message_id)
        result = await self._inflight.run(key, methods[call.method](call))
        if result is None:
            return Outgoing(modern=call.modern)  # no answer is owed
        return self._answer(call, result)

    def _answer(self, call: Call, result: Result) -> Outgoing:
        members = modern_result(self._info, call, result) if call.modern else result.members
        return Outgoing(
            body=jsonrpc.result(call.message_id, *members),
            modern=call.modern,
            session_id=result.issued_session_id,
        )

    def _receive(self, message: jsonrpc.Message, incoming: Incoming, *, modern: bool) -> None:
        """Take a message that gets no answer."""
        over_http = incoming.mirror is not None
        if message.kind == "response":
            if modern:
                raise RpcError(INVALID_REQUEST, "this revision has no responses from the client")
            self._inflight.receive(message.params, sub=incoming.context.sub)
        elif message.method == "notifications/cancelled" and not (modern and over_http):
            cancelled = validation.read_cancelled(message.params)
            key = RequestKey(incoming.context.sub, incoming.session_id, cancelled)
            self._inflight.cancel(key)


def _call(
    message: jsonrpc.Message, meta: Meta, incoming: Incoming, *, client: Client, modern: bool
) -> Call:
    return Call(
        method=message.method,
        message_id=message.request_id,
        params=message.params,
        modern=modern,
        session_id=incoming.session_id,
        context=incoming.context.for_message(
            client_name=f"{client.name} {client.version}".rstrip() if client.name else "",
            traceparent=validation.read_traceparent(meta),
        ),
        client=client,
        channel=incoming.channel,
        progress_token=validation.read_progress_token(meta),
        log_level=validation.read_log_level(meta) if modern else None,
    )


def _refused(
    problem: RpcError, incoming: Incoming, *, modern: bool, request_id: bytes = b""
) -> Outgoing:
    fields = {
        "request_id": incoming.context.request_id,
        "sub": incoming.context.sub,
        "code": problem.code,
        "message": problem.message,
    }
    log.info("mcp.refused", extra={"fields": fields})
    body = jsonrpc.error(problem, request_id or problem.request_id)
    return Outgoing(body=body, modern=modern, problem=problem)
