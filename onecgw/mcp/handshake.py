"""The handshake era: sessions, initialize, ping, log levels, resource subscriptions.

A session id carries what `initialize` agreed on, signed and never stored. So any process with the
same key serves the next request, and a restart ends no session.
"""

import secrets
import time
from collections import OrderedDict
from functools import partial
from typing import Final

import msgspec

from onecgw.auth.signing import BadSignature, Signer
from onecgw.mcp import jsonrpc
from onecgw.mcp.client_info import ClientInfo, read_client
from onecgw.mcp.providers import Providers
from onecgw.mcp.request_context import Method, RequestContext
from onecgw.mcp.results import MethodResult
from onecgw.mcp.rpc_errors import SESSION_NOT_FOUND, RpcError
from onecgw.mcp.validation import HANDSHAKE_VERSIONS, check_log_level
from onecgw.peers import LOG_LEVEL, Peers

LATEST_HANDSHAKE_VERSION: Final = HANDSHAKE_VERSIONS[0]
SESSION_SECONDS: Final = 30 * 24 * 3600  # as long as an unused refresh token is valid
PURPOSE: Final = "mcp session"
DEFAULT_LOG_LEVEL: Final = "info"
MAX_LOG_LEVELS: Final = 10_000


class LogLevels:
    """The log level of each session, in memory.

    A session whose level is forgotten is back at DEFAULT_LOG_LEVEL. A client without a session
    ("") keeps that level.

    Args:
        peers: the processes that serve the same sessions.
    """

    def __init__(self, peers: Peers | None = None) -> None:
        self._peers = peers or Peers()
        self._peers.subscribe(LOG_LEVEL, lambda of_session: self._set(*of_session))
        self._levels: OrderedDict[str, str] = OrderedDict()

    def set(self, session_id: str, level: str) -> None:
        """Set a session's level; above MAX_LOG_LEVELS the oldest one is forgotten."""
        if session_id:
            self._set(session_id, level)
            self._peers.publish(LOG_LEVEL, (session_id, level))

    def _set(self, session_id: str, level: str) -> None:
        self._levels[session_id] = level
        self._levels.move_to_end(session_id)
        if len(self._levels) > MAX_LOG_LEVELS:
            self._levels.popitem(last=False)

    def get(self, session_id: str) -> str:
        """The session's level."""
        return self._levels.get(session_id, DEFAULT_LOG_LEVEL)


class _SignedSession(msgspec.Struct, gc=False, array_like=True):
    sub: str
    expires: int
    nonce: str
    version: str
    client_name: str
    client_version: str
    capabilities: list[str]


class _Initialize(msgspec.Struct, gc=False):
    version: str = msgspec.field(name="protocolVersion")
    capabilities: msgspec.Raw = msgspec.Raw(b"")
    client: msgspec.Raw = msgspec.field(name="clientInfo", default=msgspec.Raw(b""))


class _Level(msgspec.Struct, gc=False):
    level: str


class _Uri(msgspec.Struct, gc=False):
    uri: str


def issue_session(signer: Signer, client: ClientInfo, *, sub: str, version: str) -> str:
    """A new session id for the caller, with the agreed version and the client."""
    session = _SignedSession(
        sub=sub,
        expires=int(time.time()) + SESSION_SECONDS,
        nonce=secrets.token_urlsafe(9),  # two sessions of one caller differ
        version=version,
        client_name=client.name,
        client_version=client.version,
        capabilities=sorted(client.capabilities),
    )
    return signer.sign(session, purpose=PURPOSE)


def resume_session(signer: Signer, session_id: str, *, sub: str) -> ClientInfo:
    """The client of a session.

    Raises:
        RpcError: -32001, the id is forged, expired, or another caller's.
    """
    try:
        session = signer.open(session_id, _SignedSession, purpose=PURPOSE)
    except BadSignature as error:
        raise RpcError(SESSION_NOT_FOUND, "unknown session; initialize again") from error
    if session.sub != sub or session.expires < time.time():
        raise RpcError(SESSION_NOT_FOUND, "the session has ended; initialize again")
    return ClientInfo(
        name=session.client_name,
        version=session.client_version,
        capabilities=frozenset(session.capabilities),
    )


def handshake_methods(providers: Providers, signer: Signer, levels: LogLevels) -> dict[str, Method]:
    """The methods that only the handshake era has, by their names."""
    methods: dict[str, Method] = {
        "initialize": partial(_initialize, providers, signer),
        "ping": _ping,
    }
    if providers.logging:
        methods["logging/setLevel"] = partial(_set_level, levels)
    if providers.resource_updates:
        # Accepted without effect: updates are sent on listen streams, which this era lacks.
        methods["resources/subscribe"] = methods["resources/unsubscribe"] = _accept_subscription
    return methods


async def _initialize(
    providers: Providers, signer: Signer, request: RequestContext
) -> MethodResult:
    params = jsonrpc.read_params(request.params, _Initialize)
    version = params.version if params.version in HANDSHAKE_VERSIONS else LATEST_HANDSHAKE_VERSION
    client = read_client(bytes(params.client), bytes(params.capabilities))
    fields: dict[str, object] = {
        "protocolVersion": version,
        "capabilities": providers.capabilities(is_stateless=False),
        "serverInfo": providers.info.implementation,
        **providers.info.instructions_member(request.context),
    }
    session_id = issue_session(signer, client, sub=request.context.sub, version=version)
    return MethodResult((jsonrpc.members(fields),), issued_session_id=session_id)


async def _ping(_request: RequestContext) -> MethodResult:
    return MethodResult()


async def _set_level(levels: LogLevels, request: RequestContext) -> MethodResult:
    level = check_log_level(jsonrpc.read_params(request.params, _Level).level)
    levels.set(request.session_id, level)
    return MethodResult()


async def _accept_subscription(request: RequestContext) -> MethodResult:
    jsonrpc.read_params(request.params, _Uri)
    return MethodResult()
