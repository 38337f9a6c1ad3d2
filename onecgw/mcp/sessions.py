"""Sessions of the legacy era that live in the client's own hands: sealed, never stored.

A session id carries what `initialize` agreed on, so that any process with the same key serves
the next request, and a restart ends no session.
"""

import time
from typing import Final

import msgspec

from onecgw.auth.signing import NotSealed, Sealer
from onecgw.mcp.client_info import Client
from onecgw.mcp.rpc_errors import SESSION_NOT_FOUND, RpcError

SESSION_SECONDS: Final = 30 * 24 * 3600  # as long as a refresh token may idle
PURPOSE: Final = "mcp session"


class _Sealed(msgspec.Struct, gc=False, array_like=True):
    sub: str
    expires: int
    nonce: str
    version: str
    client_name: str
    client_version: str
    capabilities: list[str]


class Session(msgspec.Struct, frozen=True, gc=False):
    """What an earlier `initialize` agreed on."""

    version: str
    client: Client


def issue(sealer: Sealer, session: Session, *, sub: str, nonce: str) -> str:
    """A session id for the caller; the nonce keeps two of its sessions apart."""
    return sealer.seal(
        _Sealed(
            sub=sub,
            expires=int(time.time()) + SESSION_SECONDS,
            nonce=nonce,
            version=session.version,
            client_name=session.client.name,
            client_version=session.client.version,
            capabilities=sorted(session.client.capabilities),
        ),
        purpose=PURPOSE,
    )


def resume(sealer: Sealer, session_id: str, *, sub: str) -> Session:
    """The session of an id.

    Raises:
        RpcError: forged, expired, or another caller's. The client should initialize again.
    """
    try:
        sealed = sealer.open(session_id, _Sealed, purpose=PURPOSE)
    except NotSealed as error:
        raise RpcError(SESSION_NOT_FOUND, "unknown session; initialize again") from error
    if sealed.sub != sub or sealed.expires < time.time():
        raise RpcError(SESSION_NOT_FOUND, "the session has ended; initialize again")
    client = Client(
        name=sealed.client_name,
        version=sealed.client_version,
        capabilities=frozenset(sealed.capabilities),
    )
    return Session(version=sealed.version, client=client)
