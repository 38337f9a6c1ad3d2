"""The methods of the handshake era: initialize, ping, log levels, resource subscriptions."""

import secrets
from collections import OrderedDict
from functools import partial
from typing import Final

import msgspec

from onecgw.auth.signing import Sealer
from onecgw.mcp import jsonrpc
from onecgw.mcp.calls import Call, Method, Result
from onecgw.mcp.capabilities import capabilities_of, implementation
from onecgw.mcp.client_info import read_client
from onecgw.mcp.providers import Features
from onecgw.mcp.rpc_errors import INVALID_PARAMS, RpcError
from onecgw.mcp.sessions import Session, issue
from onecgw.mcp.validation import LOG_LEVELS
from onecgw.mcp.versions import LATEST_LEGACY, LEGACY

DEFAULT_LOG_LEVEL: Final = "info"
MAX_LOG_LEVELS: Final = 10_000


class LogLevels:
    """The level that each session asked for, as long as this process remembers.

    Forgetting one costs nothing: the session is back at DEFAULT_LOG_LEVEL. A client without a
    session ("") stays there.
    """

    def __init__(self) -> None:
        self._levels: OrderedDict[str, str] = OrderedDict()

    def set(self, session_id: str, level: str) -> None:
        """Remember a session's level; the oldest make room."""
        if not session_id:
            return
        self._levels[session_id] = level
        self._levels.move_to_end(session_id)
        if len(self._levels) > MAX_LOG_LEVELS:
            self._levels.popitem(last=False)

    def get(self, session_id: str) -> str:
        """The session's level."""
        return self._levels.get(session_id, DEFAULT_LOG_LEVEL)


class _Initialize(msgspec.Struct, gc=False):
    version: str = msgspec.field(name="protocolVersion")
    capabilities: msgspec.Raw = msgspec.Raw(b"")
    client: msgspec.Raw = msgspec.field(name="clientInfo", default=msgspec.Raw(b""))


class _Level(msgspec.Struct, gc=False):
    level: str


class _Uri(msgspec.Struct, gc=False):
    uri: str


def legacy_methods(features: Features, sealer: Sealer, levels: LogLevels) -> dict[str, Method]:
    """The methods that only the legacy era has, by their names."""
    methods: dict[str, Method] = {
        "initialize": partial(_initialize, features, sealer),
        "ping": _ping,
    }
    if features.logging:
        methods["logging/setLevel"] = partial(_set_level, levels)
    if features.resource_updates:
        # Agreed to, and never used: updates are told on listen streams, which this era lacks.
        methods["resources/subscribe"] = methods["resources/unsubscribe"] = _agree
    return methods


async def _initialize(features: Features, sealer: Sealer, call: Call) -> Result:
    params = jsonrpc.read_params(call.params, _Initialize)
    version = params.version if params.version in LEGACY else LATEST_LEGACY
    session = Session(
        version=version, client=read_client(bytes(params.client), bytes(params.capabilities))
    )
    fields: dict[str, object] = {
        "protocolVersion": version,
        "capabilities": capabilities_of(features, modern=False),
        "serverInfo": implementation(features.info),
    }
    if features.info.instructions:
        fields["instructions"] = features.info.instructions
    session_id = issue(sealer, session, sub=call.context.sub, nonce=secrets.token_urlsafe(9))
    return Result((jsonrpc.members(fields),), issued_session_id=session_id)


async def _ping(_call: Call) -> Result:
    return Result()


async def _set_level(levels: LogLevels, call: Call) -> Result:
    level = jsonrpc.read_params(call.params, _Level).level
    if level not in LOG_LEVELS:
        raise RpcError(INVALID_PARAMS, f"the log level must be one of {', '.join(LOG_LEVELS)}")
    levels.set(call.session_id, level)
    return Result()


async def _agree(call: Call) -> Result:
    jsonrpc.read_params(call.params, _Uri)
    return Result()
