import time

import pytest

from onecgw.auth.signing import Signer
from onecgw.mcp import handshake as handshake_era
from onecgw.mcp.client_info import ELICITATION, ClientInfo
from onecgw.mcp.request_context import RequestContext
from onecgw.mcp.results import ToolResult
from onecgw.mcp.rpc_errors import RpcError
from tests.builders.mcp_engine import ALICE, BOB, KEY, ask, handshake, make_engine, send

HELLO = handshake(
    "initialize",
    protocolVersion="2025-06-18",
    capabilities={"elicitation": {}},
    clientInfo={"name": "Desk", "version": "3"},
)
DESK = ClientInfo(name="Desk", version="3", capabilities=frozenset({ELICITATION}))


async def test_a_session_survives_a_restart_and_another_worker() -> None:
    seen: list[ClientInfo] = []

    async def tool(_arguments: bytes, request: RequestContext) -> ToolResult:
        seen.append(request.client)
        return ToolResult(text="ok")

    session_id = (await send(make_engine(), HELLO)).session_id
    call = handshake("tools/call", name="tool")
    await ask(make_engine(tool=tool), call, session_id=session_id)
    assert seen == [DESK]


async def test_two_sessions_of_one_caller_differ() -> None:
    engine = make_engine()
    assert (await send(engine, HELLO)).session_id != (await send(engine, HELLO)).session_id


async def test_a_session_of_another_caller_or_key_is_unknown() -> None:
    session_id = (await send(make_engine(), HELLO)).session_id
    ping = handshake("ping")
    for engine, caller, sent in (
        (make_engine(), BOB, session_id),
        (make_engine(key=b"z" * 32), ALICE, session_id),
        (make_engine(), ALICE, session_id[:-1]),
        (make_engine(), ALICE, "Ø"),
        (make_engine(), ALICE, "x"),
    ):
        answer = await ask(engine, ping, session_id=sent, caller=caller)
        assert answer["error"]["code"] == -32001


async def test_initialize_does_not_mind_a_stale_session() -> None:
    assert "result" in await ask(make_engine(), HELLO, session_id="stale")


def test_a_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(KEY)
    session_id = handshake_era.issue_session(signer, DESK, sub="alice", version="2025-11-25")
    assert handshake_era.resume_session(signer, session_id, sub="alice") == DESK
    later = time.time() + handshake_era.SESSION_SECONDS + 1
    monkeypatch.setattr("onecgw.mcp.handshake.time.time", lambda: later)
    with pytest.raises(RpcError, match="has ended"):
        handshake_era.resume_session(signer, session_id, sub="alice")
